"""How is a schedule made and changed? Its timers are locked, a pure function computes, and what it returns is written at once."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from klokker.core.definition import Definition
from klokker.core.lifecycle import DismissalReason, ScheduleState
from klokker.core.text import head_and_tail
from klokker.django.store import calendars, dismissing, ending, making, schedules, timers
from klokker.django.store.database import Database
from klokker.django.store.dialect import Kind
from klokker.django.store.timers import TimerRow
from klokker.store.contract import (
    Change,
    Changed,
    LedgerDismissal,
    LockedSchedule,
    NameTaken,
    NewRevision,
    NewRun,
    NewSchedule,
    NewTimer,
    Schedule,
    Span,
    TimerMove,
)
from klokker.store.errors import NameInUse, NoSuchRevision, NoSuchSchedule

# ── create ──────────────────────────────────────────────────────────────────────────────────────────────────────────

_NEW = {
    "its_name": Kind.TEXT,
    "its_key": Kind.TEXT,
    "its_origin": Kind.TEXT,
    "its_state": Kind.TEXT,
    "its_reason": Kind.TEXT,
    "its_pause": Kind.MOMENT,
    "its_maker": Kind.TEXT,
    "its_since": Kind.MOMENT,
    "its_rest_from": Kind.MOMENT,
}


def create(db: Database, new: NewSchedule, now: datetime) -> int | NameTaken:
    """Write a new schedule; in one transaction. Raises OlderCalendar."""
    name = new.revision.definition.name
    calendars.refuse_older(db, new.revision.definition)
    table = db.table(
        "made",
        _NEW,
        [
            (
                name,
                name.casefold(),
                new.origin,
                new.state,
                head_and_tail(new.reason),
                new.paused_until,
                new.revision.by,
                now,
                new.starts_after_completion,
            )
        ],
    )
    ids = db.ids(
        f"""
        INSERT INTO klokker_schedule (
            name, name_key, origin, state, reason, paused_until, changed_by, since, starts_after_completion,
            description, task, "when", zone, lane, owner, labels, revision, after_success)
        SELECT its_name, its_key, its_origin, its_state, its_reason, its_pause, its_maker, its_since, its_rest_from,
               '', '', '', '', '', '', '{{}}', 0, ''
        FROM {table.sql} WHERE TRUE
        ON CONFLICT (name_key) DO NOTHING
        RETURNING id
        """,
        None,
        table,
    )
    if not ids:
        bearer = _bearer(db, name)
        # None: who had it a moment ago has let it go since. Begun anew, this finds it free.
        return NameTaken(name, bearer) if bearer is not None else create(db, new, now)
    (schedule,) = ids
    _add_revision(db, schedule, 1, new.revision)
    _open_timers(db, schedule, new.open)
    _make(db, schedule, 1, new.runs, now)
    return schedule


# ── change ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def change(
    db: Database,
    schedule: int,
    decide: Callable[[LockedSchedule], Change],
    now: datetime,
    *,
    new_name: str | None,
    dismissed_after: datetime | None,
) -> Changed:
    """Lock, compute, write; in one transaction. Raises NoSuchSchedule, NameInUse, NoSuchRevision, OlderCalendar."""
    lock(db, [schedule])
    locked = view(db, schedule, new_name=new_name, dismissed_after=dismissed_after)
    change = decide(locked)
    if change.revision is not None:
        calendars.refuse_older(db, change.revision.definition, locked.schedule.revision.definition)
    return apply(db, locked, change, now)


def apply(db: Database, locked: LockedSchedule, change: Change, now: datetime) -> Changed:
    """Write the change of a schedule that is locked. Raises NameInUse, NoSuchRevision."""
    schedule, newest = locked.schedule.id, locked.schedule.revision.number
    if change.revision is not None:
        bearer = _bearer(db, change.revision.definition.name)
        if bearer is not None and bearer != schedule:
            raise NameInUse(change.revision.definition.name, bearer)
        newest += 1
        _add_revision(db, schedule, newest, change.revision)
    _set_state(db, locked.schedule, change, now)
    dismissing.cut(db, change.cut)
    _move_timers(db, schedule, change.timers)
    _dismiss(db, locked, newest, change.timers)
    _open_timers(db, schedule, change.open)
    made = _make(db, schedule, newest, change.runs, now)
    ending.ask_cancel(db, change.cancel, now, change.by)
    return Changed(change, newest, made.runs)


def lock(db: Database, schedules: Collection[int]) -> None:
    """Timers first, by id, as everywhere; then the schedules themselves. Raises NoSuchSchedule."""
    if not schedules:
        return
    values, among = {"schedules": sorted(schedules)}, db.dialect.among("schedules", Kind.INTEGER)
    if db.dialect.locks_rows:
        db.ids(
            f"SELECT t.id FROM klokker_timer t WHERE t.schedule_id {among} ORDER BY t.id {db.dialect.for_update}",
            values,
        )
    found = db.ids(
        f"SELECT s.id FROM klokker_schedule s WHERE s.id {among} ORDER BY s.id {db.dialect.for_update}", values
    )
    for schedule in schedules:
        if schedule not in found:
            raise NoSuchSchedule(schedule)


class _Name(NamedTuple):
    name: str


class _DismissalRow(NamedTuple):
    id: int
    node: str
    revision: int
    after: datetime
    until: datetime
    counted: int | None
    reason: DismissalReason


DISMISSALS = "SELECT d.id, d.node, d.revision, d.after, d.until, d.count, d.reason FROM klokker_dismissal d"


def dismissals(db: Database, schedule: int, *, after: datetime | None = None) -> list[LedgerDismissal]:
    """The dismissals of a schedule by id; those alone that reach past `after`, if it is given."""
    where = "AND d.until > %(after)s" if after is not None else ""
    rows = db.rows(
        _DismissalRow,
        f"{DISMISSALS} WHERE d.schedule_id = %(schedule)s {where} ORDER BY d.id",
        {"schedule": schedule, **({"after": after} if after is not None else {})},
    )
    return [LedgerDismissal(*row) for row in rows]


def timer_rows(db: Database, schedule: int) -> list[TimerRow]:
    """The timers of a schedule, oldest first."""
    return db.rows(
        TimerRow,
        f"SELECT {timers.COLUMNS} FROM klokker_timer t WHERE t.schedule_id = %(schedule)s ORDER BY t.id",
        {"schedule": schedule},
    )


def span(row: TimerRow) -> Span:
    """The timer as the account sees it."""
    return Span(row.id, row.node, row.since, row.until, row.handled_until, row.runs_made, row.next_due)


def view(db: Database, schedule: int, *, new_name: str | None, dismissed_after: datetime | None) -> LockedSchedule:
    """The schedule, its timers, and what else a change is computed from. Raises NoSuchSchedule."""
    found = schedules.by_id(db, schedule)
    rows = timer_rows(db, schedule)
    nodes = db.rows(_Name, "SELECT n.name FROM klokker_node n WHERE n.retired IS NULL")
    bearer = _bearer(db, new_name) if new_name is not None else None
    return LockedSchedule(
        schedule=found,
        timers=timers.readable(db, [row for row in rows if row.open], found.revision.definition),
        nodes=frozenset(node.name for node in nodes),
        name_taken=bearer is not None and bearer != schedule,
        closed=tuple(span(row) for row in rows if not row.open),
        dismissed=() if dismissed_after is None else dismissals(db, schedule, after=dismissed_after),
    )


def _bearer(db: Database, name: str) -> int | None:
    """The schedule that bears this name, in any case."""
    ids = db.ids("SELECT s.id FROM klokker_schedule s WHERE s.name_key = %(key)s", {"key": name.casefold()})
    return ids[0] if ids else None


# ── parts ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_REVISION = {
    "its_schedule": Kind.INTEGER,
    "its_number": Kind.INTEGER,
    "its_from": Kind.MOMENT,
    "its_author": Kind.TEXT,
    "its_why": Kind.TEXT,
    "its_changes": Kind.JSON,
    "its_time_data": Kind.TEXT,
    "its_definition": Kind.JSON,
}

_FACE = {
    "schedule": Kind.INTEGER,
    "its_number": Kind.INTEGER,
    "its_name": Kind.TEXT,
    "its_key": Kind.TEXT,
    "its_description": Kind.TEXT,
    "its_task": Kind.TEXT,
    "its_when": Kind.TEXT,
    "its_zone": Kind.TEXT,
    "its_lane": Kind.TEXT,
    "its_owner": Kind.TEXT,
    "its_labels": Kind.JSON,
    "its_after_success": Kind.TEXT,
}


def _add_revision(db: Database, schedule: int, number: int, new: NewRevision) -> None:
    """Write a revision, and repeat on the schedule what people search by."""
    definition = new.definition
    revision = db.table(
        "made",
        _REVISION,
        [
            (
                schedule,
                number,
                new.holds_from,
                new.by,
                new.why,
                making.json_text(dict(new.changes)),
                new.time_data,
                making.json_text(definition.to_json()),
            )
        ],
    )
    db.do(
        f"""
        INSERT INTO klokker_revision (schedule_id, number, holds_from, by, why, changes, time_data, definition)
        SELECT its_schedule, its_number, its_from, its_author, its_why, its_changes, its_time_data, its_definition
        FROM {revision.sql}
        """,
        None,
        revision,
    )
    face = db.table("face", _FACE, [_face(schedule, number, definition)])
    db.do(
        f"""
        UPDATE klokker_schedule SET
            revision = face.its_number, name = face.its_name,
            name_key = CASE WHEN state = 'retired' THEN NULL ELSE face.its_key END,
            description = face.its_description, task = face.its_task, "when" = face.its_when, zone = face.its_zone,
            lane = face.its_lane, owner = face.its_owner, labels = face.its_labels,
            after_success = face.its_after_success
        FROM {face.sql}
        WHERE klokker_schedule.id = face.schedule
        """,
        None,
        face,
    )


def _face(schedule: int, number: int, definition: Definition) -> tuple[int | str, ...]:
    return (
        schedule,
        number,
        definition.name,
        definition.name.casefold(),
        definition.description,
        definition.task,
        definition.when,
        definition.zone,
        definition.lane,
        definition.owner,
        making.json_text(dict(definition.labels)),
        definition.after_success,
    )


_STATE = {
    "schedule": Kind.INTEGER,
    "its_state": Kind.TEXT,
    "its_reason": Kind.TEXT,
    "its_pause": Kind.MOMENT,
    "its_changer": Kind.TEXT,
    "its_origin": Kind.TEXT,
    "its_rest_from": Kind.MOMENT,
    "its_prune_after": Kind.MOMENT,
}


def _set_state(db: Database, was: Schedule, change: Change, now: datetime) -> None:
    if (change.state, change.origin, change.starts_after_completion) == (None, None, None):
        return
    state = change.state or was.state
    retires = state is ScheduleState.RETIRED and was.state is not ScheduleState.RETIRED
    values = db.table(
        "new_state",
        _STATE,
        [
            (
                was.id,
                state,
                head_and_tail(change.reason) if change.state else was.reason,
                change.paused_until if change.state else was.paused_until,
                change.by if change.state else was.changed_by,
                change.origin or was.origin,
                change.starts_after_completion or was.starts_after_completion,
                now if state is ScheduleState.RETIRED else None,
            )
        ],
    )
    db.do(
        f"""
        UPDATE klokker_schedule SET
            state = new_state.its_state, reason = new_state.its_reason, paused_until = new_state.its_pause,
            changed_by = new_state.its_changer, origin = new_state.its_origin,
            starts_after_completion = new_state.its_rest_from, prune_after = new_state.its_prune_after,
            name_key = CASE WHEN new_state.its_state = 'retired' THEN NULL ELSE name_key END
        FROM {values.sql}
        WHERE klokker_schedule.id = new_state.schedule
        """,
        None,
        values,
    )
    if retires:
        # Its last runs are protected no longer.
        db.do(
            """
            UPDATE klokker_run SET prune_after = keep_until
            WHERE schedule_id = %(schedule)s AND state = 'done' AND prune_after IS NULL
            """,
            {"schedule": was.id},
        )


def _move_timers(db: Database, schedule: int, moves: Sequence[TimerMove]) -> None:
    if not moves:
        return
    table = db.table(
        "moves",
        {
            "timer": Kind.INTEGER,
            "its_handled_until": Kind.MOMENT,
            "its_next_due": Kind.MOMENT,
            "its_until": Kind.MOMENT,
        },
        [(move.timer, move.handled_until, move.next_due, move.until) for move in moves],
    )
    db.do(
        f"""
        UPDATE klokker_timer SET
            handled_until = moves.its_handled_until, next_due = moves.its_next_due, until = moves.its_until,
            last_finished = CASE
                WHEN moves.its_handled_until < handled_until AND moves.its_handled_until < last_finished
                THEN moves.its_handled_until ELSE last_finished END
        FROM {table.sql}
        WHERE klokker_timer.id = moves.timer AND klokker_timer.schedule_id = %(schedule)s
        """,
        {"schedule": schedule},
        table,
    )


def _dismiss(db: Database, locked: LockedSchedule, newest: int, moves: Sequence[TimerMove]) -> None:
    nodes = {timer.id: timer.node for timer in locked.timers}
    placed = [
        dismissing.Placed(locked.schedule.id, nodes[move.timer], dismissal)
        for move in moves
        for dismissal in move.dismissals
    ]
    if not placed:
        return
    named = {each.dismissal.revision for each in placed}
    _check_revisions(locked.schedule.id, newest, named)
    pairs = [(locked.schedule.id, number) for number in sorted(named)]
    dismissing.write(db, placed, schedules.readable_or(db, pairs, locked.schedule.revision.definition))


def _check_revisions(schedule: int, newest: int, named: set[int]) -> None:
    for number in named:
        if not 1 <= number <= newest:
            raise NoSuchRevision(schedule, number)


def _open_timers(db: Database, schedule: int, new: Sequence[NewTimer]) -> None:
    if not new:
        return
    table = db.table(
        "opened",
        {
            "its_schedule": Kind.INTEGER,
            "its_node": Kind.TEXT,
            "its_since": Kind.MOMENT,
            "its_next_due": Kind.MOMENT,
            "its_made": Kind.INTEGER,
        },
        [(schedule, timer.node, timer.since, timer.next_due, timer.runs_made) for timer in new],
    )
    db.do(
        f"""
        INSERT INTO klokker_timer (schedule_id, node, since, handled_until, next_due, runs_made, last_nominal)
        SELECT its_schedule, its_node, its_since, its_since, its_next_due, its_made,
               (SELECT t.last_nominal FROM klokker_timer t
                WHERE t.schedule_id = its_schedule AND t.node = its_node ORDER BY t.id DESC LIMIT 1)
        FROM {table.sql}
        """,
        None,
        table,
    )


def _make(db: Database, schedule: int, newest: int, runs: Sequence[NewRun], now: datetime) -> making.Made:
    """Runs that a person asked for with the change: of this schedule, waiting for the next release."""
    if not runs:
        return making.Made((), queued=False)
    numbers = [run.revision or newest for run in runs]
    _check_revisions(schedule, newest, set(numbers))
    definitions = schedules.definitions_at(db, [(schedule, number) for number in numbers])
    return making.make(
        db,
        [
            making.asked_seed(replace(run, schedule=schedule), number, definitions[schedule, number], ready=False)
            for run, number in zip(runs, numbers, strict=True)
        ],
        now,
    )
