"""Whose lease ran out? Their attempts are lost, and their runs go on or end."""

from collections.abc import Callable, Sequence
from datetime import datetime

from klokker.core.lifecycle import Outcome, RunState
from klokker.core.verdict import Again, Done, Ending, Snoozed, Verdict
from klokker.django.store.closing import Closing, close
from klokker.django.store.database import Database
from klokker.django.store.dialect import Kind
from klokker.django.store.holding import hold
from klokker.django.store.policies import UnreadableRun
from klokker.django.store.rewaiting import Rewaiting, wait_again
from klokker.store.contract import Expired, Rescued


def rescue(db: Database, now: datetime, judge: Callable[[Expired], Verdict], limit: int) -> list[Rescued]:
    """End the attempts of claims whose lease ran out, and do with the runs what `judge` says."""
    runs = _expired_leases(db, now, limit)
    if not runs:
        return []
    with db.transaction():
        return _rescue(db, runs, now, judge)


def _expired_leases(db: Database, now: datetime, limit: int) -> list[int]:
    """Claims whose lease ran out, by id."""
    # `+`: sorted after they were found by the index of what is claimed; SQLite would rather walk all runs in their order.
    return db.ids(
        """
        SELECT r.id FROM klokker_run r
        WHERE r.state = 'claimed' AND r.lease_until < %(now)s ORDER BY +r.id LIMIT %(limit)s
        """,
        {"now": now, "limit": limit},
    )


def _rescue(db: Database, runs: Sequence[int], now: datetime, judge: Callable[[Expired], Verdict]) -> list[Rescued]:
    """End the attempts of those of these claims whose lease ran out; in one transaction."""
    rescued: list[Rescued] = []
    closings: list[Closing] = []
    waits: list[Rewaiting] = []
    unbegun: list[int] = []
    for run in hold(db, runs, skip_locked=True).values():
        if run.state is not RunState.CLAIMED or run.lease_until is None or run.lease_until >= now:
            continue
        if run.started is None:
            unbegun.append(run.id)
            continue
        error = f"The process {run.process} was not heard of after {run.lease_until.isoformat()}."
        verdict: Verdict
        try:
            attempt = run.attempt(now)
        except UnreadableRun as fault:
            # Nobody can say whether it may be tried again, so it is not.
            verdict, error = Done(Outcome.LOST), f"{error} And {fault}"
        else:
            verdict = judge(
                Expired(
                    run=run.id,
                    token=run.token,
                    attempt=attempt,
                    schedule=run.schedule,
                    process=run.process,
                    node=run.node,
                    lease_until=run.lease_until,
                )
            )
        lost = Ending(Outcome.LOST, error=error)
        match verdict:
            case Done(outcome):
                closings.append(Closing(run, outcome, now, run.started, lost))
            case Again(at, outcome, next_tick):
                waits.append(Rewaiting(run, at, now, outcome, run.started, lost, next_tick))
            case Snoozed(until):
                waits.append(Rewaiting(run, until, now, None, run.started, lost))
        rescued.append(Rescued(run.id, run.schedule, run.process, verdict))
    queue_again(db, unbegun)
    close(db, closings)
    wait_again(db, waits)
    return rescued


def queue_again(db: Database, runs: Sequence[int]) -> None:
    """Claims, held, that have not begun: they are anybody's again."""
    if runs:
        db.do(
            f"""
            UPDATE klokker_run SET state = 'queued', claimed_by = '', lease_until = NULL
            WHERE id {db.dialect.among("runs", Kind.INTEGER)}
            """,
            {"runs": sorted(runs)},
        )
