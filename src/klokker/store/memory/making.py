"""How runs come to be, and when they may be claimed: making and release."""

from datetime import datetime, timedelta

from klokker.core.definition import Revision
from klokker.core.lifecycle import Outcome, RunKind, RunState
from klokker.core.plan import PlannedRun
from klokker.store.contract import MadeRun, NewRun
from klokker.store.memory.ending import end_run
from klokker.store.memory.rows import RunRow, ScheduleRow, TimerRow
from klokker.store.memory.tables import Tables


def make_planned(tables: Tables, schedule: ScheduleRow, timer: TimerRow, planned: PlannedRun) -> MadeRun:
    """The run of an occurrence, waiting."""
    definition = schedule.definition_at(planned.revision)
    row = RunRow(
        id=tables.new_id(),
        kind=RunKind.SCHEDULED,
        task=definition.task,
        args=definition.args,
        kwargs=definition.kwargs,
        planned=planned.planned,
        node=timer.node,
        schedule=schedule.id,
        revision=planned.revision,
        definition=definition,
        nominal=planned.nominal,
        lane=definition.lane,
        order=definition.order,
        takes_turn=planned.takes_turn,
        start_before=planned.start_before,
        previous_nominal=timer.last_nominal,
    )
    tables.add_run(row)
    timer.runs_made += 1
    timer.last_nominal = planned.nominal
    return _made(row)


def make_asked(tables: Tables, new: NewRun, schedule: ScheduleRow | None, revision: Revision | None) -> MadeRun:
    """A run that somebody asked for, waiting."""
    row = RunRow(
        id=tables.new_id(),
        kind=new.kind,
        task=new.task,
        args=new.args,
        kwargs=new.kwargs,
        planned=new.planned,
        node=new.node,
        schedule=schedule.id if schedule else None,
        revision=revision.number if revision else None,
        definition=revision.definition if revision else None,
        nominal=None,
        lane=new.lane,
        order=new.order,
        takes_turn=new.takes_turn,
        start_before=new.start_before,
        for_nominal=new.for_nominal,
        asked_by=new.asked_by,
        retry_of=new.retry_of,
    )
    tables.add_run(row)
    return _made(row)


def _made(row: RunRow) -> MadeRun:
    return MadeRun(row.id, row.schedule, row.node, row.nominal, row.planned)


def enqueue(tables: Tables, new: NewRun, now: datetime) -> MadeRun:
    """Make the run, and queue it if its time and turn have come."""
    schedule = tables.schedule(new.schedule) if new.schedule is not None else None
    revision = None
    if schedule is not None:
        number = new.revision or len(schedule.revisions)
        schedule.definition_at(number)
        revision = schedule.revisions[number - 1]
    made = make_asked(tables, new, schedule, revision)
    run = tables.runs[made.id]
    if not run.expired(now):
        _release_one(tables, run, now, next_tick=False)
    return made


def release(tables: Tables, now: datetime, *, next_tick: bool, limit: int) -> int:
    moved = 0
    for run in _expired(tables, now):
        end_run(tables, run, Outcome.EXPIRED, now)
        moved += 1
    for run in sorted(tables.waiting.values(), key=lambda run: run.release_order):
        if moved >= limit:
            break
        moved += _release_one(tables, run, now, next_tick=next_tick)
    return moved


def releasable(tables: Tables, now: datetime) -> bool:
    """Would `release` move anything?"""
    return bool(_expired(tables, now)) or any(
        run.planned <= now and not tables.held_back(run) and (run.holds_turn or run.turn not in tables.turns)
        for run in tables.waiting.values()
    )


def next_release(tables: Tables, now: datetime) -> datetime | None:
    """The earliest moment after now at which time alone may move a run."""
    moments = [run.planned for run in tables.waiting.values()]
    # At its last moment a run may still begin; it is too late an instant after.
    moments += [
        run.start_before + timedelta.resolution
        for run in tables.expiring.values()
        if run.start_before is not None and run.first_started is None
    ]
    return min((moment for moment in moments if moment > now), default=None)


def _release_one(tables: Tables, run: RunRow, now: datetime, *, next_tick: bool) -> bool:
    freed_by_tick = next_tick and run.next_tick_after is not None and run.next_tick_after <= now
    if (run.planned > now and not freed_by_tick) or tables.held_back(run) or not tables.take_turn(run):
        return False
    run.next_tick_after = None
    tables.move(run, RunState.QUEUED)
    return True


def _expired(tables: Tables, now: datetime) -> list[RunRow]:
    """Runs, waiting or queued, that came too late to begin."""
    return [run for run in tables.expiring.values() if run.state is not RunState.CLAIMED and run.expired(now)]
