"""Which missed occurrences to keep.

An occurrence is missed when the tick that decides it comes later than its grace allows. Catch-up looks at all that one
tick decides for a timer; overlap then judges what catch-up kept.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

from klokker.core.duration import duration_text
from klokker.core.errors import InvalidPolicy
from klokker.core.fields import LONGEST, Unfit, length, shown
from klokker.core.lifecycle import DismissalReason
from klokker.core.timetables.contract import Timetable


class CatchUpKind(StrEnum):
    """The four answers to missed occurrences."""

    LATEST = "latest"
    """Missed ones give way to the newest occurrence that is kept; if that is missed too, it runs."""
    ALL = "all"
    """The newest N of them run, oldest first."""
    NONE = "none"
    """None of them runs."""
    WITHIN = "within"
    """As latest for those no older than a span; older ones do not run."""


class Stretch(NamedTuple):
    """What becomes of the occurrences after the second `after`, up to and with `until`: kept (`reason` None), or dismissed."""

    after: int
    until: int
    reason: DismissalReason | None = None


_ALL = re.compile(r"all\s+([0-9]{1,9})")
_WITHIN = re.compile(r"within\s+(.+)")


@dataclass(frozen=True, slots=True)
class CatchUp:
    """`latest`; `all`, of which the newest `newest`; `none`; or `within` the span `span`.

    As text: "latest", "all" (the newest 100), "all 50", "none", "within 2h".
    """

    kind: CatchUpKind = CatchUpKind.LATEST
    newest: int = 100
    span: timedelta | None = None

    def __post_init__(self) -> None:
        within = self.kind is CatchUpKind.WITHIN
        InvalidPolicy.collect(
            self,
            (self.newest >= 1, "newest", "must be at least 1; to run none of them, write none"),
            (not within or self.span is not None, "span", "must be stated with within, as in within 2h"),
            (within or self.span is None, "span", "goes with within only"),
            (
                self.span is None or timedelta(0) < self.span <= LONGEST,
                "span",
                "must be positive, at most a thousand years",
            ),
        )

    @classmethod
    def read(cls, value: object) -> "CatchUp":
        """Read the text of a catch-up. Raises Unfit, InvalidPolicy."""
        words = " ".join(value.lower().split()) if isinstance(value, str) else ""
        if words in ("latest", "all", "none"):
            return cls(CatchUpKind(words))
        if numbered := _ALL.fullmatch(words):
            return cls(CatchUpKind.ALL, newest=int(numbered[1]))
        if within := _WITHIN.fullmatch(words):
            return cls(CatchUpKind.WITHIN, span=length(within[1]))
        raise Unfit(f"must be latest, all, all N, none or within SPAN, got {shown(value)}")

    def __str__(self) -> str:
        if self.kind is CatchUpKind.ALL and self.newest != 100:
            return f"all {self.newest}"
        if self.span is not None:
            return f"within {duration_text(self.span)}"
        return self.kind.value

    def stretches(
        self, timetable: Timetable, after: int, until: int, *, oldest: int, newer_kept: bool, newer_missed: int
    ) -> list[Stretch]:
        """What becomes of the missed occurrences in (after, until], newest first; at least one is there.

        `oldest`: the second from which `within` keeps. `newer_kept`: something newer is kept, to which these may give
        way. `newer_missed`: how many newer ones are missed too, which count towards N.
        """
        match self.kind:
            case CatchUpKind.NONE:
                return [Stretch(after, until, DismissalReason.MISSED)]
            case CatchUpKind.ALL:
                keep = newest(timetable, after, until, self.newest - newer_missed)
                border = keep[-1] - 1 if keep else until
                return [Stretch(border, until), Stretch(after, border, DismissalReason.MISSED)]
            case CatchUpKind.LATEST:
                return _latest(timetable, after, until, newer_kept)
            case CatchUpKind.WITHIN:
                border = min(max(oldest - 1, after), until)
                young = _latest(timetable, border, until, newer_kept)
                return [*young, Stretch(after, border, DismissalReason.MISSED)]


def _latest(timetable: Timetable, after: int, until: int, newer_kept: bool) -> list[Stretch]:
    keep = [] if newer_kept else newest(timetable, after, until, 1)
    border = keep[0] - 1 if keep else until
    return [Stretch(border, until), Stretch(after, border, DismissalReason.SUPERSEDED)]


def newest(timetable: Timetable, after: int, until: int, most: int) -> list[int]:
    """The newest occurrences in (after, until], at most `most` of them, newest first."""
    found: list[int] = []
    while len(found) < most and (second := timetable.second_at_or_before(until)) is not None and second > after:
        found.append(second)
        until = second - 1
    return found
