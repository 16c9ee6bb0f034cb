"""Which days of a month does a recurrence rule name? Arithmetic, for rules whose days are told month by month.

The others count weeks, days or weekdays of the year: those are left to python-dateutil.
"""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date

from klokker.core.timetables.recurrence_rule import Rule

_EPOCH = date(1970, 1, 1).toordinal()


def told_by_months(rule: Rule) -> bool:
    """Whether the days of a rule of months or years are told month by month."""
    if rule.weeks or rule.yeardays:
        return False
    # The nth weekday counts within the month, in a rule of years only where that names months.
    return rule.freq == "MONTHLY" or bool(rule.months) or not any(nth for _, nth in rule.weekdays)


def days_of_month(rule: Rule, year: int, month: int) -> Sequence[int]:
    """The days that the rule names in a month (1 to 12), counted from 1970-01-01, in order."""
    if rule.months and month not in rule.months:
        return ()
    weekday, length = monthrange(year, month)
    days: Sequence[int] = range(1, length + 1)
    if rule.monthdays:
        named = {day if day > 0 else length + 1 + day for day in rule.monthdays}
        days = sorted(day for day in named if 1 <= day <= length)
    if rule.weekdays:
        fitting = {day for each, nth in rule.weekdays for day in _weekdays(each, nth, weekday, length)}
        days = [day for day in days if day in fitting]
    before = date(year, month, 1).toordinal() - _EPOCH - 1
    return [before + day for day in days]


def _weekdays(weekday: int, nth: int, opens_with: int, length: int) -> Sequence[int]:
    """The days of a month that are this weekday: all of them for 0, else the nth from its start or its end."""
    every = range(1 + (weekday - opens_with) % 7, length + 1, 7)
    if nth == 0:
        return every
    place = nth - 1 if nth > 0 else len(every) + nth
    return every[place : place + 1] if place >= 0 else ()
