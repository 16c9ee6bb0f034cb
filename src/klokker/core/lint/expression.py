"""Cron expressions that hardly mean what they seem to."""

import re
from calendar import monthrange
from collections.abc import Iterator

from klokker.core.lint.case import Case
from klokker.core.lint.finding import Code, Finding
from klokker.core.moments import DAY, from_epoch
from klokker.core.timetables.cron import Cron
from klokker.core.timetables.cron_days import EVERY_WEEKDAY, Days
from klokker.core.timetables.cron_expression import MACROS
from klokker.core.words.days import said_days, said_weekdays
from klokker.core.words.english import ENGLISH
from klokker.core.words.times import members, step_of, uneven

_SIZES = (("second", 60), ("minute", 60), ("hour", 24), ("day of month", 31), ("month", 12), ("weekday", 7))
_NAMES = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_NUMBER = re.compile(r"(?<![#/0-9])[0-9]+")
_COMMON = 28
"""Days that every month has."""
_MONTHS_WITH = {29: 11, 30: 11, 31: 7}
"""How many months of a common year have this day."""


def find(case: Case) -> Iterator[Finding]:
    """What is doubtful in the expressions of a schedule."""
    for cron in case.crons:
        fields = _fields(cron)
        yield from _every_minute(case, cron)
        yield from _late_days(case, cron)
        yield from _both_day_fields(case, cron, fields)
        yield from _steps(case, cron, fields)
        yield from _numeric_weekday(case, cron, fields)
    for rule in case.rules:
        if rule.rule.monthdays and min(rule.rule.monthdays) > _COMMON:
            yield _missing_days(case, min(rule.rule.monthdays), "BYMONTHDAY=-1")


def _fields(cron: Cron) -> list[str]:
    """Six fields, seconds first."""
    words = cron.text.split()
    fields = MACROS.get(words[0].lower(), cron.text).split()
    return ["0", *fields] if len(fields) == 5 else fields


def _every_minute(case: Case, cron: Cron) -> Iterator[Finding]:
    if cron.minutes.bit_count() < 60:
        return
    hours, days = cron.hours.bit_count(), said_days(cron.days, ENGLISH)
    if hours == 24 and days:
        times = 1440 * cron.seconds.bit_count()
        yield case.finding(
            Code.EVERY_MINUTE,
            f"`{cron}` fires {times} times on each of its days: every minute of the day, {days}",
            f"if once a day is meant, write the minute and the hour: `0 0 {' '.join(cron.text.split()[-3:])}`",
            times=times,
        )
    elif hours == 1:
        (hour,) = members(cron.hours)
        rest = " ".join(cron.text.split()[-4:])
        yield case.finding(
            Code.EVERY_MINUTE,
            f"`{cron}` fires 60 times a day: every minute from {hour:02}:00 to {hour:02}:59",
            f"if once is meant, write the minute: `0 {rest}`",
            times=60 * cron.seconds.bit_count(),
        )


def _late_days(case: Case, cron: Cron) -> Iterator[Finding]:
    dates = members(cron.days.dates)
    late = [day for day in (*dates, *cron.days.specials.workdays) if day > _COMMON]
    # A range or a step that runs over the end of the month leaves nothing out that it would not.
    if not late or len(dates) == 31 or (step_of(dates) is not None and dates[0] <= _COMMON):
        return
    yield _missing_days(case, min(late), "L in the day field")


def _missing_days(case: Case, day: int, last: str) -> Finding:
    months = _MONTHS_WITH[day]
    return case.finding(
        Code.DAY_29_TO_31,
        f"only {months} of 12 months have a day {day}; the others are passed over",
        f"for the last day of each month write {last}; for a day that each month has, one up to 28",
        day=day,
    )


def _both_day_fields(case: Case, cron: Cron, fields: list[str]) -> Iterator[Finding]:
    days = cron.days
    if fields[5].startswith("&") or not (_restricts_dates(days) and _restricts_weekdays(days)):
        return
    other = Days(days.months, days.dates, days.weekdays, days.specials, not days.either)
    ours, theirs = _days_a_year(days, case.ground.now), _days_a_year(other, case.ground.now)
    both = " ".join([*cron.text.split()[:-1], f"&{fields[5]}"])
    if days.either:
        sentence = f"`{cron}` fires when either day field matches, on {ours} days of a year; both match on {theirs}"
        fix = f"if both are to match, write `{both}`; if one is enough, two schedules say so more plainly"
    else:
        sentence = f"`{cron}` fires when both day fields match, for one begins with a star: on {ours} days of a year, not {theirs}"
        fix = f"to say so plainly write `{both}`"
    yield case.finding(Code.BOTH_DAY_FIELDS, sentence, fix, days=ours, otherwise=theirs)


def _restricts_dates(days: Days) -> bool:
    return len(members(days.dates)) < 31


def _restricts_weekdays(days: Days) -> bool:
    return days.weekdays != EVERY_WEEKDAY


def _days_a_year(days: Days, now: int) -> int:
    """How many days match in the twelve months that begin with the month of `now`."""
    total, first = 0, now // DAY - from_epoch(now).day + 1
    for _ in range(12):
        year, month = (there := from_epoch(first * DAY)).year, there.month
        total += days.in_month(year, month, first).bit_count()
        first += monthrange(year, month)[1]
    return total


def _steps(case: Case, cron: Cron, fields: list[str]) -> Iterator[Finding]:
    for (name, size), field in zip(_SIZES, fields, strict=True):
        steps = [int(step[:6]) for step in re.findall(r"/([0-9]+)", field)]
        if any(step >= size for step in steps):
            yield case.finding(
                Code.STEP_TOO_LARGE,
                f"the step of `{field}` is larger than the {name} field: it matches once, where it begins",
                "write the one value that is meant, or for a longer period `every 90 minutes`",
                field=name,
            )
    for (name, size), field, bits in (
        (_SIZES[1], fields[1], cron.minutes),
        (_SIZES[2], fields[2], cron.hours),
        (_SIZES[3], fields[3], cron.days.dates),
    ):
        values = members(bits)
        rest = uneven(values, size) if "/" in field else None
        if rest is None:
            continue
        if name == "day of month":
            sentence = f"`{field}` is counted anew each month: after day {values[-1]} comes day {values[0]}"
            fix = f"for a steady period write `every {step_of(values)} days from` and a start"
        else:
            whole, unit = ("hour", "minutes") if name == "minute" else ("day", "hours")
            sentence = f"`{field}` does not divide the {whole}: after {name} {values[-1]} comes {values[0]}, {rest} {unit} later"
            fix = f"for a steady period write `every {step_of(values)} {unit}`"
        yield case.finding(Code.UNEVEN_STEP, sentence, fix, field=name)


def _numeric_weekday(case: Case, cron: Cron, fields: list[str]) -> Iterator[Finding]:
    field = fields[5]
    if cron.text.startswith("@") or not _NUMBER.search(field) or not _restricts_weekdays(cron.days):
        return
    named = _NUMBER.sub(lambda number: _NAMES[int(number[0]) % 7], field)
    here = said_weekdays(members(cron.days.weekdays), ENGLISH) if cron.days.weekdays else named
    yield case.finding(
        Code.NUMERIC_WEEKDAY,
        f"weekday `{field}` is {here} here, as in POSIX; where Sunday is 1 (Quartz) or Monday is 0 (APScheduler) it is another day",
        f"write names: `{named}`",
        names=named,
    )
