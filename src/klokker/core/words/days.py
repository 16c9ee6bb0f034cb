"""On which days does a cron expression match, in words? From the sets of `cron_days`, not from the text."""

from klokker.core.timetables.cron_days import EVERY_DATE, EVERY_MONTH, EVERY_WEEKDAY, Days
from klokker.core.words.language import Language
from klokker.core.words.times import listed_runs, members, runs_of, step_of

_IN_EVERY_MONTH = 28


def said_days(days: Days, language: Language) -> str:
    """`on the 1st of the month`, `from Monday to Friday in June`; empty where it is every day."""
    parts = [_days(days, language)]
    if days.months != EVERY_MONTH:
        parts.append(_months(days.months, language))
    return ", ".join(part for part in parts if part)


def remarks(days: Days, language: Language) -> list[str]:
    """What a reader of the text would not expect."""
    said = []
    dates, step = members(days.dates), step_of(members(days.dates))
    if _by_date(days, language) and _by_weekday(days, language) and days.either:
        said.append(language.either_is_enough)
    if step is not None and step > 1 and dates[0] <= step and dates[-1] + step > 31:
        said.append(language.dates_begin_anew)
    return said


def _days(days: Days, language: Language) -> str:
    dates, weekdays = _by_date(days, language), _by_weekday(days, language)
    if days.either and not (dates and weekdays):
        # Either is enough, and one of them is every day.
        return ""
    if not (dates and weekdays):
        return dates or weekdays
    return (language.either if days.either else language.both).format(dates=dates, weekdays=weekdays)


def _by_date(days: Days, language: Language) -> str:
    """The days of the month; empty where all of them match."""
    if days.dates & EVERY_DATE == EVERY_DATE:
        return ""
    parts = []
    if plain := members(days.dates):
        said = language.on_dates.format(dates=listed_runs(plain, language.ordinal, language))
        parts.append(language.if_there.format(days=said) if plain[-1] > _IN_EVERY_MONTH else said)
    for day in days.specials.workdays:
        said = language.near.format(date=language.ordinal(day))
        parts.append(language.if_there.format(days=said) if day > _IN_EVERY_MONTH else said)
    if days.specials.last_workday:
        parts.append(language.last_workday)
    for before in days.specials.before_last:
        parts.append(
            language.before_last.format(length=language.length(before, "day")) if before else language.last_day
        )
    return language.listed(parts) if parts else ""


def _by_weekday(days: Days, language: Language) -> str:
    """The days of the week; empty where all of them match."""
    if days.weekdays == EVERY_WEEKDAY:
        return ""
    parts = []
    if days.weekdays:
        parts.append(said_weekdays(members(days.weekdays), language))
    for weekday, nth in days.specials.nth:
        said = language.nth_weekday.format(nth=language.ordinal(nth), weekday=language.weekdays[weekday])
        parts.append(language.if_there.format(days=said) if nth == 5 else said)
    parts += [language.last_weekday.format(weekday=language.weekdays[weekday]) for weekday in days.specials.last]
    return language.listed(parts) if parts else ""


def said_weekdays(weekdays: tuple[int, ...], language: Language) -> str:
    """`every Monday and Friday`, `from Monday to Friday`. Sunday is 0."""
    # A week begins on Monday for most who read this.
    turned = sorted(weekdays, key=lambda weekday: (weekday - 1) % 7)
    runs = runs_of([(weekday - 1) % 7 for weekday in turned])
    if len(runs) == 1 and len(turned) > 2:
        first, last = (language.weekdays[weekday] for weekday in (turned[0], turned[-1]))
        return language.from_to.format(first=first, last=last)
    if len(runs) == 2 and runs[0][0] == 0 and runs[1][1] == 6 and len(turned) > 2:
        # Over the week's end: Friday to Monday.
        first, last = language.weekdays[(runs[1][0] + 1) % 7], language.weekdays[(runs[0][1] + 1) % 7]
        return language.from_to.format(first=first, last=last)
    return language.weekdays_listed.format(weekdays=language.listed([language.weekdays[weekday] for weekday in turned]))


def _months(months: int, language: Language) -> str:
    runs = [
        (language.months[first - 1], last - first, language.months[last - 1])
        for first, last in runs_of(members(months))
    ]
    if len(runs) == 1 and runs[0][1] > 1:
        return language.from_to.format(first=runs[0][0], last=runs[0][2])
    return language.in_months.format(months=language.listed([language.months[month - 1] for month in members(months)]))
