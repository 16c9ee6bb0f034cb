"""Which wall-clock times does a recurrence rule name?

A rule is laid out period by period: a year, a month, a week, or a day for all that is finer. A period has days, and
each of its days has times; which of the periods count, the interval says. So any period can be laid out without those
before it, and a search goes either way. Which days the weeks and numbers of a year name, python-dateutil says; the rest is
arithmetic. Wall-clock times are seconds, days are counted from 1970-01-01.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import product
from typing import NamedTuple

from klokker.core.errors import TooSparse
from klokker.core.moments import DAY
from klokker.core.timetables.budget import Budget
from klokker.core.timetables.recurrence_months import days_of_month, told_by_months
from klokker.core.timetables.recurrence_rule import Rule

_EPOCH = date(1970, 1, 1).toordinal()
_FIRST_DAY, _LAST_DAY = date.min.toordinal() - _EPOCH, date.max.toordinal() - _EPOCH
_KEPT = 512
"""So many periods of one rule are kept; then all are laid out anew."""
_TIMES_A_STEP = 16
"""So many times of a day are looked through in one step of a budget."""
_UNITS = {"HOURLY": 3600, "MINUTELY": 60, "SECONDLY": 1}


class Reached(NamedTuple):
    """A wall-clock time: that of the number sought if `there`, else one up to which the number is not reached."""

    wall: int
    there: bool


class Periods:
    """The wall-clock times of a rule that begins at the wall-clock time `start`; EXDATE, UNTIL and COUNT apart."""

    __slots__ = (
        "_by_months",
        "_cost",
        "_cost_of_times",
        "_first",
        "_laid_out",
        "_named",
        "_rule",
        "_start",
        "_times",
        "_unit",
    )

    def __init__(self, rule: Rule, start: int) -> None:
        self._rule = rule = _completed(rule, start)
        self._start = start
        self._by_months = told_by_months(rule)
        self._unit = _UNITS.get(rule.freq)
        self._times: Sequence[int] = () if self._unit else _times(rule.hours, rule.minutes, rule.seconds)
        self._first = self._period_of(start // DAY)
        self._named = _named_units(rule, self._unit) if self._unit else None
        """The hours, minutes or seconds of a day that a rule of these names, as seconds; None where it names none."""
        self._cost = 20 if rule.freq in ("YEARLY", "MONTHLY") else 1
        self._cost_of_times = len(self._named or ()) // _TIMES_A_STEP
        self._laid_out: dict[int, tuple[Sequence[int], Sequence[int]]] = {}

    def first_from(self, wall: int, budget: Budget) -> int | None:
        """The first time at or after `wall`; None when the calendar ends first. Raises TooSparse."""
        wall = max(wall, self._start)
        period: int | None = self._counting_to(min(wall // DAY, _LAST_DAY))
        while period is not None:
            days, times = self._lay_out(period, budget)
            if (found := self._first_in(days, times, wall)) is not None:
                return found
            period = self._following(period)
        return None

    def last_to(self, wall: int, budget: Budget) -> int | None:
        """The last time at or before `wall`; None when the rule begins after it. Raises TooSparse."""
        if wall < self._start:
            return None
        period = self._counting_to(min(wall // DAY, _LAST_DAY))
        while period >= self._first:
            days, times = self._lay_out(period, budget)
            found = self._last_in(days, times, wall)
            if found is not None:
                return found if found >= self._start else None
            period = self._preceding(period)
        return None

    def nth(self, number: int, budget: Budget) -> "Reached":
        """How far one gets who tells off this number of times, from 1 on, until the budget is spent."""
        period: int | None = self._first
        try:
            while period is not None:
                inside = self._listed(period, budget) if period == self._first else None
                size = len(inside) if inside is not None else self._size(period, budget)
                if number <= size:
                    return Reached((inside if inside is not None else self._listed(period, budget))[number - 1], True)
                number -= size
                period = self._following(period)
        except TooSparse:
            assert period is not None
            return Reached(self._opens(period) * DAY - 1, False)
        # Where the calendar ends before, every time counts.
        return Reached((_LAST_DAY + 2) * DAY, True)

    # periods

    def _period_of(self, day: int) -> int:
        """The number of the period in which a day lies."""
        if self._rule.freq == "YEARLY":
            return date.fromordinal(day + _EPOCH).year
        if self._rule.freq == "MONTHLY":
            there = date.fromordinal(day + _EPOCH)
            return there.year * 12 + there.month - 1
        if self._rule.freq == "WEEKLY":
            # 1970-01-01 was a Thursday, weekday 3.
            return (day + 3 - self._rule.wkst) // 7
        return day

    def _counting_to(self, day: int) -> int:
        """The last period that counts and begins at or before a day."""
        period = self._period_of(day)
        return period if self._unit else period - (period - self._first) % self._rule.interval

    def _following(self, period: int) -> int | None:
        following = period + (1 if self._unit else self._rule.interval)
        if self._unit and (phase := self._phase(following)) * self._unit >= DAY:
            following += phase * self._unit // DAY
        return None if self._opens(following) > _LAST_DAY else following

    def _preceding(self, period: int) -> int:
        if self._unit is None:
            return period - self._rule.interval
        # The last unit that counts before the period, in units since 1970.
        before = period * DAY // self._unit - 1
        counts = before - (before - self._start // self._unit) % self._rule.interval
        return counts * self._unit // DAY

    def _opens(self, period: int) -> int:
        """A day at or before the first one of the period, and after the one before."""
        if self._rule.freq == "YEARLY":
            return _LAST_DAY + 1 if period > 9999 else date(period, 1, 1).toordinal() - _EPOCH
        if self._rule.freq == "MONTHLY":
            return _LAST_DAY + 1 if period >= 120_000 else date(period // 12, period % 12 + 1, 1).toordinal() - _EPOCH
        return period * 7 - 3 + self._rule.wkst if self._rule.freq == "WEEKLY" else period

    def _phase(self, day: int) -> int:
        """How many units (hours, minutes, seconds) of this day pass before the first one that counts."""
        assert self._unit is not None
        return (self._start // self._unit - day * (DAY // self._unit)) % self._rule.interval

    # what is in a period

    def _lay_out(self, period: int, budget: Budget) -> tuple[Sequence[int], Sequence[int]]:
        """Its days, and the times of each."""
        # What is kept from an earlier question costs the same: whether one is answered does not hang on those before it.
        budget.spend(self._cost)
        found = self._laid_out.get(period)
        if found is None:
            if len(self._laid_out) >= _KEPT:
                self._laid_out.clear()
            days = self._days_of(period)
            found = self._laid_out[period] = days, self._times_of(period) if days else ()
        if found[0]:
            budget.spend(self._cost_of_times)
        return found

    def _days_of(self, period: int) -> Sequence[int]:
        if self._rule.freq in ("YEARLY", "MONTHLY"):
            if not self._by_months:
                return _days_by_dateutil(self._rule, period)
            if self._rule.freq == "MONTHLY":
                return days_of_month(self._rule, period // 12, period % 12 + 1)
            months = sorted(self._rule.months) or range(1, 13)
            return [day for month in months for day in days_of_month(self._rule, period, month)]
        opens = self._opens(period)
        days = range(opens, opens + 7) if self._rule.freq == "WEEKLY" else (opens,)
        return [day for day in days if _FIRST_DAY <= day <= _LAST_DAY and self._fits(date.fromordinal(day + _EPOCH))]

    def _times_of(self, day: int) -> Sequence[int]:
        """The seconds of the day: those of the rule or, for what is finer than a day, those that its interval meets."""
        if self._unit is None:
            return self._times
        rule, unit, phase = self._rule, self._unit, self._phase(day)
        minutes, seconds = rule.minutes if unit == 3600 else (0,), rule.seconds if unit > 1 else (0,)
        inner = _picked(_times((0,), minutes, seconds), rule.positions)
        if self._named is not None:
            fitting: Iterable[int] = (time for time in self._named if (time // unit - phase) % rule.interval == 0)
        elif len(inner) == 1:
            return range(phase * unit + inner[0], DAY, rule.interval * unit)
        else:
            fitting = range(phase * unit, DAY, rule.interval * unit)
        return [begins + time for begins in fitting for time in inner]

    def _fits(self, day: date) -> bool:
        """Whether a day is one that a rule of weeks, days or less may name."""
        rule = self._rule
        if rule.months and day.month not in rule.months:
            return False
        if rule.weekdays and (day.weekday(), 0) not in rule.weekdays:
            return False
        if rule.monthdays:
            after = date(day.year + day.month // 12, day.month % 12 + 1, 1) if day < date(9999, 12, 1) else None
            left = (after - day).days if after else 32 - day.day
            if day.day not in rule.monthdays and -left not in rule.monthdays:
                return False
        if rule.yeardays:
            number = day.timetuple().tm_yday
            left = date(day.year, 12, 31).timetuple().tm_yday - number + 1
            if number not in rule.yeardays and -left not in rule.yeardays:
                return False
        return True

    def _positions(self, days: Sequence[int], times: Sequence[int]) -> list[int] | None:
        """The places that BYSETPOS picks among all times of the period, in order; None where it picks nothing out."""
        if not self._rule.positions or self._unit is not None:
            return None
        return _places(len(days) * len(times), self._rule.positions)

    def _first_in(self, days: Sequence[int], times: Sequence[int], wall: int) -> int | None:
        places = self._positions(days, times)
        if places is not None:
            return next((time for place in places if (time := _at(days, times, place)) >= wall), None)
        day, second = divmod(wall, DAY)
        place = bisect_left(days, day)
        if place < len(days) and days[place] == day and (later := bisect_left(times, second)) < len(times):
            return day * DAY + times[later]
        place = bisect_right(days, day)
        return days[place] * DAY + times[0] if place < len(days) and times else None

    def _last_in(self, days: Sequence[int], times: Sequence[int], wall: int) -> int | None:
        places = self._positions(days, times)
        if places is not None:
            return next((time for place in reversed(places) if (time := _at(days, times, place)) <= wall), None)
        day, second = divmod(wall, DAY)
        place = bisect_left(days, day)
        if place < len(days) and days[place] == day and (earlier := bisect_right(times, second)):
            return day * DAY + times[earlier - 1]
        return days[place - 1] * DAY + times[-1] if place and times else None

    def _size(self, period: int, budget: Budget) -> int:
        days, times = self._lay_out(period, budget)
        places = self._positions(days, times)
        return len(days) * len(times) if places is None else len(places)

    def _listed(self, period: int, budget: Budget) -> list[int]:
        """All times of a period from the start of the rule on."""
        days, times = self._lay_out(period, budget)
        places = self._positions(days, times)
        every: Iterable[int] = (
            (day * DAY + time for day in days for time in times)
            if places is None
            else (_at(days, times, place) for place in places)
        )
        return [time for time in every if time >= self._start]


def _completed(rule: Rule, start: int) -> Rule:
    """With what a rule leaves to its start: the date, the weekday, the time (RFC 5545, 3.3.10)."""
    begins = date.fromordinal(start // DAY + _EPOCH)
    hour, minute, second = start % DAY // 3600, start // 60 % 60, start % 60
    names_days = rule.weekdays or rule.monthdays or rule.yeardays
    if rule.freq == "YEARLY" and not names_days:
        if rule.weeks:
            rule = replace(rule, weekdays=((begins.weekday(), 0),))
        else:
            rule = replace(rule, months=rule.months or (begins.month,), monthdays=(begins.day,))
    elif rule.freq == "MONTHLY" and not names_days:
        rule = replace(rule, monthdays=(begins.day,))
    elif rule.freq == "WEEKLY" and not names_days:
        rule = replace(rule, weekdays=((begins.weekday(), 0),))
    unit = _UNITS.get(rule.freq, DAY)
    return replace(
        rule,
        hours=rule.hours or ((hour,) if unit > 3600 else ()),
        minutes=rule.minutes or ((minute,) if unit > 60 else ()),
        seconds=rule.seconds or ((second,) if unit > 1 else ()),
    )


def _times(hours: Sequence[int], minutes: Sequence[int], seconds: Sequence[int]) -> Sequence[int]:
    return [hour * 3600 + minute * 60 + second for hour, minute, second in product(hours, minutes, seconds)]


def _named_units(rule: Rule, unit: int) -> Sequence[int] | None:
    hours, minutes, seconds = rule.hours, rule.minutes if unit < 3600 else (), rule.seconds if unit == 1 else ()
    if not (hours or minutes or seconds):
        return None
    finer_minutes, finer_seconds = range(60) if unit < 3600 else (0,), range(60) if unit == 1 else (0,)
    return _times(hours or range(24), minutes or finer_minutes, seconds or finer_seconds)


def _places(size: int, positions: Sequence[int]) -> list[int]:
    """Where these positions lie among so many: 1 is the first, -1 the last."""
    places = {position - 1 if position > 0 else size + position for position in positions}
    return sorted(place for place in places if 0 <= place < size)


def _picked(times: Sequence[int], positions: Sequence[int]) -> Sequence[int]:
    return [times[place] for place in _places(len(times), positions)] if positions else times


def _at(days: Sequence[int], times: Sequence[int], place: int) -> int:
    day, time = divmod(place, len(times))
    return days[day] * DAY + times[time]


def _days_by_dateutil(rule: Rule, period: int) -> list[int]:
    """The days of one year or month. Weekdays of both kinds (`MO,20TU`) add up, where dateutil asks for both at once."""
    plain = tuple(each for each in rule.weekdays if not each[1])
    numbered = tuple(each for each in rule.weekdays if each[1])
    if not (plain and numbered):
        return _laid_out_by_dateutil(rule, period)
    kinds = (replace(rule, weekdays=each) for each in (plain, numbered))
    return sorted({day for each in kinds for day in _laid_out_by_dateutil(each, period)})


def _laid_out_by_dateutil(rule: Rule, period: int) -> list[int]:
    from dateutil import rrule  # the extra `rrule`; only rules that are not told by months need it

    yearly = rule.freq == "YEARLY"
    begins = datetime(period, 1, 1) if yearly else datetime(period // 12, period % 12 + 1, 1)  # noqa: DTZ001
    found = rrule.rrule(
        rrule.YEARLY if yearly else rrule.MONTHLY,
        dtstart=begins,
        # The next period would lie beyond the calendar, so that only this one is laid out.
        interval=10_000 if yearly else 120_000,
        wkst=rule.wkst,
        bymonth=rule.months or None,
        bymonthday=rule.monthdays or None,
        byyearday=rule.yeardays or None,
        byweekno=rule.weeks or None,
        byweekday=[rrule.weekday(day, nth or None) for day, nth in rule.weekdays] or None,
        byhour=0,
        byminute=0,
        bysecond=0,
    )
    return [day.toordinal() - _EPOCH for day in found]
