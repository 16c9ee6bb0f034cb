"""What does a recurrence rule do, in words? What it leaves open comes from its DTSTART, as RFC 5545 has it (3.3.10)."""

from datetime import datetime

from klokker.core.moments import from_epoch
from klokker.core.timetables.recurrence import Recurrence
from klokker.core.words.clocks import said_moment, said_wall
from klokker.core.words.days import said_weekdays
from klokker.core.words.language import Language, Unit

_UNITS: dict[str, Unit] = {
    "YEARLY": "year",
    "MONTHLY": "month",
    "WEEKLY": "week",
    "DAILY": "day",
    "HOURLY": "hour",
    "MINUTELY": "minute",
    "SECONDLY": "second",
}
_TOLD_BY_DAYS = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY")
_IN_EVERY_MONTH = 28
_MOST_TIMES = 12
"""Up to so many times of a day are listed whole; more are told by hours, minutes and seconds."""


def said_recurrence(of: Recurrence, language: Language) -> str:
    """`every 2 weeks, every Monday, at 09:00, from Monday 5 January 2026 at 09:00 on`"""
    rule, start = of.rule, from_epoch(of.start)
    unit = _UNITS[rule.freq]
    often, days = language.every(rule.interval, unit), _days(of, start, language)
    if rule.freq in _TOLD_BY_DAYS:
        if days and rule.interval == 1:
            # The days tell by themselves how often.
            often, days = ", ".join(days), []
        elif days and rule.freq == "DAILY":
            # A day is not chosen within a longer period: what is named says whether it counts at all.
            often, days = language.only_on.format(often=often, days=", ".join(days)), []
        said = ", ".join([often, *days, *_times(of, start, language)])
    else:
        said, named_units = _by_the_clock(of, start, often, language)
        if days or named_units:
            said = language.only_on.format(often=said, days=", ".join([*days, *named_units]))
    if rule.positions:
        positions = _positions(rule.positions, language)
        said = language.of_these.format(what=said, period=language.every(1, unit), positions=positions)
    if of.start or rule.interval > 1:
        said = language.starting.format(what=said, start=said_wall(start, language))
    if rule.count is not None:
        said += ", " + language.so_many.format(count=rule.count)
    if of.until is not None:
        said += ", " + language.until.format(moment=said_moment(of.until, of.clock.zone, language))
    left_out = len(of.excluded.walls) + len(of.excluded.days)
    return said + (", " + language.excluded.format(count=left_out) if left_out else "")


def _days(of: Recurrence, start: datetime, language: Language) -> list[str]:
    rule = of.rule
    monthdays, months, weekdays = rule.monthdays, rule.months, rule.weekdays
    names_a_day = monthdays or weekdays or rule.yeardays
    if rule.freq in ("YEARLY", "MONTHLY") and not names_a_day and not rule.weeks:
        monthdays = (start.day,)
        if rule.freq == "YEARLY" and not months:
            months = (start.month,)
    if (rule.freq == "WEEKLY" or rule.weeks) and not names_a_day:
        weekdays = ((start.weekday(), 0),)
    parts = []
    if months:
        parts.append(
            language.in_months.format(months=language.listed([language.months[month - 1] for month in months]))
        )
    if rule.weeks:
        parts.append(language.in_weeks.format(weeks=_positions(rule.weeks, language)))
    if rule.yeardays:
        listed = _positions(rule.yeardays, language)
        parts.append(language.on_year_days.format(days=listed))
    named = []
    if monthdays:
        named.append(_dates(monthdays, language))
    if weekdays:
        named.append(_weekdays(weekdays, in_year=rule.freq == "YEARLY" and not months, language=language))
    if len(named) == 2:
        named = [_both(named[0], named[1], weekdays, language)]
    return [*parts, *named]


def _dates(monthdays: tuple[int, ...], language: Language) -> str:
    """Days of the month, and days counted from its end."""
    parts = []
    if first := tuple(day for day in monthdays if day > 0):
        said = language.on_dates.format(dates=_positions(first, language))
        parts.append(language.if_there.format(days=said) if max(first) > _IN_EVERY_MONTH else said)
    if last := tuple(day for day in monthdays if day < 0):
        said = language.on_last_dates.format(dates=_positions(last, language))
        parts.append(language.if_there.format(days=said) if min(last) < -_IN_EVERY_MONTH else said)
    return language.listed(parts)


def _both(dates: str, days: str, weekdays: tuple[tuple[int, int], ...], language: Language) -> str:
    """Days of the month that must be such weekdays too."""
    if any(nth for _, nth in weekdays):
        return language.both.format(dates=dates, weekdays=days)
    names = [language.weekdays[(weekday + 1) % 7] for weekday, _ in weekdays]
    return language.if_weekday.format(days=dates, weekdays=language.listed(names, language.alternative))


def _weekdays(weekdays: tuple[tuple[int, int], ...], *, in_year: bool, language: Language) -> str:
    """Weekdays as (Monday is 0, which one of the month or year, 0 for each)."""
    parts = []
    if plain := tuple(sorted((weekday + 1) % 7 for weekday, nth in weekdays if not nth)):
        parts.append(said_weekdays(plain, language))
    template = language.nth_in_year if in_year else language.nth_weekday
    for weekday, nth in weekdays:
        if nth:
            name = language.weekdays[(weekday + 1) % 7]
            parts.append(template.format(nth=_position(nth, language), weekday=name))
    return language.listed(parts)


def _positions(numbers: tuple[int, ...], language: Language) -> str:
    """`1st, 3rd and last`: from the start, and then from the end."""
    ordered = sorted(numbers, key=lambda number: (number < 0, number))
    return language.listed([_position(number, language) for number in ordered])


def _position(number: int, language: Language) -> str:
    if number > 0:
        return language.ordinal(number)
    return language.last if number == -1 else language.from_end(-number)


def _times(of: Recurrence, start: datetime, language: Language) -> list[str]:
    """The times of the day, which the rule says or leaves to its start; of a rule of days or longer periods."""
    hours, minutes, seconds = of.rule.hours, of.rule.minutes, of.rule.seconds
    hours, minutes, seconds = hours or (start.hour,), minutes or (start.minute,), seconds or (start.second,)
    if len(hours) * len(minutes) * len(seconds) <= _MOST_TIMES:
        times = [
            f"{hour:02}:{minute:02}" + (f":{second:02}" if seconds != (0,) else "")
            for hour in hours
            for minute in minutes
            for second in seconds
        ]
        return [language.at_times.format(times=language.listed(times))]
    parts = [_past_the_hour(minutes, language), _in_hours(hours, language)]
    return parts if seconds == (0,) else [_at_seconds(seconds, ", ".join(parts), language)]


def _by_the_clock(of: Recurrence, start: datetime, often: str, language: Language) -> tuple[str, list[str]]:
    """Of a rule of hours, minutes or seconds: how often and when within, and what it names of the coarser units."""
    rule, named = of.rule, []
    if rule.freq == "HOURLY":
        often = f"{often}, {_past_the_hour(rule.minutes or (start.minute,), language)}"
    elif rule.minutes:
        named.append(_past_the_hour(rule.minutes, language))
    if rule.freq == "SECONDLY":
        if rule.seconds:
            named.insert(0, _at_seconds(rule.seconds, language.every(1, "minute"), language))
    elif (seconds := rule.seconds or (start.second,)) != (0,):
        often = _at_seconds(seconds, often, language)
    if rule.hours:
        named.append(_in_hours(rule.hours, language))
    return often, named


def _past_the_hour(minutes: tuple[int, ...], language: Language) -> str:
    listed = language.listed([language.minute_of.format(minute=minute) for minute in minutes])
    return language.past_the_hour.format(minutes=listed)


def _in_hours(hours: tuple[int, ...], language: Language) -> str:
    return language.in_hours.format(hours=language.listed([f"{hour:02}:00" for hour in hours]))


def _at_seconds(seconds: tuple[int, ...], minutes: str, language: Language) -> str:
    return language.at_seconds.format(seconds=language.listed([str(second) for second in seconds]), minutes=minutes)
