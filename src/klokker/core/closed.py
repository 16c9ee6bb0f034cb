"""What becomes of an occurrence that falls due while its schedule is closed.

A schedule is closed within the windows of the calendar that its policy names. Unlike `except calendar …`, with which the
occurrence would never have existed, a closing is answered for: the occurrence is dismissed, or waits.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from klokker.core.fields import Unfit, shown
from klokker.core.timetables.places import NAME


class WhenClosed(StrEnum):
    """The three answers to a closing."""

    SKIP = "skip"
    """What falls due within it is dismissed as closed."""
    WAIT = "wait"
    """What falls due within it stays undecided until it ends, counts as missed then, and catch-up decides."""
    RUN_ANYWAY = "run anyway"
    """It changes nothing."""


_TEXT = re.compile(rf"(skip|wait|run anyway) (?:during|in) (?:calendar )?({NAME.pattern})")


@dataclass(frozen=True, slots=True)
class Closed:
    """`then` is what happens within the windows of `calendar`. As text: "skip during nl-holidays"."""

    calendar: str
    then: WhenClosed

    @classmethod
    def read(cls, value: object) -> "Closed":
        """Read the text of a policy for closings. Raises Unfit."""
        words = value.split() if isinstance(value, str) else []
        match = _TEXT.fullmatch(" ".join([*(word.lower() for word in words[:-1]), *words[-1:]]))
        if match is None:
            raise Unfit(
                "must be skip, wait or run anyway, with the name of a calendar, as in "
                f'"wait during maintenance", got {shown(value)}'
            )
        return cls(match[2], WhenClosed(match[1]))

    def __str__(self) -> str:
        return f"{self.then} during {self.calendar}"
