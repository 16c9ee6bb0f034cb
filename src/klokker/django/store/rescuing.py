"""Whose lease ran out? Their attempts are lost, and their runs go on or end."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from klokker.core.lease import AHEAD, set_right
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
    runs = _doubtful_leases(db, now, limit)
    if not runs:
        return []
    with db.transaction():
        return _rescue(db, runs, now, judge)


class _LeaseRow(NamedTuple):
    run: int
    lease_until: datetime
    heartbeat: datetime | None


def _doubtful_leases(db: Database, now: datetime, limit: int) -> dict[int, _LeaseRow]:
    """Claims whose lease ran out, or is one of a time that has not come, by id."""
    # `+`: sorted after they were found by the index of what is claimed; SQLite would rather walk all runs in their order.
    rows = db.rows(
        _LeaseRow,
        """
        SELECT r.id, r.lease_until, p.heartbeat FROM klokker_run r LEFT JOIN klokker_process p ON p.id = r.claimed_by
        WHERE r.state = 'claimed'
          AND (r.lease_until < %(now)s OR (p.heartbeat > %(ahead)s AND r.lease_until > p.heartbeat))
        ORDER BY +r.id LIMIT %(limit)s
        """,
        {"now": now, "ahead": now + AHEAD, "limit": limit},
    )
    return {row.run: row for row in rows}


def _rescue(
    db: Database, leases: Mapping[int, _LeaseRow], now: datetime, judge: Callable[[Expired], Verdict]
) -> list[Rescued]:
    """End the attempts of those of these claims whose lease ran out, and set other leases right; in one transaction."""
    rescued: list[Rescued] = []
    closings: list[Closing] = []
    waits: list[Rewaiting] = []
    unbegun: list[int] = []
    right: list[tuple[int, datetime]] = []
    for run in hold(db, leases, skip_locked=True).values():
        if run.state is not RunState.CLAIMED or run.lease_until is None:
            continue
        if run.lease_until >= now:
            seen = leases[run.id]
            # Another one now: its process has renewed it meanwhile.
            if run.lease_until == seen.lease_until and seen.heartbeat is not None:
                until = set_right(seen.lease_until, seen.heartbeat, now)
                right += [(run.id, until)] if until is not None else []
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
    _set_right(db, right)
    queue_again(db, unbegun)
    close(db, closings)
    wait_again(db, waits)
    return rescued


def _set_right(db: Database, leases: Sequence[tuple[int, datetime]]) -> None:
    """Claims, held, get these ends of their leases."""
    if leases:
        table = db.table("its", {"run": Kind.INTEGER, "lease_until": Kind.MOMENT}, leases)
        db.do(
            f"UPDATE klokker_run SET lease_until = its.lease_until FROM {table.sql} WHERE klokker_run.id = its.run",
            None,
            table,
        )


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
