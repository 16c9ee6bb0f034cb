"""What does a decision need to know of timers? Each with its revisions, unfinished runs and last dismissal.

A batch of timers is read in a constant number of statements, each of which touches the rows of that batch alone.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from klokker.core.definition import Definition, Revision, UnreadableDefinition
from klokker.core.lifecycle import DismissalReason
from klokker.core.plan import LastDismissal, Timer, UnfinishedRun
from klokker.django.store.database import Database
from klokker.django.store.dialect import Kind, Table
from klokker.store.contract import Unreadable


class TimerRow(NamedTuple):
    id: int
    schedule: int
    node: str
    since: datetime
    until: datetime | None
    handled_until: datetime
    next_due: datetime | None
    runs_made: int
    last_nominal: datetime | None

    @property
    def open(self) -> bool:
        """Is there anything of its span left to decide?"""
        return self.until is None or self.handled_until < self.until


COLUMNS = """
    t.id, t.schedule_id, t.node, t.since, t.until, t.handled_until, t.next_due, t.runs_made, t.last_nominal
"""


class _RevisionRow(NamedTuple):
    timer: int
    number: int
    holds_from: datetime
    definition: str
    time_data: str


class _RunRow(NamedTuple):
    timer: int
    id: int
    nominal: datetime
    unfinished: bool
    begun: bool
    ahead: bool


class _DismissalRow(NamedTuple):
    timer: int
    id: int
    revision: int
    reason: str
    until: datetime


def values(db: Database, rows: Sequence[TimerRow]) -> list[Timer | Unreadable]:
    """The timers of these rows, in their order; one whose stored parts make no sense is Unreadable, alone."""
    parts = _parts(db, rows)
    return [_value(row, parts) for row in rows]


def readable(db: Database, rows: Sequence[TimerRow], stand_in: Definition) -> list[Timer]:
    """The timers of these rows of one schedule; revisions that cannot be read have the stand-in, so that it can be repaired."""
    parts = _parts(db, rows)
    return [_timer(row, parts, lambda stored: _or(stand_in, stored)) for row in rows]


class _Parts(NamedTuple):
    """What belongs to each timer, by its id."""

    revisions: Mapping[int, list[_RevisionRow]]
    runs: Mapping[int, list[_RunRow]]
    dismissals: Mapping[int, _DismissalRow]


def _parts(db: Database, rows: Sequence[TimerRow]) -> _Parts:
    if not rows:
        return _Parts({}, {}, {})
    asked = db.table(
        "asked",
        {"timer": Kind.INTEGER, "schedule": Kind.INTEGER, "node": Kind.TEXT, "since": Kind.MOMENT, "seen": Kind.MOMENT},
        [(row.id, row.schedule, row.node, row.since, row.handled_until) for row in rows],
    )
    return _Parts(_revisions(db, asked), _runs(db, asked), _last_dismissals(db, asked))


def _value(row: TimerRow, parts: _Parts) -> Timer | Unreadable:
    try:
        fault = _fault(row, parts)
        return Unreadable(row.id, row.schedule, row.node, fault) if fault else _timer(row, parts, Definition.from_text)
    except (UnreadableDefinition, ValueError) as error:
        return Unreadable(row.id, row.schedule, row.node, str(error))


def _fault(row: TimerRow, parts: _Parts) -> str:
    """What no type of a column keeps out (SQLite takes anything anywhere), and a stranger's hand may have written."""
    moments: list[object] = [row.since, row.handled_until]
    made: object = row.runs_made
    if not parts.revisions[row.id]:
        return "there is no revision that says what it does; edit the schedule to give it one"
    if not all(isinstance(each, datetime) for each in moments):
        return (
            "its timer does not say from when it goes, or how far it is decided; retire the schedule and make it anew"
        )
    if not isinstance(made, int):
        return f"its timer says that it made {made!r} runs; retire the schedule and make it anew"
    if not all(isinstance(each.holds_from, datetime) for each in parts.revisions[row.id]):
        return "a revision does not say from when it holds; retire the schedule and make it anew"
    return ""


def _or(stand_in: Definition, stored: str) -> Definition:
    try:
        return Definition.from_text(stored)
    except UnreadableDefinition:
        return stand_in


def _timer(row: TimerRow, parts: _Parts, read: Callable[[str], Definition]) -> Timer:
    runs = parts.runs[row.id]
    return Timer(
        id=row.id,
        schedule=row.schedule,
        node=row.node,
        since=row.since,
        until=row.until,
        handled_until=row.handled_until,
        next_due=row.next_due,
        runs_made=row.runs_made,
        revisions=tuple(
            Revision(each.number, each.holds_from, read(each.definition), each.time_data)
            for each in parts.revisions[row.id]
        ),
        unfinished=tuple(UnfinishedRun(run.id, run.nominal, run.begun) for run in runs if run.unfinished),
        decided_ahead=frozenset(run.nominal for run in runs if run.ahead),
        last_dismissal=_last(parts.dismissals.get(row.id)),
    )


def _last(row: _DismissalRow | None) -> LastDismissal | None:
    """The dismissal, to be extended; None also for one whose reason is no word of ours: its account shows it."""
    if row is None or row.reason not in set(DismissalReason):
        return None
    return LastDismissal(row.id, row.revision, DismissalReason(row.reason), row.until)


def _revisions(db: Database, asked: Table) -> Mapping[int, list[_RevisionRow]]:
    """Timer → the revisions that held at some moment after its handled until, oldest first.

    The first of them is the highest number that held from then or earlier.
    """
    rows = db.rows(
        _RevisionRow,
        f"""
        SELECT asked.timer, r.number, r.holds_from, r.definition, r.time_data
        FROM {asked.sql} CROSS JOIN klokker_revision r
        WHERE r.schedule_id = asked.schedule
          AND r.number >= COALESCE(
              (SELECT b.number FROM klokker_revision b
               WHERE b.schedule_id = asked.schedule AND b.holds_from <= asked.seen
               ORDER BY b.number DESC LIMIT 1), 1)
        ORDER BY asked.timer, r.number
        """,
        None,
        asked,
    )
    found: defaultdict[int, list[_RevisionRow]] = defaultdict(list)
    for row in rows:
        # One that holds from before its forerunner does leaves that one nothing.
        while found[row.timer] and found[row.timer][-1].holds_from >= row.holds_from:
            found[row.timer].pop()
        found[row.timer].append(row)
    return found


def _runs(db: Database, asked: Table) -> Mapping[int, list[_RunRow]]:
    """Timer → its scheduled runs that are not done, or that lie after its handled until (decided ahead of a rewind)."""
    rows = db.rows(
        _RunRow,
        f"""
        SELECT asked.timer, r.id, r.nominal, NOT (r.state = 'done'), r.first_started IS NOT NULL,
               r.nominal > asked.seen
        FROM {asked.sql} CROSS JOIN klokker_run r
        WHERE r.schedule_id = asked.schedule AND r.node = asked.node AND NOT (r.state = 'done')
          AND r.nominal IS NOT NULL
        UNION
        SELECT asked.timer, r.id, r.nominal, NOT (r.state = 'done'), r.first_started IS NOT NULL, r.nominal > asked.seen
        FROM {asked.sql} CROSS JOIN klokker_run r
        WHERE r.schedule_id = asked.schedule AND r.node = asked.node AND r.nominal > asked.seen
        """,
        None,
        asked,
    )
    found: defaultdict[int, list[_RunRow]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.nominal):
        found[row.timer].append(row)
    return found


def _last_dismissals(db: Database, asked: Table) -> Mapping[int, _DismissalRow]:
    """Timer → its newest dismissal."""
    rows = db.rows(
        _DismissalRow,
        f"""
        SELECT asked.timer, d.id, d.revision, d.reason, d.until
        FROM {asked.sql} CROSS JOIN klokker_dismissal d
        WHERE d.id = (
            SELECT x.id FROM klokker_dismissal x
            WHERE x.schedule_id = asked.schedule AND x.node = asked.node AND x.after >= asked.since
            ORDER BY x.until DESC, x.id DESC LIMIT 1)
        """,
        None,
        asked,
    )
    return {row.timer: row for row in rows}
