"""How does a run end, or hear that it is to stop? Finish and cancel.

Like all that ends runs, they lock the timers of the runs first, then the runs, each by id, and write in sets.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db.utils import Error as AnyDatabaseError

from klokker.core.lifecycle import Outcome, RunKind, RunState
from klokker.core.verdict import Again, Done, Snoozed
from klokker.django.store.closing import Closing, close
from klokker.django.store.database import Database
from klokker.django.store.dialect import Kind
from klokker.django.store.holding import HeldRun, hold
from klokker.django.store.refusals import meaning
from klokker.django.store.rewaiting import Rewaiting, wait_again
from klokker.django.store.runlogs import write_logs
from klokker.store.contract import End, Finished
from klokker.store.edge import storable


def finish_each(db: Database, ends: Sequence[End]) -> list[Finished]:
    """Write ends; all in one transaction, or each in its own where the database refuses one of them."""
    if not ends:
        return []
    try:
        with db.transaction():
            return finish(db, ends)
    except AnyDatabaseError as error:
        if meaning(error) is not None:
            raise
    answers: list[Finished] = []
    for end in ends:
        try:
            with db.transaction():
                answers += finish(db, [end])
        except AnyDatabaseError as error:
            if meaning(error) is not None:
                raise
            answers.append(Finished(end.run, accepted=False, fault=" ".join(str(error).split())))
    return answers


def finish(db: Database, ends: Sequence[End]) -> list[Finished]:
    """Write ends where the token is still the process's own; in one transaction."""
    held = hold(db, [end.run for end in ends])
    answers: list[Finished] = []
    closings: list[Closing] = []
    waits: list[Rewaiting] = []
    logs: list[tuple[int, Sequence[str]]] = []
    taken: set[int] = set()
    for end in ends:
        run = held.get(end.run)
        if run is None:
            answers.append(Finished(end.run, accepted=False))
            continue
        retires = run.schedule if run.last and _succeeds(run, end) else None
        if run.ended_token == end.token or run.id in taken:
            answers.append(Finished(run.id, accepted=True, retires=retires))
            continue
        if run.state is not RunState.CLAIMED or run.token != end.token:
            answers.append(Finished(run.id, accepted=False))
            continue
        taken.add(run.id)
        answers.append(Finished(run.id, accepted=True, retires=retires))
        logs.append((run.id, end.log))
        ending = storable(end.ending)
        match end.verdict:
            case Done(outcome):
                closings.append(Closing(run, outcome, end.finished, end.started, ending, end.token))
            case Again(at, outcome, next_tick):
                waits.append(Rewaiting(run, at, end.finished, outcome, end.started, ending, next_tick, end.token))
            case Snoozed(until):
                waits.append(Rewaiting(run, until, end.finished, None, end.started, ending, ended_token=end.token))
    close(db, closings)
    wait_again(db, waits)
    write_logs(db, logs)
    return answers


def _succeeds(run: HeldRun, end: End) -> bool:
    return end.verdict == Done(Outcome.SUCCEEDED) and run.kind is not RunKind.DRY


def ask_cancel(db: Database, runs: Collection[int], now: datetime, by: str) -> dict[int, RunState]:
    """Ask runs to cancel; what is not under way ends here. The state each was in."""
    if not runs:
        return {}
    held = hold(db, runs)
    unfinished = [run for run in held.values() if run.state is not RunState.DONE]
    if unfinished:
        db.do(
            f"""
            UPDATE klokker_run SET cancel_asked_at = %(now)s, cancel_asked_by = %(by)s
            WHERE id {db.dialect.among("runs", Kind.INTEGER)} AND cancel_asked_at IS NULL
            """,
            {"now": now, "by": by, "runs": [run.id for run in unfinished]},
        )
    close(db, [Closing(run, Outcome.CANCELLED, now) for run in unfinished if not run.begun])
    return {run.id: run.state for run in held.values()}
