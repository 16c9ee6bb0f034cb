"""Which schedules are there? Their rows, with the newest revision, as values of the contract."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from klokker.core.definition import Definition, Revision, UnreadableDefinition
from klokker.core.fields import shown
from klokker.core.lifecycle import Origin, ScheduleState
from klokker.core.moments import EPOCH
from klokker.django.store.database import Database
from klokker.django.store.dialect import Kind
from klokker.store.contract import Schedule
from klokker.store.errors import NoSuchRevision, NoSuchSchedule


class ScheduleRow(NamedTuple):
    id: int
    name: str
    task: str
    when: str
    state: str
    reason: str
    paused_until: datetime | None
    changed_by: str
    origin: str
    since: datetime | None
    starts_after_completion: datetime | None
    number: int
    holds_from: datetime | None
    definition: str
    time_data: str


SELECT = """
    SELECT s.id, s.name, s.task, s."when", s.state, s.reason, s.paused_until, s.changed_by, s.origin, s.since,
           s.starts_after_completion, s.revision, r.holds_from, COALESCE(r.definition, 'null'),
           COALESCE(r.time_data, '')
    FROM klokker_schedule s LEFT JOIN klokker_revision r ON r.schedule_id = s.id AND r.number = s.revision
"""


def value(row: ScheduleRow) -> Schedule:
    """The schedule; one whose definition cannot be read has a stand-in, and says so.

    One in a state that is none of ours is broken: nothing decides it until it is repaired.
    """
    fault = ""
    try:
        definition = Definition.from_text(row.definition)
    except UnreadableDefinition as error:
        fault = str(error)
        definition = Definition(name=row.name, task=row.task, when=row.when)
    state, reason = _standing(row)
    since = row.since or row.holds_from or EPOCH
    return Schedule(
        id=row.id,
        state=state,
        reason=reason,
        paused_until=row.paused_until,
        changed_by=row.changed_by,
        # What no file declares is kept by people.
        origin=Origin.DECLARED if row.origin == Origin.DECLARED else Origin.MANAGED,
        since=since,
        revision=Revision(row.number, row.holds_from or since, definition, row.time_data, fault),
        starts_after_completion=row.starts_after_completion,
        fault=fault,
    )


def _standing(row: ScheduleRow) -> tuple[ScheduleState, str]:
    """Its state, and why."""
    try:
        return ScheduleState(row.state), row.reason
    except ValueError:
        return ScheduleState.BROKEN, f"its state must be {' or '.join(ScheduleState)}, got {shown(row.state)}"


def by_id(db: Database, schedule: int) -> Schedule:
    """The schedule; raises NoSuchSchedule."""
    rows = db.rows(ScheduleRow, f"{SELECT} WHERE s.id = %(schedule)s", {"schedule": schedule})
    if not rows:
        raise NoSuchSchedule(schedule)
    return value(rows[0])


def by_name(db: Database, name: str) -> Schedule | None:
    """The schedule of this name, in any case; NAME#ID names a retired one too."""
    rows = db.rows(ScheduleRow, f"{SELECT} WHERE s.name_key = %(key)s", {"key": name.casefold()})
    if rows:
        return value(rows[0])
    name, _, number = name.rpartition("#")
    if not (number.isdecimal() and number.isascii() and len(number) < 19):
        return None
    rows = db.rows(ScheduleRow, f"{SELECT} WHERE s.id = %(schedule)s", {"schedule": int(number)})
    return value(rows[0]) if rows and rows[0].name.casefold() == name.casefold() else None


def listed(db: Database, *, retired: bool) -> list[Schedule]:
    """All schedules by name."""
    where = "" if retired else "WHERE s.state <> 'retired'"
    return sorted(
        (value(row) for row in db.rows(ScheduleRow, f"{SELECT} {where}")),
        key=lambda schedule: (schedule.revision.definition.name.casefold(), schedule.id),
    )


def naming(db: Database, calendar: str | None) -> list[Schedule]:
    """Those, not retired, whose newest definition carries a text of this calendar (None: of any), by name."""
    member = db.dialect.member
    # A name of a calendar is letters, digits, dots, dashes and underscores: nothing in it steers the path.
    where = (
        f"CAST({member('r.definition', 'calendars')} AS TEXT) <> '{{}}'"
        if calendar is None
        else f"{member('r.definition', 'calendars', calendar)} IS NOT NULL"
    )
    rows = db.rows(ScheduleRow, f"{SELECT} WHERE s.state <> 'retired' AND {where}", {})
    found = [value(row) for row in rows]
    return sorted(
        (each for each in found if each.revision.definition.calendars),
        key=lambda schedule: (schedule.revision.definition.name.casefold(), schedule.id),
    )


def definitions_at(db: Database, revisions: Collection[tuple[int, int]]) -> dict[tuple[int, int], Definition]:
    """(schedule, number) → definition. Raises NoSuchRevision, UnreadableDefinition."""
    return {each: Definition.from_text(stored) for each, stored in _stored(db, revisions).items()}


def readable_or(
    db: Database, revisions: Collection[tuple[int, int]], stand_in: Definition
) -> dict[tuple[int, int], Definition]:
    """The same, with a stand-in for those that cannot be read. Raises NoSuchRevision."""
    return {each: _read(stored) or stand_in for each, stored in _stored(db, revisions).items()}


def readable_at(db: Database, revisions: Collection[tuple[int, int]]) -> dict[tuple[int, int], Definition]:
    """The same, without those that cannot be read. Raises NoSuchRevision."""
    read = {each: _read(stored) for each, stored in _stored(db, revisions).items()}
    return {each: definition for each, definition in read.items() if definition is not None}


def _read(stored: str) -> Definition | None:
    try:
        return Definition.from_text(stored)
    except UnreadableDefinition:
        return None


class _StoredRow(NamedTuple):
    schedule: int
    number: int
    definition: str


def _stored(db: Database, revisions: Collection[tuple[int, int]]) -> dict[tuple[int, int], str]:
    if not revisions:
        return {}
    asked = db.table("asked", {"schedule": Kind.INTEGER, "number": Kind.INTEGER}, sorted(set(revisions)))
    rows = db.rows(
        _StoredRow,
        f"""
        SELECT r.schedule_id, r.number, r.definition FROM {asked.sql} CROSS JOIN klokker_revision r
        WHERE r.schedule_id = asked.schedule AND r.number = asked.number
        """,
        None,
        asked,
    )
    found = {(row.schedule, row.number): row.definition for row in rows}
    for schedule, number in revisions:
        if (schedule, number) not in found:
            raise NoSuchRevision(schedule, number)
    return found


class _RevisionRow(NamedTuple):
    number: int
    holds_from: datetime
    definition: str
    time_data: str


def revisions_of(db: Database, schedule: int, stand_in: Definition) -> list[Revision]:
    """All revisions of a schedule, oldest first. One that cannot be read has a stand-in, and says so."""
    rows = db.rows(
        _RevisionRow,
        """
        SELECT r.number, r.holds_from, r.definition, r.time_data
        FROM klokker_revision r WHERE r.schedule_id = %(schedule)s ORDER BY r.number
        """,
        {"schedule": schedule},
    )
    return [_revision(row, stand_in) for row in rows]


def _revision(row: _RevisionRow, stand_in: Definition) -> Revision:
    try:
        return Revision(row.number, row.holds_from, Definition.from_text(row.definition), row.time_data)
    except UnreadableDefinition as error:
        return Revision(row.number, row.holds_from, stand_in, row.time_data, fault=str(error))


class _Newest(NamedTuple):
    id: int
    revision: int


def newest_revisions(db: Database, schedules: Sequence[int]) -> dict[int, int]:
    """Schedule → the number of its newest revision. Raises NoSuchSchedule."""
    if not schedules:
        return {}
    rows = db.rows(
        _Newest,
        f"SELECT s.id, s.revision FROM klokker_schedule s WHERE s.id {db.dialect.among('schedules', Kind.INTEGER)}",
        {"schedules": sorted(set(schedules))},
    )
    found = {row.id: row.revision for row in rows}
    for schedule in schedules:
        if schedule not in found:
            raise NoSuchSchedule(schedule)
    return found
