"""How is a calendar changed? Together with every schedule that names it, in one transaction.

Timers are locked first, as everywhere, then schedules, then the calendar.
"""

from collections.abc import Callable
from datetime import datetime

from klokker.django.store import calendars, definitions, schedules
from klokker.django.store.database import Database
from klokker.django.store.dialect import Kind
from klokker.django.store.refusals import Contended
from klokker.store.contract import CalendarChange, CalendarChanged, LockedCalendar


def view(db: Database, name: str) -> LockedCalendar:
    """The calendar, and the schedules that name it."""
    named = [definitions.view(db, each, new_name=None, dismissed_after=None) for each in _naming(db, name)]
    kept = {calendar.name: calendar for calendar in calendars.calendars(db, removed=True)}
    known = frozenset(each.name for each in kept.values() if not each.removed)
    return LockedCalendar(kept.get(name), tuple(named), known)


def change(
    db: Database, name: str, decide: Callable[[LockedCalendar], CalendarChange | None], now: datetime
) -> CalendarChanged:
    """Lock, compute, write; in one transaction. Raises Contended when a schedule that names it came in between."""
    named = _naming(db, name)
    definitions.lock(db, named)
    calendars.lock(db, [name])
    if _naming(db, name) != named:
        raise Contended(f"schedules that name calendar {name} came or went meanwhile")
    locked = view(db, name)
    change = decide(locked)
    version = locked.calendar.version if locked.calendar else 0
    if change is None:
        return CalendarChanged(None, version)
    if change.text is not None:
        version += 1
    _write(db, name, version, change, now)
    changed = {
        each.schedule.id: definitions.apply(db, each, change.schedules[each.schedule.id], now)
        for each in locked.schedules
        if each.schedule.id in change.schedules
    }
    return CalendarChanged(change, version, changed)


def _naming(db: Database, name: str) -> list[int]:
    return [schedule.id for schedule in schedules.naming(db, name)]


_CALENDAR = {
    "its_name": Kind.TEXT,
    "its_description": Kind.TEXT,
    "its_origin": Kind.TEXT,
    "its_source": Kind.TEXT,
    "its_version": Kind.INTEGER,
    "its_end": Kind.YES_NO,
}
_VERSION = {
    "its_calendar": Kind.INTEGER,
    "its_number": Kind.INTEGER,
    "its_text": Kind.TEXT,
    "its_moment": Kind.MOMENT,
    "its_author": Kind.TEXT,
    "its_why": Kind.TEXT,
}


def _write(db: Database, name: str, version: int, change: CalendarChange, now: datetime) -> None:
    row = db.table(
        "made",
        _CALENDAR,
        [(name, change.description, change.origin, change.declared_in, version, change.removed)],
    )
    # A calendar of this name that came in between has the same number: the version is then refused, and all is begun anew.
    (calendar,) = db.ids(
        f"""
        INSERT INTO klokker_calendar (name, description, origin, declared_in, version, removed)
        SELECT its_name, its_description, its_origin, its_source, its_version, its_end FROM {row.sql} WHERE TRUE
        ON CONFLICT (name) DO UPDATE SET
            description = excluded.description, origin = excluded.origin, declared_in = excluded.declared_in,
            version = excluded.version, removed = excluded.removed
        RETURNING id
        """,
        None,
        row,
    )
    if change.text is None:
        return
    text = db.table("written", _VERSION, [(calendar, version, change.text, now, change.by, change.why)])
    written = db.do(
        f"""
        INSERT INTO klokker_calendarversion (calendar_id, number, text, made_at, by, why)
        SELECT its_calendar, its_number, its_text, its_moment, its_author, its_why FROM {text.sql} WHERE TRUE
        ON CONFLICT (calendar_id, number) DO NOTHING
        """,
        None,
        text,
    )
    if not written:
        raise Contended(f"calendar {name} has a version {version} meanwhile")
