"""Which days and hours does a calendar name? What stands behind `calendar NAME` after `except` or `only`.

It has parts, each of which names some windows; a moment is in the calendar when it is in one of them, and in none of
its exceptions, which are alike. Windows are from
their start up to, and without, their end, on the clocks of the part's own zone or, if it has none, of the schedule's.
Wall-clock times are seconds, days are counted from 1970-01-01. `calendar_text` reads calendars, `masks` asks them.
"""

from abc import ABC, abstractmethod
from bisect import bisect_right
from calendar import isleap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from operator import itemgetter
from typing import ClassVar, NamedTuple
from warnings import catch_warnings, simplefilter

from klokker.core.moments import DAY, epoch_second
from klokker.core.timetables.contract import Timetable

_EPOCH = date(1970, 1, 1).toordinal()
FAR = 10**13
"""Wall-clock seconds beyond every calendar."""


class WallStretch(NamedTuple):
    """The wall-clock seconds from `opens` up to and without `closes`, all in a calendar or none."""

    opens: int
    closes: int
    covered: bool


class Windows(ABC):
    """Some windows on the clock on the wall."""

    __slots__ = ()

    @abstractmethod
    def stretch(self, wall: int) -> WallStretch:
        """A stretch around a wall-clock second, all in a window or all in none; a longer one may be."""


class _Days(Windows):
    """Whole days, known year by year, of the years from `FIRST` to `LAST`."""

    __slots__ = ()

    FIRST: ClassVar[int] = 1
    LAST: ClassVar[int] = 9999

    @abstractmethod
    def days_of(self, year: int) -> Sequence[int]:
        """The days of a year, counted from 1970-01-01, in order."""

    def stretch(self, wall: int) -> WallStretch:
        day = wall // DAY
        year = min(max(_year_of(day), self.FIRST), self.LAST)
        first, last = max(year - 1, self.FIRST), min(year + 1, self.LAST)
        around = [day for each in range(first, last + 1) for day in self.days_of(each)]
        place = bisect_right(around, day)
        if place and around[place - 1] == day:
            return WallStretch(day * DAY, (day + 1) * DAY, True)
        opens = -FAR if first == self.FIRST else midnight(first, 1, 1)
        closes = FAR if last == self.LAST else midnight(last + 1, 1, 1)
        if place:
            opens = (around[place - 1] + 1) * DAY
        if place < len(around):
            closes = around[place] * DAY
        return WallStretch(opens, closes, False)


@dataclass(frozen=True, slots=True)
class Holidays(_Days):
    """The public holidays of a country (ISO 3166-1), or of a part of it (as `holidays` names it)."""

    FIRST = 1900
    LAST = 2100

    country: str
    part: str | None = None

    def days_of(self, year: int) -> Sequence[int]:
        return _holidays(self.country, self.part, year)


@dataclass(frozen=True, slots=True)
class Dates(_Days):
    """The days from (month, day) to (month, day) of each year, over its end too. 29 February is there in leap years."""

    first: tuple[int, int]
    last: tuple[int, int]

    def days_of(self, year: int) -> Sequence[int]:
        opens, closes = midnight(year, 1, 1) // DAY, midnight(year, 12, 31) // DAY
        first, last = _from(year, *self.first), _up_to(year, *self.last)
        return (
            range(first, last + 1) if self.first <= self.last else [*range(opens, last + 1), *range(first, closes + 1)]
        )


@dataclass(frozen=True, slots=True)
class Hours(Windows):
    """From one second of the day to another one, which may lie on the next day, on some weekdays (Monday is 0)."""

    weekdays: frozenset[int]
    begins: int
    ends: int

    def stretch(self, wall: int) -> WallStretch:
        day = wall // DAY
        # A window that began yesterday may last until today.
        windows = [
            (each * DAY + self.begins, each * DAY + self.ends)
            for each in range(day - 8, day + 9)
            if (each + 3) % 7 in self.weekdays
        ]
        for begins, ends in windows:
            if begins <= wall < ends:
                return WallStretch(begins, ends, True)
        # There is one in each span of seven days, before and after.
        return WallStretch(
            max(ends for _, ends in windows if ends <= wall),
            min(begins for begins, _ in windows if begins > wall),
            False,
        )


@dataclass(frozen=True, slots=True)
class Spans(Windows):
    """So many seconds from each moment of a timetable that is read as if the clock on the wall showed UTC."""

    starts: Timetable
    length: int

    def stretch(self, wall: int) -> WallStretch:
        last, following = self.starts.second_at_or_before(wall), self.starts.second_after(wall)
        if last is not None and wall < last + self.length:
            # Beyond the next start that window goes on.
            return WallStretch(last, min(last + self.length, FAR if following is None else following), True)
        return WallStretch(-FAR if last is None else last + self.length, FAR if following is None else following, False)


@dataclass(frozen=True, slots=True)
class Listed(Windows):
    """Windows that are listed one by one: the wall-clock seconds (from, up to), in order, none touching another."""

    windows: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, windows: Iterable[tuple[int, int]]) -> "Listed":
        """These windows, in any order; those that touch or overlap become one."""
        joined: list[tuple[int, int]] = []
        for opens, closes in sorted(windows):
            if joined and opens <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(closes, joined[-1][1]))
            else:
                joined.append((opens, closes))
        return cls(tuple(joined))

    def stretch(self, wall: int) -> WallStretch:
        place = bisect_right(self.windows, wall, key=itemgetter(0))
        if place and wall < self.windows[place - 1][1]:
            return WallStretch(*self.windows[place - 1], True)
        opens = self.windows[place - 1][1] if place else -FAR
        return WallStretch(opens, self.windows[place][0] if place < len(self.windows) else FAR, False)


class Part(NamedTuple):
    """Windows on the clocks of one zone; None: those of the schedule's."""

    windows: Windows
    zone: str | None


@dataclass(frozen=True, slots=True)
class Calendar:
    """What is in any of its parts, but in none of its exceptions."""

    parts: tuple[Part, ...]
    exceptions: tuple[Part, ...] = ()

    @classmethod
    def of(cls, parts: Iterable[Part], exceptions: Iterable[Part] = ()) -> "Calendar":
        """The calendar of these; the listed windows of a zone become one part, which is searched at once."""
        return cls(_gathered(parts), _gathered(exceptions))


def _gathered(parts: Iterable[Part]) -> tuple[Part, ...]:
    others: list[Part] = []
    listed: dict[str | None, list[tuple[int, int]]] = {}
    for part in parts:
        if isinstance(part.windows, Listed):
            listed.setdefault(part.zone, []).extend(part.windows.windows)
        else:
            others.append(part)
    return (*others, *(Part(Listed.of(windows), zone) for zone, windows in listed.items()))


def wall_second(moment: datetime) -> int:
    """What the clock shows, as seconds: of an aware moment, in UTC."""
    return epoch_second(moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment)


def midnight(year: int, month: int, day: int) -> int:
    """The wall-clock second at which a day begins."""
    return (date(year, month, day).toordinal() - _EPOCH) * DAY


def _from(year: int, month: int, day: int) -> int:
    """The first day at or after a date of the year: in a common year, 1 March for 29 February."""
    return (
        midnight(year, 3, 1) // DAY
        if (month, day) == (2, 29) and not isleap(year)
        else midnight(year, month, day) // DAY
    )


def _up_to(year: int, month: int, day: int) -> int:
    """The last day at or before a date of the year: in a common year, 28 February for 29 February."""
    return (
        midnight(year, 2, 28) // DAY
        if (month, day) == (2, 29) and not isleap(year)
        else midnight(year, month, day) // DAY
    )


def _year_of(day: int) -> int:
    return date.fromordinal(min(max(day + _EPOCH, 1), date.max.toordinal())).year


@lru_cache(maxsize=4096)
def _holidays(country: str, part: str | None, year: int) -> Sequence[int]:
    import holidays  # the extra `holidays`

    # It warns of years of which it knows some of the days only; what it knows is what there is.
    with catch_warnings():
        simplefilter("ignore")
        return sorted(day.toordinal() - _EPOCH for day in holidays.country_holidays(country, subdiv=part, years=year))
