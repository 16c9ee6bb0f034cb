"""What did runs log? Lines, added to what is kept of them."""

from collections.abc import Sequence
from typing import NamedTuple

from klokker.django.store.database import Database
from klokker.django.store.dialect import Kind
from klokker.store.runlog import RunLog


class _LogRow(NamedTuple):
    run: int
    head: str
    tail: str
    left_out: int


def write_logs(db: Database, logs: Sequence[tuple[int, Sequence[str]]]) -> None:
    """Add lines to the logs of runs that are held."""
    new = {run: lines for run, lines in logs if lines}
    if not new:
        return
    rows = db.rows(
        _LogRow,
        f"""
        SELECT l.run_id, l.head, l.tail, l.left_out FROM klokker_runlog l
        WHERE l.run_id {db.dialect.among("runs", Kind.INTEGER)}
        """,
        {"runs": sorted(new)},
    )
    kept = {row.run: RunLog(row.head, row.tail, row.left_out) for row in rows}
    written = [(run, kept.get(run, RunLog()).plus(lines)) for run, lines in sorted(new.items())]
    table = db.table(
        "said",
        {"run": Kind.INTEGER, "its_head": Kind.TEXT, "its_tail": Kind.TEXT, "its_gap": Kind.INTEGER},
        [(run, log.head, log.tail, log.left_out) for run, log in written],
    )
    db.do(
        f"""
        INSERT INTO klokker_runlog (run_id, head, tail, left_out)
        SELECT run, its_head, its_tail, its_gap FROM {table.sql} WHERE TRUE
        ON CONFLICT (run_id) DO UPDATE
        SET head = excluded.head, tail = excluded.tail, left_out = excluded.left_out
        """,
        None,
        table,
    )
