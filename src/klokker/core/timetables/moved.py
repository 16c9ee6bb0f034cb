"""Which moments does other time zone data move? Offsets that differ first, and only there the occurrences of a timetable."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from operator import attrgetter

from klokker.core.moments import DAY, Window, from_epoch
from klokker.core.timetables.contract import Timetable
from klokker.core.timetables.zones import WallClock

Offsets = Sequence[tuple[int, int]]
"""A zone's offsets to UTC over a stretch of time: (from this second on, so many seconds ahead), oldest first."""

MOST = 1000
"""So many occurrences of a timetable are compared in each stretch; what a timetable of minutes does shows long before."""


def offsets(clock: WallClock, after: int, until: int) -> Offsets:
    """The offsets of a zone from `after` to `until`."""
    return [(after, clock.offset_at(after)), *((at, now) for at, _, now in clock.changes(after, until))]


def differing(before: Offsets, after: Offsets, until: int) -> list[Window]:
    """Where two readings of a zone disagree; a day more on each side, for what happens at a change itself."""
    borders = sorted({at for at, _ in (*before, *after)} | {until})
    windows: list[tuple[int, int]] = []
    for begins, ends in pairwise(borders):
        if _at(before, begins) == _at(after, begins):
            continue
        if windows and windows[-1][1] >= begins - 2 * DAY:
            windows[-1] = (windows[-1][0], ends)
        else:
            windows.append((begins, ends))
    return [Window(from_epoch(begins - DAY), from_epoch(min(ends + DAY, until))) for begins, ends in windows]


def together(apart: Iterable[Sequence[Window]]) -> list[Window]:
    """The windows of several zones, those that overlap as one."""
    joined: list[Window] = []
    for window in sorted((each for windows in apart for each in windows), key=attrgetter("after")):
        if joined and window.after <= joined[-1].until:
            joined[-1] = Window(joined[-1].after, max(joined[-1].until, window.until))
        else:
            joined.append(window)
    return joined


def _at(offsets: Offsets, second: int) -> int:
    return next(offset for at, offset in reversed(offsets) if at <= second)


@dataclass(frozen=True, slots=True)
class Moves:
    """What other data does to a timetable: moments that are there under the one data only, and under the other only."""

    gone: tuple[datetime, ...]
    new: tuple[datetime, ...]

    def __bool__(self) -> bool:
        return bool(self.gone or self.new)


def occurrences(timetable: Timetable, windows: Iterable[Window]) -> tuple[datetime, ...]:
    """What a timetable yields in these windows, `MOST` in each at the most."""
    return tuple(
        moment
        for window in windows
        for moment, _ in zip(timetable.between(window.after, window.until), range(MOST), strict=False)
    )


def moves(before: Sequence[datetime], after: Sequence[datetime]) -> Moves:
    """Compare what a timetable yielded under two readings of its zone.

    Where both were cut off at `MOST`, only what lies before the earlier end is compared.
    """
    ends = min((each[-1] for each in (before, after) if len(each) >= MOST), default=None)
    old, new = ({each for each in some if ends is None or each <= ends} for some in (before, after))
    return Moves(tuple(sorted(old - new)), tuple(sorted(new - old)))
