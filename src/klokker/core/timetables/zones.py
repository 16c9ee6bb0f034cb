"""What do clocks show in a zone, and what becomes of wall-clock times that are skipped or repeated?

The wall clock of a zone is a row of pieces, each with one offset to UTC. Where a change skips wall-clock times (a gap)
or repeats them (a fold), the choices of a schedule decide what is left of them:

    gap   shift    skipped times happen at the first moment after the gap, together and once
          skip     they do not happen
    fold  first    repeated times happen in the first of the two passes
          second   in the second
          both     in both

The choices are worked into the pieces, once; whoever walks them forward, backward or counts sees the same moments.
"""

import re
import struct
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from klokker.core.errors import InvalidTimetable
from klokker.core.moments import DAY, FIRST_SECOND, LAST_SECOND, utc
from klokker.core.spelling import near

Gap: TypeAlias = Literal["shift", "skip"]
"""What becomes of times that a clock change skips."""
Fold: TypeAlias = Literal["first", "second", "both"]
"""Which of the two passes counts, when a clock change repeats times."""


class Piece(NamedTuple):
    """A stretch of a zone's time with one offset. Seconds since 1970, UTC; `reach` in wall-clock seconds.

    A wall-clock time `wall` with `reach <= wall < end + offset` happens in this piece, at `max(wall - offset, start)`:
    times from `reach` up to the piece's own first one were skipped and come at its start.
    From `end` until the next piece at `until`, nothing happens: that pass of a fold was not chosen.
    """

    start: int
    end: int
    until: int
    offset: int
    reach: int


_BLOCK = 25
"""Pieces are surveyed in blocks of 2**25 seconds (388 days), so that nobody pays for years that nobody asks about."""
_STRIDE = 3 * DAY
"""In all of tzdata, no two changes of offset lie closer: 7 days in Gaza, 4 in Freetown 1939 (see test_zones.py)."""
_WIDEST = DAY
"""No change moves the clocks by more than a day (Manila 1844, Alaska 1867, Apia 2011)."""


class WallClock:
    """The wall clock of one zone, under one choice of gap and fold."""

    __slots__ = ("_blocks", "_eternal", "_info", "fold", "gap", "zone")

    def __init__(self, zone: ZoneInfo, gap: Gap, fold: Fold) -> None:
        self.zone, self.gap, self.fold = zone.key, gap, fold
        self._info = zone
        self._blocks: dict[int, list[Piece]] = {}
        self._eternal: Piece | None = None
        if (fixed := zone.utcoffset(None)) is not None:
            offset = _seconds(fixed)
            start = FIRST_SECOND - _WIDEST
            self._eternal = Piece(start, LAST_SECOND + 1, LAST_SECOND + 1, offset, start + offset)

    def piece_at(self, second: int) -> Piece:
        """The piece in which this second (since 1970) lies."""
        if self._eternal is not None:
            return self._eternal
        pieces = self._blocks.get(second >> _BLOCK) or self._survey(second >> _BLOCK)
        for piece in pieces:
            if second < piece.until:
                return piece
        return pieces[-1]

    def happenings(self, wall: int) -> list[int]:
        """The seconds since 1970 at which the clocks show `wall` (seconds too): none, one or two, by gap and fold."""
        if self._eternal is not None:
            return [wall - self._eternal.offset]
        # No offset is as wide as a day, and no two changes are as close as two.
        before, after = self.offset_at(wall - DAY), self.offset_at(wall + DAY)
        if before == after:
            return [wall - before]
        change = self._first_with(after, wall - DAY, wall + DAY)
        passes = [wall - before] if wall - before < change else []
        if wall - after >= change:
            passes.append(wall - after)
        if not passes:
            return [change] if self.gap == "shift" else []
        return {"first": passes[:1], "second": passes[-1:], "both": passes}[self.fold]

    def offset_at(self, second: int) -> int:
        """How far the clocks are ahead of UTC, in seconds."""
        # At the calendar's ends a datetime cannot show the local side; no zone changes there.
        second = min(max(second, FIRST_SECOND + 2 * DAY), LAST_SECOND - 2 * DAY)
        return _seconds(datetime.fromtimestamp(second, self._info).utcoffset())

    def changes(self, after: int, until: int) -> list[tuple[int, int, int]]:
        """The changes of offset in (after, until]: (first second of the new offset, offset before, offset after)."""
        found = []
        left, before = after, self.offset_at(after)
        while left < until:
            right = min(left + _STRIDE, until)
            now = self.offset_at(right)
            if now != before:
                found.append((self._first_with(now, left, right), before, now))
            left, before = right, now
        return found

    def _first_with(self, offset: int, left: int, right: int) -> int:
        """The first second with the new offset, which does not hold at `left` and does at `right`."""
        while right - left > 1:
            middle = (left + right) // 2
            if self.offset_at(middle) == offset:
                right = middle
            else:
                left = middle
        return right

    def _survey(self, block: int) -> list[Piece]:
        """Find the pieces of a block and keep them. A piece that crosses the block's border is cut there."""
        opens, closes = block << _BLOCK, (block + 1) << _BLOCK
        # A fold that began up to a day before the block reaches into it, and one just after it reaches back.
        first, last = opens - 2 * _WIDEST, closes + 2 * _WIDEST
        pieces: list[Piece] = []
        start, offset = first, self.offset_at(first)
        reach = start + offset
        for change, before, after in self.changes(first, last):
            repeated = max(before - after, 0)
            end = change - repeated if self.fold == "second" else change
            next_start = change + repeated if self.fold == "first" else change
            pieces.append(Piece(start, end, next_start, offset, reach))
            start, offset = next_start, after
            reach = change + before if after > before and self.gap == "shift" else start + offset
        pieces.append(Piece(start, last, last, offset, reach))
        self._blocks[block] = cut = [_cut(p, opens, closes) for p in pieces if p.start < closes and p.until > opens]
        return cut


def _cut(piece: Piece, opens: int, closes: int) -> Piece:
    start, reach = piece.start, piece.reach
    if start < opens:
        start, reach = opens, opens + piece.offset
    return Piece(start, max(start, min(piece.end, closes)), min(piece.until, closes), piece.offset, reach)


_ZONE_NAME = re.compile(r"[A-Za-z0-9_+-]{1,40}(?:/[A-Za-z0-9_+-]{1,40}){0,3}")
_NOT_A_PLACE = re.compile(r"(?:posix|right)/|(?:localtime|posixrules)$")


@lru_cache(maxsize=4096)
def wall_clock(zone: str, gap: Gap = "shift", fold: Fold = "first") -> WallClock:
    """The wall clock of the zone with this IANA name. Raises InvalidTimetable for a name that is none.

    By default it shows moments as people write them: one in a gap means the gap's end, one in a fold the first pass.
    """
    if not _ZONE_NAME.fullmatch(zone) or _NOT_A_PLACE.match(zone):
        raise _no_such_zone(zone)
    try:
        return WallClock(ZoneInfo(zone), gap, fold)
    except (ZoneInfoNotFoundError, ValueError, OSError, struct.error) as error:
        # A folder ("Europe"), a file that is no zone ("zone.tab") or half of one raises what the file system or the reader says.
        raise _no_such_zone(zone) from error


def on_the_clocks_of(zone: str, moment: datetime) -> datetime:
    """The same moment on the clocks of this zone; in UTC, where they would show a year before 1 or after 9999."""
    try:
        return moment.astimezone(ZoneInfo(zone))
    except OverflowError:
        return utc(moment)


def forget_zones() -> None:
    """Read zones anew when they are asked for: the data has changed under this process."""
    ZoneInfo.clear_cache()
    wall_clock.cache_clear()
    _zones.cache_clear()


def _no_such_zone(zone: str) -> InvalidTimetable:
    # There are so many that the second nearest is seldom meant.
    meant = [f"did you mean {name}?" for name in near(zone, _zones())[:1]]
    write = "write an IANA name such as Europe/Amsterdam, or UTC"
    return InvalidTimetable(f"not in the time zone data; {(meant or [write])[0]}", field="zone", value=zone)


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    """The names of all zones; it takes a walk through the data, so only a slip asks for it."""
    return frozenset(zone for zone in available_timezones() if not _NOT_A_PLACE.match(zone))


def _seconds(offset: timedelta | None) -> int:
    # A zone always knows its offset; that of a fixed one alone may be asked without a moment.
    assert offset is not None
    return offset.days * DAY + offset.seconds
