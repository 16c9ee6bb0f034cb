"""How a run ends, waits again, or is asked to stop: finish, rescue, cancel, expire."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from klokker.core.lease import set_right
from klokker.core.lifecycle import Outcome, RunKind, RunState, ScheduleState
from klokker.core.verdict import Again, Attempt, Done, Snoozed, Verdict
from klokker.store.completion import due_after_completion
from klokker.store.contract import End, Expired, Finished, Rescued
from klokker.store.edge import storable
from klokker.store.memory.keeping import keep_finished
from klokker.store.memory.rows import PastAttempt, RunRow, ScheduleRow
from klokker.store.memory.tables import Tables


def finish(tables: Tables, ends: Sequence[End]) -> list[Finished]:
    return [_finish_one(tables, end) for end in ends]


def _finish_one(tables: Tables, end: End) -> Finished:
    run = tables.runs.get(end.run)
    if run is None:
        return Finished(end.run, accepted=False)
    if run.ended_with == end.token:
        return Finished(run.id, accepted=True, retires=_retires(tables, run))
    if run.state is not RunState.CLAIMED or run.token != end.token:
        return Finished(run.id, accepted=False)
    ending = storable(end.ending)
    run.ended_with = end.token
    run.started = end.started
    run.first_started = run.first_started or end.started
    run.log = run.log.plus(end.log)
    run.result, run.counts, run.error = ending.result, ending.counts, ending.error
    _settle(tables, run, end.verdict, end.finished)
    return Finished(run.id, accepted=True, retires=_retires(tables, run))


def _settle(tables: Tables, run: RunRow, verdict: Verdict, ended: datetime) -> None:
    """Do what the verdict on a claimed run says; the attempt ended at `ended`."""
    match verdict:
        case Done(outcome):
            end_run(tables, run, outcome, ended)
        case Again(at, outcome, next_tick):
            _remember_attempt(run, outcome, ended)
            if outcome is Outcome.LOST:
                run.lost += 1
            else:
                run.failed += 1
            _wait_until(tables, run, at)
            run.next_tick_after = ended if next_tick else None
        case Snoozed(until):
            _wait_until(tables, run, until)


def _remember_attempt(run: RunRow, outcome: Outcome, ended: datetime) -> None:
    number = run.failed + run.lost + 1
    started = run.started or ended
    run.attempts.append(PastAttempt(number, run.process, started, ended, outcome, run.error))


def _wait_until(tables: Tables, run: RunRow, at: datetime) -> None:
    """The same run begins again, not before `at`. It keeps its turn."""
    tables.move(run, RunState.WAITING)
    run.planned = at
    run.process, run.lease_until, run.started = "", None, None


def end_run(tables: Tables, run: RunRow, outcome: Outcome, at: datetime) -> None:
    """`run` is done: its turn is free, and a schedule that rests after completion begins to rest."""
    tables.move(run, RunState.DONE)
    tables.free_turn(run)
    run.outcome, run.finished, run.lease_until = outcome, at, None
    keep_finished(tables, run)
    if run.schedule is None:
        return
    schedule = tables.schedules[run.schedule]
    if outcome is Outcome.SUCCEEDED and run.kind is not RunKind.DRY:
        schedule.succeeded = True
        tables.may_leave(schedule)
    if run.kind is RunKind.SCHEDULED:
        _rest_after(tables, schedule, run.node, at)


def _rest_after(tables: Tables, schedule: ScheduleRow, node: str, ended: datetime) -> None:
    """Set the next due of a timer that rests after completion, if it waits for that, and no other run is unfinished.

    One that has a next due has an occurrence to decide first, from before an edit.
    """
    timer = tables.open_timer(schedule.id, node)
    if timer is None:
        return
    timer.last_finished = max(ended, timer.last_finished or ended)
    waits = timer.next_due is None and not tables.unfinished[schedule.id, node]
    if schedule.state is not ScheduleState.ACTIVE or not waits:
        return
    due = due_after_completion(
        schedule.definition,
        ended=timer.last_finished,
        rests_from=schedule.starts_after_completion,
        handled_until=timer.handled_until,
    )
    if due is not None:
        tables.set_due(timer, due)


def _retires(tables: Tables, run: RunRow) -> int | None:
    if run.schedule is None:
        return None
    schedule = tables.schedules[run.schedule]
    return schedule.id if schedule.to_retire else None


def rescue(tables: Tables, now: datetime, judge: Callable[[Expired], Verdict], limit: int) -> list[Rescued]:
    for run in tables.claimed.values():
        process = tables.processes.get(run.process)
        if process is not None and run.lease_until is not None:
            run.lease_until = set_right(run.lease_until, process.heard, now) or run.lease_until
    rescued: list[Rescued] = []
    expired = (run for run in tables.claimed.values() if run.lease_until is not None and run.lease_until < now)
    for run in sorted(expired, key=lambda run: run.id)[:limit]:
        if run.started is None:
            give_back(tables, run)
            continue
        lost = Expired(
            run=run.id,
            token=run.token,
            attempt=attempt_of(run, now),
            schedule=run.schedule,
            process=run.process,
            node=run.node,
            lease_until=run.lease_until or now,
        )
        verdict = judge(lost)
        run.error = f"The process {run.process} was not heard of after {lost.lease_until.isoformat()}."
        _settle(tables, run, verdict, now)
        rescued.append(Rescued(run.id, run.schedule, lost.process, verdict))
    return rescued


def give_back(tables: Tables, run: RunRow) -> None:
    """Queue again what was claimed and has not begun."""
    tables.move(run, RunState.QUEUED)
    run.process, run.lease_until = "", None


def attempt_of(run: RunRow, now: datetime) -> Attempt:
    """The attempt at a claimed run, as far as judging it needs. One that never began counts from now."""
    if run.terms is None:
        raise AssertionError(f"run {run.id} was never claimed")
    return Attempt(
        run=run.id,
        number=run.failed + run.lost + 1,
        failed=run.failed,
        lost=run.lost,
        terms=run.terms,
        first_started=run.first_started or now,
        cancel_asked=run.cancel_asked_by is not None,
    )


def ask_cancel(tables: Tables, runs: Collection[int], now: datetime, by: str) -> Mapping[int, RunState]:
    found: dict[int, RunState] = {}
    for run_id in sorted(runs):
        run = tables.runs.get(run_id)
        if run is None:
            continue
        found[run.id] = run.state
        if run.state is RunState.DONE:
            continue
        run.cancel_asked_by = run.cancel_asked_by or by
        if run.state is not RunState.CLAIMED or run.started is None:
            end_run(tables, run, Outcome.CANCELLED, now)
    return found
