"""Which runs are at hand? Locked with their timers, as far as ending them needs."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from klokker.core.lifecycle import RunKind, RunState
from klokker.core.verdict import Attempt
from klokker.django.store import policies
from klokker.django.store.database import Database
from klokker.django.store.dialect import Kind
from klokker.django.store.strange import KIND, STATE


class HeldRun(NamedTuple):
    """A run, locked, as far as ending it needs."""

    id: int
    state: RunState
    kind: RunKind
    schedule: int | None
    node: str
    policies: str
    process: str
    token: int
    ended_token: int | None
    lease_until: datetime | None
    first_started: datetime | None
    started: datetime | None
    failed: int
    lost: int
    cancel_asked_at: datetime | None
    retired: bool
    """Its schedule is retired."""
    last: bool
    """Its schedule goes once a run of it has succeeded."""

    @property
    def begun(self) -> bool:
        """Is an attempt under way?"""
        return self.state is RunState.CLAIMED and self.started is not None

    def attempt(self, now: datetime) -> Attempt:
        """The attempt at hand, as far as judging it needs. One that has not begun counts from now."""
        return Attempt(
            run=self.id,
            number=self.failed + self.lost + 1,
            failed=self.failed,
            lost=self.lost,
            terms=policies.terms(self.policies),
            first_started=self.first_started or now,
            cancel_asked=self.cancel_asked_at is not None,
        )


def hold(db: Database, runs: Collection[int], *, skip_locked: bool = False) -> dict[int, HeldRun]:
    """Lock these runs, their timers first; those that exist, by id."""
    ids = sorted(set(runs))
    named = {"runs": ids}
    among = db.dialect.among("runs", Kind.INTEGER)
    if db.dialect.locks_rows:
        db.ids(
            f"""
            SELECT t.id FROM klokker_timer t
            WHERE t.id IN (
                SELECT own.id FROM klokker_run r JOIN klokker_timer own
                ON own.schedule_id = r.schedule_id AND own.node = r.node
                WHERE r.id {among} AND r.nominal IS NOT NULL)
            ORDER BY t.id {db.dialect.for_update}
            """,
            named,
        )
    rows = db.rows(
        HeldRun,
        f"""
        SELECT r.id, {STATE}, {KIND}, r.schedule_id, r.node, r.policies, r.claimed_by, r.token,
               r.ended_token, r.lease_until, r.first_started, r.started, r.failed, r.lost, r.cancel_asked_at,
               COALESCE(s.state, '') = 'retired',
               COALESCE(s.after_success, '') = 'delete' AND COALESCE(s.state, '') <> 'retired'
        FROM klokker_run r LEFT JOIN klokker_schedule s ON s.id = r.schedule_id
        WHERE r.id {among}
        ORDER BY r.id {db.dialect.for_update_of("r", skip_locked=skip_locked)}
        """,
        named,
    )
    return {row.id: row for row in rows}
