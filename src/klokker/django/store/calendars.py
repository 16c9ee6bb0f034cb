"""Which calendars are kept? And does a schedule that is written carry the newest text of those that it names?

Whoever writes a schedule that names a calendar locks that one too, after the schedule, and looks whether the text it
carries is still the newest: so a schedule that came in between is either seen by a change of the calendar, or refused.
"""

from collections.abc import Collection
from typing import NamedTuple

from klokker.core.definition import Definition
from klokker.core.fields import shown
from klokker.core.lifecycle import Origin
from klokker.django.store.database import Database
from klokker.django.store.dialect import Kind
from klokker.store.contract import NamedCalendar
from klokker.store.errors import OlderCalendar


class _Row(NamedTuple):
    name: str
    text: str | None
    version: int
    description: str
    origin: str
    declared_in: str
    removed: bool


_SELECT = """
    SELECT c.name, v.text, c.version, c.description, c.origin, c.declared_in, c.removed
    FROM klokker_calendar c LEFT JOIN klokker_calendarversion v ON v.calendar_id = c.id AND v.number = c.version
"""


def calendars(db: Database, *, removed: bool) -> list[NamedCalendar]:
    """All calendars by name."""
    rows = db.rows(_Row, _SELECT if removed else f"{_SELECT} WHERE NOT c.removed")
    return sorted((_value(row) for row in rows), key=lambda calendar: calendar.name)


def _value(row: _Row) -> NamedCalendar:
    """The calendar; of one whose newest version is not there, the fault. What no file declares is kept by people."""
    origin = Origin.DECLARED if row.origin == Origin.DECLARED else Origin.MANAGED
    fault = "" if isinstance(row.text, str) else f"version {row.version} is not there, or holds {shown(row.text)}"
    text = row.text if isinstance(row.text, str) else ""
    return NamedCalendar(
        row.name, text, row.version, row.description, origin, row.declared_in, bool(row.removed), fault
    )


def refuse_older(db: Database, definition: Definition, before: Definition | None = None) -> None:
    """Raises OlderCalendar for a text that is neither that of the revision `before` nor the newest of a calendar kept here."""
    carried = {
        name: text
        for name, text in definition.calendars.items()
        if before is None or before.calendars.get(name) != text
    }
    if not carried:
        return
    lock(db, carried)
    kept = {calendar.name: calendar for calendar in calendars(db, removed=True)}
    for name, text in carried.items():
        calendar = kept.get(name)
        if calendar is not None and (calendar.removed or calendar.text != text):
            raise OlderCalendar(definition.name, name)


def lock(db: Database, names: Collection[str]) -> None:
    """By name."""
    if db.dialect.locks_rows:
        among = db.dialect.among("names", Kind.TEXT)
        db.ids(
            f"SELECT c.id FROM klokker_calendar c WHERE c.name {among} ORDER BY c.name {db.dialect.for_update}",
            {"names": sorted(names)},
        )
