"""A calendar is changed together with the schedules that name it."""

from collections.abc import Callable
from datetime import datetime

from klokker.store.contract import CalendarChange, CalendarChanged, LockedCalendar, NamedCalendar
from klokker.store.memory import definitions
from klokker.store.memory.tables import Tables


def view(tables: Tables, name: str) -> LockedCalendar:
    rows = (tables.schedules[schedule.id] for schedule in definitions.naming(tables, name))
    named = (definitions.locked_view(tables, row, new_name=None, dismissed_after=None) for row in rows)
    known = frozenset(calendar.name for calendar in tables.calendars.values() if not calendar.removed)
    return LockedCalendar(tables.calendars.get(name), tuple(named), known)


def change(
    tables: Tables, name: str, decide: Callable[[LockedCalendar], CalendarChange | None], now: datetime
) -> CalendarChanged:
    locked = view(tables, name)
    before = locked.calendar
    change = decide(locked)
    if change is None:
        return CalendarChanged(None, before.version if before else 0)
    for schedule, each in change.schedules.items():
        definitions.check(tables, tables.schedule(schedule), each)
    version = (before.version if before else 0) + (change.text is not None)
    tables.calendars[name] = NamedCalendar(
        name,
        change.text if change.text is not None else before.text if before else "",
        version,
        change.description,
        change.origin,
        change.declared_in,
        change.removed,
    )
    changed = {
        schedule: definitions.apply(tables, tables.schedule(schedule), each, now)
        for schedule, each in change.schedules.items()
    }
    return CalendarChanged(change, version, changed)
