"""Which days does a cron expression name?

Everything is decided a month at a time: the days of a month that match depend only on which month it is, how long it
is, and on which weekday it begins. A set of days is an integer whose bit d stands for day d (1 to 31); a set of
weekdays one whose bit w stands for weekday w (Sunday 0 to Saturday 6). Days are counted from 1970-01-01.
"""

from datetime import date
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import NamedTuple

EVERY_DATE = 0xFFFFFFFE
EVERY_MONTH = 0x1FFE
EVERY_WEEKDAY = 0x7F

_EPOCH = date(1970, 1, 1).toordinal()
_EPOCH_WEEKDAY = 4
"""1970-01-01 was a Thursday."""
_FIRST_DAY, _LAST_DAY = date.min.toordinal() - _EPOCH, date.max.toordinal() - _EPOCH
_LENGTHS = (0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_FIVE_WEEKS = 1 | 1 << 7 | 1 << 14 | 1 << 21 | 1 << 28
_SEARCHED_YEARS = 41
"""A date meets a weekday again within 28 years, or within 40 where a century has no leap day. After that: never."""


class Specials(NamedTuple):
    """The parts of the day fields that depend on the month's length or first weekday."""

    before_last: tuple[int, ...] = ()
    """`L` is 0 days before the last, `L-3` is 3."""
    last_workday: bool = False
    """`LW`"""
    workdays: tuple[int, ...] = ()
    """`15W`: the workday (Monday to Friday) nearest to the 15th, in the same month."""
    nth: tuple[tuple[int, int], ...] = ()
    """`5#2` is (5, 2)."""
    last: tuple[int, ...] = ()
    """`5L`: the last Friday."""

    def with_(self, more: "Specials") -> "Specials":
        """These and those, each once and in order, so that equal sets are equal."""
        if more is NO_SPECIALS:
            return self
        return Specials(
            tuple(sorted({*self.before_last, *more.before_last})),
            self.last_workday or more.last_workday,
            tuple(sorted({*self.workdays, *more.workdays})),
            tuple(sorted({*self.nth, *more.nth})),
            tuple(sorted({*self.last, *more.last})),
        )


NO_SPECIALS = Specials()


class Days:
    """The days that match the month field and the two day fields: either of these, or both."""

    __slots__ = ("_cycle", "_months", "dates", "either", "every", "months", "specials", "weekdays")

    def __init__(self, months: int, dates: int, weekdays: int, specials: Specials, either: bool) -> None:
        self.months, self.dates, self.weekdays = months, dates, weekdays
        self.specials, self.either = specials, either
        all_dates, all_weekdays = dates == EVERY_DATE, weekdays == EVERY_WEEKDAY
        all_days = (all_dates or all_weekdays) if either else (all_dates and all_weekdays)
        self.every = all_days and months == EVERY_MONTH
        self._months: dict[int, int] = {}
        self._cycle: _Cycle | None = None

    @property
    def meaning(self) -> tuple[object, ...]:
        """What two equal sets of days have in common."""
        if self.every:
            return ()
        return self.months, self.dates, self.weekdays, self.specials, self.either

    def first_from(self, day: int) -> int | None:
        """The first matching day at or after `day`; None when the calendar ends first."""
        if day > _LAST_DAY:
            return None
        if day < _FIRST_DAY:
            day = _FIRST_DAY
        if self.every:
            return day
        there = date.fromordinal(day + _EPOCH)
        year, month = there.year, there.month
        first = day - there.day + 1
        days = self.in_month(year, month, first) >> there.day << there.day
        limit = min(year + _SEARCHED_YEARS, 9999)
        while not days:
            later = self.months >> month + 1 << month + 1
            if not later:
                year, later = year + 1, self.months
                if year > limit:
                    return None
            month = _lowest(later)
            first = date(year, month, 1).toordinal() - _EPOCH
            days = self.in_month(year, month, first)
        return first + _lowest(days) - 1

    def last_to(self, day: int) -> int | None:
        """The last matching day at or before `day`; None when the calendar begins after it."""
        if day < _FIRST_DAY:
            return None
        if day > _LAST_DAY:
            day = _LAST_DAY
        if self.every:
            return day
        there = date.fromordinal(day + _EPOCH)
        year, month = there.year, there.month
        first = day - there.day + 1
        days = self.in_month(year, month, first) & (2 << there.day) - 1
        limit = max(year - _SEARCHED_YEARS, 1)
        while not days:
            earlier = self.months & (1 << month) - 1
            if not earlier:
                year, earlier = year - 1, self.months
                if year < limit:
                    return None
            month = _highest(earlier)
            first = date(year, month, 1).toordinal() - _EPOCH
            days = self.in_month(year, month, first)
        return first + _highest(days) - 1

    def count_before(self, day: int) -> int:
        """How many days match before `day`, counted from a day that is the same for all calls."""
        if self.every:
            return day
        if self._cycle is None:
            self._cycle = _Cycle(self)
        return self._cycle.count_before(max(day, _FIRST_DAY))

    def in_month(self, year: int, month: int, first: int) -> int:
        """The matching days of a month that begins on day `first`, as a set."""
        if not self.months >> month & 1:
            return 0
        length = _LENGTHS[month]
        if month == 2 and year % 4 == 0 and (year % 100 or year % 400 == 0):
            length = 29
        weekday = (first + _EPOCH_WEEKDAY) % 7
        kind = length * 8 + weekday
        days = self._months.get(kind)
        if days is None:
            self._months[kind] = days = self._matching(length, weekday)
        return days

    def _matching(self, length: int, weekday: int) -> int:
        """The matching days of a month of this length that begins on this weekday."""
        # Turn the week so that it begins with the month, then lay it out five times.
        turned = (self.weekdays << 7 | self.weekdays) >> weekday & EVERY_WEEKDAY
        by_weekday = turned * _FIVE_WEEKS << 1
        by_date = self.dates
        if self.specials is not NO_SPECIALS:
            by_date |= _special_dates(self.specials, length, weekday)
            by_weekday |= _special_weekdays(self.specials, length, weekday)
        days = by_date | by_weekday if self.either else by_date & by_weekday
        return days & (2 << length) - 2


def _special_dates(specials: Specials, length: int, weekday: int) -> int:
    days = 0
    for before in specials.before_last:
        if before < length:
            days |= 1 << length - before
    workdays = specials.workdays + ((length,) if specials.last_workday else ())
    for day in workdays:
        if day > length:
            continue
        falls_on = (weekday + day - 1) % 7
        if falls_on == 6:
            day += -1 if day > 1 else 2
        elif falls_on == 0:
            day += 1 if day < length else -2
        days |= 1 << day
    return days


def _special_weekdays(specials: Specials, length: int, weekday: int) -> int:
    days = 0
    for wanted, nth in specials.nth:
        days |= 1 << 1 + (wanted - weekday) % 7 + 7 * (nth - 1)
    for wanted in specials.last:
        days |= 1 << length - (weekday + length - 1 - wanted) % 7
    return days


class _Cycle:
    """How many days match before each year of the calendar's cycle of 400 years, and before each month of a year.

    A Gregorian cycle is a whole number of weeks, so that all cycles are alike and a count over centuries is a sum.
    """

    __slots__ = ("_days", "_months", "_years", "total")

    def __init__(self, days: Days) -> None:
        self._days = days
        self._months = {kind: self._before_months(*kind) for kind in set(_kinds_of_years())}
        self._years = [0, *accumulate(self._months[kind][12] for kind in _kinds_of_years())]
        self.total = self._years[400]

    def count_before(self, day: int) -> int:
        there = date.fromordinal(min(day, _LAST_DAY) + _EPOCH)
        year, month = there.year, there.month
        cycles, in_cycle = divmod(year - 1, 400)
        in_month = self._days.in_month(year, month, day - there.day + 1) & (1 << there.day) - 1
        before_month = self._months[_kinds_of_years()[in_cycle]][month - 1]
        return cycles * self.total + self._years[in_cycle] + before_month + in_month.bit_count()

    def _before_months(self, opens: int, leap: bool) -> list[int]:
        """How many days match before each month, and before the end, in a year of this kind."""
        year = 2000 if leap else 2001
        counts, first = [0], opens
        for month in range(1, 13):
            counts.append(counts[-1] + self._days.in_month(year, month, first).bit_count())
            first += 29 if leap and month == 2 else _LENGTHS[month]
        return counts


@lru_cache(maxsize=1)
def _kinds_of_years() -> tuple[tuple[int, bool], ...]:
    """Of each year of a cycle: with which day of the week it opens (1970-01-01 is 0), and is it a leap year? There are 14 kinds."""
    opens = [date(year, 1, 1).toordinal() - _EPOCH for year in range(1, 402)]
    return tuple((first % 7, following - first == 366) for first, following in pairwise(opens))


def _lowest(bits: int) -> int:
    return (bits & -bits).bit_length() - 1


def _highest(bits: int) -> int:
    return bits.bit_length() - 1
