"""What a person understands who is told a recurrence rule in English: whether it comes at a minute, from the words alone."""

import calendar
import re
from collections.abc import Callable
from datetime import datetime, timedelta

Claim = Callable[[datetime], bool]

_WEEKDAYS = [*calendar.day_name]
_MONTHS = [*calendar.month_name]
_UNITS = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}
_STARTING = re.compile(r", from \w+ (\d+ \w+ \d{4}) at (\d\d:\d\d) on$")
_BOTH = re.compile(r"(?:, )?on days that are both: (.*?); and (.*?)(?=, at |, in |$)")
_DAYS = ("on the ", "every ", "from ")
_OFTEN = re.compile(r"every (?:(\d+) )?(minute|hour|day|week|month|year)s?(?=, |$)")


def heard_rule(words: str) -> Claim:
    """Whether it comes at a minute of the clock, of a rule that names no years, weeks or positions."""
    starting = _STARTING.search(words)
    assert starting is not None, words
    start = datetime.strptime(f"{starting[1]} {starting[2]}", "%d %B %Y %H:%M")  # noqa: DTZ007
    claims: list[Claim] = [lambda moment: moment >= start]
    said = words[0].lower() + words[1 : starting.start()]
    if often := _OFTEN.match(said):
        claims.append(_often(int(often[1] or 1), often[2], start))
        said = said[often.end() :].removeprefix(", ")
    said = re.sub(r"(^|, )but only ", r"\1", said)
    # How often a month has a day is not for whoever asks about a day that is there.
    said = said.replace(", in months that have it", "")
    if both := _BOTH.search(said):
        claims += [_days(both[1]), _days(both[2])]
        said = said[: both.start()] + said[both.end() :]
    for clause in _clauses(said):
        claims.append(_claim(clause))
    return lambda moment: all(claim(moment) for claim in claims)


def _clauses(said: str) -> list[str]:
    """Split where a new kind of claim begins; lists inside one have commas too."""
    clauses: list[str] = []
    for clause in re.split(r"(?:^|, )(?=in |at |on the |every [A-Z]|from [A-Z]|if that)", said):
        if clauses and clause.startswith(_DAYS) and clauses[-1].startswith(_DAYS):
            clauses[-1] += f", {clause}"
        elif clause:
            clauses.append(clause)
    return clauses


def _often(number: int, unit: str, start: datetime) -> Claim:
    """In each so manieth hour, day, week or month, counted from that of the start."""
    if unit == "year":
        return lambda moment: (moment.year - start.year) % number == 0
    if unit == "month":
        return lambda moment: ((moment.year - start.year) * 12 + moment.month - start.month) % number == 0
    length = _UNITS[unit]
    if unit == "week":
        start -= timedelta(days=start.weekday())
    first = start.replace(minute=start.minute if unit == "minute" else 0)
    first = first.replace(hour=0) if unit in ("day", "week") else first
    return lambda moment: (moment - first) // length % number == 0


def _claim(clause: str) -> Claim:
    if clause.startswith("in the hours"):
        hours = {int(hour[:2]) for hour in re.findall(r"\d\d:00", clause)}
        return lambda moment: moment.hour in hours
    if clause.startswith("in "):
        months = {_MONTHS.index(name) for name in re.findall(r"[A-Z]\w+", clause)}
        return lambda moment: moment.month in months
    if clause.endswith("past the hour"):
        minutes = {int(minute) for minute in re.findall(r":(\d\d)", clause)}
        return lambda moment: moment.minute in minutes
    if clause.startswith("at "):
        times = set(re.findall(r"\d\d:\d\d", clause))
        return lambda moment: f"{moment:%H:%M}" in times
    if clause.startswith("if that is a "):
        named = {_WEEKDAYS.index(name) for name in re.findall(r"[A-Z]\w+", clause)}
        return lambda moment: moment.weekday() in named
    return _days(clause)


def _days(clause: str) -> Claim:
    """One of several: `every Monday and on the last Friday of the month`."""
    parts = re.split(r"(?:, | and )(?=on the |every |from )", clause)
    claims = [_day(part) for part in parts]
    return lambda moment: any(claim(moment) for claim in claims)


def _day(part: str) -> Claim:
    names = [_WEEKDAYS.index(name) for name in re.findall(r"[A-Z]\w+day", part)]
    if part.startswith("from "):
        first, last = names
        within = {(first + n) % 7 for n in range((last - first) % 7 + 1)}
        return lambda moment: moment.weekday() in within
    if part.startswith("every "):
        return lambda moment: moment.weekday() in names
    ordinals = re.findall(r"(\d+)(?:st|nd|rd|th)( last)?|(last)(?= )", part)
    places = [-1 if only else -int(number) if last else int(number) for number, last, only in ordinals]
    if names:
        return lambda moment: moment.weekday() == names[0] and _place(moment, places[0])
    return lambda moment: any(
        moment.day == place if place > 0 else moment.day == _length(moment) + 1 + place for place in places
    )


def _place(moment: datetime, place: int) -> bool:
    """Whether it is the weekday of this place in its month, from the start or from the end."""
    return (moment.day - 1) // 7 + 1 == place if place > 0 else (_length(moment) - moment.day) // 7 + 1 == -place


def _length(moment: datetime) -> int:
    return calendar.monthrange(moment.year, moment.month)[1]
