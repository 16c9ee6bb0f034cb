"""Do all schedules go by the newest texts of the calendars that they name? And can each calendar be read?"""

from collections.abc import Iterable, Iterator

from klokker.core.errors import InvalidTimetable
from klokker.core.json_values import Json
from klokker.core.timetables.calendar_text import read_calendar
from klokker.django.store import DjangoStore
from klokker.store.contract import NamedCalendar
from klokker.watch.finding import Finding, Kind


def calendars() -> Iterator[Finding]:
    """Calendars that cannot be read, and those of which schedules carry another text than the newest."""
    store = DjangoStore()
    kept = {calendar.name: calendar for calendar in store.calendars()}
    carried: dict[str, dict[str, str]] = {}
    for schedule in store.naming():
        definition = schedule.revision.definition
        for calendar, text in definition.calendars.items():
            carried.setdefault(calendar, {})[definition.name] = text
    for name in sorted({*kept, *carried}):
        if reason := _reason(name, kept.get(name), carried.get(name, {})):
            named: list[Json] = [*sorted(carried.get(name, {}))]
            yield Finding(Kind.CALENDAR, name, reason, {"schedules": named})


def _reason(name: str, calendar: NamedCalendar | None, carried: dict[str, str]) -> str:
    if calendar is None:
        return (
            f"calendar {name} is named by {_some(carried)} and is not kept here; they go by the text that they carry: "
            f"`klokker calendar add {name} …` keeps it"
        )
    fault = calendar.fault
    try:
        read_calendar(calendar.text)
    except InvalidTimetable as unreadable:
        fault = fault or str(unreadable)
    if fault:
        return f"calendar {name} cannot be read: {fault}; `klokker calendar edit {name} …` gives it another text"
    older = [each for each, text in carried.items() if text != calendar.text]
    if not older:
        return ""
    return f"{_some(older)} carries another text of calendar {name} than the newest; `klokker calendar apply {name}`"


def _some(names: Iterable[str]) -> str:
    some = sorted(names)
    return f"schedule {', '.join(some[:3])}{' …' if len(some) > 3 else ''}"
