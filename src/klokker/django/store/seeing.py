"""What may be seen of runs? One as it stands, and which occurrences need not run again."""

import json
from datetime import datetime
from typing import NamedTuple

from klokker.core.lifecycle import Outcome, RunKind, RunState
from klokker.django.store.database import Database
from klokker.django.store.strange import KIND, STATE
from klokker.store.runlog import RunLog
from klokker.store.seen import SeenAttempt, SeenRun


class _RunRow(NamedTuple):
    id: int
    kind: RunKind
    state: RunState
    outcome: Outcome | None
    schedule: int | None
    revision: int | None
    node: str
    nominal: datetime | None
    for_nominal: datetime | None
    planned: datetime
    start_before: datetime | None
    lane: str
    order: int
    task: str
    args: str
    kwargs: str
    turn: str | None
    process: str
    token: int
    cancel_asked_at: datetime | None
    asked_by: str
    retry_of: int | None
    started: datetime | None
    finished: datetime | None
    result: str | None
    counts: str
    error: str
    done: int | None
    total: int | None
    head: str | None
    tail: str | None
    left_out: int | None


class _AttemptRow(NamedTuple):
    number: int
    process: str
    outcome: Outcome
    started: datetime
    finished: datetime
    error: str


def run(db: Database, run: int) -> SeenRun | None:
    """The run as it stands; None when there is none of this id."""
    rows = db.rows(
        _RunRow,
        f"""
        SELECT r.id, {KIND}, {STATE}, NULLIF(r.outcome, ''), r.schedule_id, r.revision, r.node, r.nominal, r.for_nominal, r.planned,
               r.start_before, r.lane, r."order", r.task, r.args, r.kwargs, r.turn, r.claimed_by, r.token,
               r.cancel_asked_at, r.asked_by, r.retry_of, r.started, r.finished, r.result, r.counts, r.error,
               r.progress_done, r.progress_total, l.head, l.tail, l.left_out
        FROM klokker_run r LEFT JOIN klokker_runlog l ON l.run_id = r.id WHERE r.id = %(run)s
        """,
        {"run": run},
    )
    if not rows:
        return None
    (row,) = rows
    attempts = db.rows(
        _AttemptRow,
        """
        SELECT a.number, a.process, a.outcome, a.started, a.finished, a.error FROM klokker_attempt a
        WHERE a.run_id = %(run)s ORDER BY a.token
        """,
        {"run": run},
    )
    return SeenRun(
        id=row.id,
        kind=row.kind,
        state=row.state,
        outcome=row.outcome,
        schedule=row.schedule,
        revision=row.revision,
        node=row.node,
        nominal=row.nominal,
        for_nominal=row.for_nominal,
        planned=row.planned,
        start_before=row.start_before,
        lane=row.lane,
        order=row.order,
        task=row.task,
        args=json.loads(row.args),
        kwargs=json.loads(row.kwargs),
        holds_turn=row.turn is not None,
        process=row.process if row.state is RunState.CLAIMED else "",
        token=row.token,
        cancel_asked=row.cancel_asked_at is not None,
        asked_by=row.asked_by,
        retry_of=row.retry_of,
        started=row.started,
        finished=row.finished,
        result=None if row.result is None else json.loads(row.result),
        counts=json.loads(row.counts),
        error=row.error,
        done=row.done,
        total=row.total,
        log=RunLog(row.head or "", row.tail or "", row.left_out or 0).lines(),
        attempts=[SeenAttempt(*attempt) for attempt in attempts],
    )


class _Covered(NamedTuple):
    node: str
    occurrence: datetime


def covered(db: Database, schedule: int, after: datetime, until: datetime) -> frozenset[tuple[str, datetime]]:
    """(node, nominal) of the occurrences in (after, until] that succeeded or are under way, whatever kind of run did it."""
    rows = db.rows(
        _Covered,
        """
        SELECT r.node, COALESCE(r.nominal, r.for_nominal) FROM klokker_run r
        WHERE r.schedule_id = %(schedule)s AND r.kind <> 'dry run'
          AND COALESCE(r.nominal, r.for_nominal) > %(after)s AND COALESCE(r.nominal, r.for_nominal) <= %(until)s
          AND (NOT (r.state = 'done') OR r.outcome = 'succeeded')
        """,
        {"schedule": schedule, "after": after, "until": until},
    )
    return frozenset((row.node, row.occurrence) for row in rows)
