"""Schedules: made, changed, looked at."""

from collections.abc import Callable, Iterable
from datetime import datetime

from klokker.core.definition import Revision
from klokker.core.lifecycle import ScheduleState
from klokker.store.contract import (
    Change,
    Changed,
    LockedSchedule,
    MadeRun,
    NameTaken,
    NewRevision,
    NewRun,
    NewSchedule,
    NewTimer,
    Schedule,
    TimerMove,
)
from klokker.store.errors import NameInUse, NoSuchRevision
from klokker.store.memory import calendars, dismissing
from klokker.store.memory.ending import ask_cancel
from klokker.store.memory.keeping import dismissal, let_last_runs_go, span
from klokker.store.memory.making import make_asked
from klokker.store.memory.rows import ScheduleRow, TimerRow
from klokker.store.memory.tables import Tables


def create(tables: Tables, new: NewSchedule, now: datetime) -> int | NameTaken:
    name = new.revision.definition.name
    taken_by = tables.names.get(name.casefold())
    if taken_by is not None:
        return NameTaken(name, taken_by)
    calendars.refuse_older(tables, new.revision.definition)
    row = ScheduleRow(
        id=tables.new_id(),
        state=new.state,
        reason=new.reason,
        paused_until=new.paused_until,
        changed_by=new.revision.by,
        origin=new.origin,
        since=now,
        revisions=[],
        made_by=[],
        starts_after_completion=new.starts_after_completion,
    )
    tables.schedules[row.id] = row
    tables.may_rest(row)
    _add_revision(tables, row, new.revision)
    for timer in new.open:
        _open_timer(tables, row, timer)
    for run in new.runs:
        make_asked(tables, run, row, row.revisions[0])
    return row.id


def locked_view(
    tables: Tables, row: ScheduleRow, *, new_name: str | None, dismissed_after: datetime | None
) -> LockedSchedule:
    timers = tables.timers_of[row.id]
    bearer = tables.names.get(new_name.casefold()) if new_name is not None else None
    return LockedSchedule(
        schedule=tables.schedule_value(row),
        timers=tuple(tables.timer_value(timer) for timer in timers if timer.open),
        nodes=frozenset(node.name for node in tables.nodes.values() if node.retired is None),
        name_taken=bearer is not None and bearer != row.id,
        closed=tuple(span(timer) for timer in timers if not timer.open),
        dismissed=tuple(
            dismissal(each)
            for each in tables.dismissals_of[row.id].values()
            if dismissed_after is not None and each.until > dismissed_after
        ),
    )


def change(
    tables: Tables,
    row: ScheduleRow,
    decide: Callable[[LockedSchedule], Change],
    now: datetime,
    *,
    new_name: str | None,
    dismissed_after: datetime | None,
) -> Changed:
    change = decide(locked_view(tables, row, new_name=new_name, dismissed_after=dismissed_after))
    check(tables, row, change)
    if change.revision is not None:
        calendars.refuse_older(tables, change.revision.definition, row.definition)
    return apply(tables, row, change, now)


def apply(tables: Tables, row: ScheduleRow, change: Change, now: datetime) -> Changed:
    """Write the change; `check` has looked at it."""
    if change.revision is not None:
        _add_revision(tables, row, change.revision)
    if change.state is not None:
        _set_state(tables, row, change.state, change)
    if change.origin is not None:
        row.origin = change.origin
    if change.starts_after_completion is not None:
        row.starts_after_completion = change.starts_after_completion
    for cut in change.cut:
        dismissing.cut(tables, cut)
    for move in change.timers:
        _move_timer(tables, row, move)
    for timer in change.open:
        _open_timer(tables, row, timer)
    runs = [_make(tables, row, run) for run in change.runs]
    ask_cancel(tables, change.cancel, now, change.by)
    return Changed(change, len(row.revisions), runs)


def check(tables: Tables, row: ScheduleRow, change: Change) -> None:
    """Refuse what would fail halfway, before anything is written."""
    if change.revision is not None:
        name = change.revision.definition.name
        bearer = tables.names.get(name.casefold())
        if bearer is not None and bearer != row.id:
            raise NameInUse(name, bearer)
    newest = len(row.revisions) + (change.revision is not None)
    named = [each.revision for move in change.timers for each in move.dismissals]
    named += [run.revision for run in change.runs if run.revision is not None]
    for revision in named:
        if not 1 <= revision <= newest:
            raise NoSuchRevision(row.id, revision)


def _make(tables: Tables, row: ScheduleRow, run: NewRun) -> MadeRun:
    number = run.revision or len(row.revisions)
    return make_asked(tables, run, row, row.revisions[number - 1])


def _add_revision(tables: Tables, row: ScheduleRow, new: NewRevision) -> None:
    if row.revisions and row.state is not ScheduleState.RETIRED:
        del tables.names[row.definition.name.casefold()]
    row.revisions.append(Revision(len(row.revisions) + 1, new.holds_from, new.definition, new.time_data))
    row.made_by.append(new)
    tables.may_leave(row)
    if row.state is not ScheduleState.RETIRED:
        tables.names[new.definition.name.casefold()] = row.id


def _set_state(tables: Tables, row: ScheduleRow, state: ScheduleState, change: Change) -> None:
    was_retired = row.state is ScheduleState.RETIRED
    row.state, row.reason, row.paused_until, row.changed_by = state, change.reason, change.paused_until, change.by
    tables.may_rest(row)
    if state is ScheduleState.RETIRED and not was_retired:
        del tables.names[row.definition.name.casefold()]
        let_last_runs_go(tables, row)


def _open_timer(tables: Tables, row: ScheduleRow, new: NewTimer) -> None:
    spans = [timer for timer in tables.timers_of[row.id] if timer.node == new.node]
    tables.add_timer(
        TimerRow(
            id=tables.new_id(),
            schedule=row.id,
            node=new.node,
            since=new.since,
            until=None,
            handled_until=new.since,
            next_due=new.next_due,
            runs_made=new.runs_made,
            last_nominal=spans[-1].last_nominal if spans else None,
        )
    )


def _move_timer(tables: Tables, row: ScheduleRow, move: TimerMove) -> None:
    timer = tables.timers[move.timer]
    if move.handled_until < timer.handled_until and timer.last_finished is not None:
        timer.last_finished = min(timer.last_finished, move.handled_until)
    timer.handled_until, timer.until = move.handled_until, move.until
    tables.set_due(timer, move.next_due)
    for each in move.dismissals:
        dismissing.dismiss(tables, row, timer, each)


def by_name(tables: Tables, name: str) -> Schedule | None:
    bearer = tables.names.get(name.casefold())
    if bearer is not None:
        return tables.schedule_value(tables.schedules[bearer])
    name, _, number = name.rpartition("#")
    row = tables.schedules.get(int(number)) if number.isdecimal() else None
    if row is None or row.definition.name.casefold() != name.casefold():
        return None
    return tables.schedule_value(row)


def schedules(tables: Tables, *, retired: bool) -> list[Schedule]:
    return _by_name(
        tables, (row for row in tables.schedules.values() if retired or row.state is not ScheduleState.RETIRED)
    )


def naming(tables: Tables, calendar: str | None) -> list[Schedule]:
    standing = (row for row in tables.schedules.values() if row.state is not ScheduleState.RETIRED)
    return _by_name(
        tables,
        (
            row
            for row in standing
            if (calendar in row.definition.calendars if calendar is not None else row.definition.calendars)
        ),
    )


def _by_name(tables: Tables, rows: Iterable[ScheduleRow]) -> list[Schedule]:
    return [
        tables.schedule_value(row) for row in sorted(rows, key=lambda row: (row.definition.name.casefold(), row.id))
    ]
