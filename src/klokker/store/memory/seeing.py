"""What is shown of a row to those who look at runs."""

from datetime import datetime

from klokker.core.lifecycle import Outcome, RunKind, RunState
from klokker.store.memory.rows import RunRow
from klokker.store.memory.tables import Tables
from klokker.store.seen import SeenAttempt, SeenRun


def seen(row: RunRow) -> SeenRun:
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
        args=row.args,
        kwargs=row.kwargs,
        holds_turn=row.holds_turn,
        process=row.process if row.state is RunState.CLAIMED else "",
        token=row.token,
        cancel_asked=row.cancel_asked_by is not None,
        asked_by=row.asked_by,
        retry_of=row.retry_of,
        started=row.started,
        finished=row.finished,
        result=row.result,
        counts=row.counts,
        error=row.error,
        done=row.done,
        total=row.total,
        log=row.log.lines(),
        attempts=tuple(
            SeenAttempt(each.number, each.process, each.outcome, each.started, each.finished, each.error)
            for each in row.attempts
        ),
    )


def covered(tables: Tables, schedule: int, after: datetime, until: datetime) -> frozenset[tuple[str, datetime]]:
    return frozenset(
        (row.node, occurrence)
        for row in tables.runs_of[schedule].values()
        if row.kind is not RunKind.DRY
        and (occurrence := row.nominal or row.for_nominal) is not None
        and after < occurrence <= until
        and (row.state is not RunState.DONE or row.outcome is Outcome.SUCCEEDED)
    )
