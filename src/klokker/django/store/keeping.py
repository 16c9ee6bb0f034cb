"""What was decided for one schedule? Everything, in one consistent read."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from klokker.core.lifecycle import DismissalReason, Outcome, RunState
from klokker.django.store import definitions, schedules
from klokker.django.store.database import Database
from klokker.django.store.dialect import Kind, Value
from klokker.store.contract import Ledger, LedgerRun, Tally

OUTCOMES = {outcome: outcome.value.replace(" ", "_") for outcome in Outcome}
"""Outcome → its column in the tally."""

REASONS = {reason: reason.value for reason in DismissalReason}
"""Reason of a dismissal → its column in the tally."""


class _RunRow(NamedTuple):
    id: int
    node: str
    revision: int
    nominal: datetime
    state: RunState
    outcome: Outcome | None
    finished: datetime | None


def ledger(db: Database, schedule: int) -> Ledger:
    """The ledger of a schedule; to be read within a snapshot, or a transaction. Raises NoSuchSchedule."""
    found = schedules.by_id(db, schedule)
    runs = db.rows(
        _RunRow,
        """
        SELECT r.id, r.node, r.revision, r.nominal, r.state, NULLIF(r.outcome, ''), r.finished FROM klokker_run r
        WHERE r.schedule_id = %(schedule)s AND r.nominal IS NOT NULL AND r.revision IS NOT NULL ORDER BY r.id
        """,
        {"schedule": schedule},
    )
    return Ledger(
        schedule=found,
        revisions=schedules.revisions_of(db, schedule, found.revision.definition),
        spans=[definitions.span(row) for row in definitions.timer_rows(db, schedule)],
        runs=[LedgerRun(*row) for row in runs],
        dismissals=definitions.dismissals(db, schedule),
        tallies=tallies(db, schedule),
    )


def tallies(db: Database, schedule: int) -> list[Tally]:
    """The sealed days of a schedule, oldest first."""
    columns = [*OUTCOMES.values(), *REASONS.values()]
    rows = db.plain_rows(
        f"""
        SELECT y.node, y.revision, y.day, {", ".join(f"y.{column}" for column in columns)} FROM klokker_tally y
        WHERE y.schedule_id = %(schedule)s ORDER BY y.day, y.node, y.revision
        """,
        {"schedule": schedule},
    )
    return [_tally(db, row[0], row[1], row[2], dict(zip(columns, row[3:], strict=True))) for row in rows]


def _tally(db: Database, node: object, revision: object, day: object, counts: dict[str, object]) -> Tally:
    return Tally(
        node=str(node),
        revision=int(str(revision)),
        day=db.dialect.moment(day),
        runs={outcome: number for outcome, column in OUTCOMES.items() if (number := int(str(counts[column])))},
        dismissals={reason: number for reason, column in REASONS.items() if (number := int(str(counts[column])))},
    )


def write_tallies(db: Database, schedule: int, name: str, sealed: list[Tally], now: datetime) -> None:
    """What stands for the days that these tallies seal."""
    counted = [*OUTCOMES.values(), *REASONS.values()]
    columns = {
        "its_schedule": Kind.INTEGER,
        "its_name": Kind.TEXT,
        "its_node": Kind.TEXT,
        "its_revision": Kind.INTEGER,
        "its_day": Kind.MOMENT,
        "its_seal": Kind.MOMENT,
        **{f"its_{column}": Kind.INTEGER for column in counted},
    }
    rows: list[Sequence[Value]] = [
        (
            schedule,
            name,
            tally.node,
            tally.revision,
            tally.day,
            now,
            *(tally.runs.get(outcome, 0) for outcome in OUTCOMES),
            *(tally.dismissals.get(reason, 0) for reason in REASONS),
        )
        for tally in sealed
    ]
    table = db.table("sealed", columns, rows)
    db.do(
        f"""
        INSERT INTO klokker_tally (schedule_id, schedule_name, node, revision, day, sealed_at, {", ".join(counted)})
        SELECT {", ".join(columns)} FROM {table.sql}
        """,
        None,
        table,
    )
