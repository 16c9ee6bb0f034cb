"""How are dismissals written, carried on, and cut?"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from klokker.core.definition import Definition
from klokker.core.plan import Dismissal
from klokker.django.store.database import Database
from klokker.django.store.dialect import Kind
from klokker.store.contract import Cut


class Placed(NamedTuple):
    """A dismissal, and whose it is."""

    schedule: int
    node: str
    dismissal: Dismissal


_COLUMNS = {
    "schedule": Kind.INTEGER,
    "node": Kind.TEXT,
    "revision": Kind.INTEGER,
    "after": Kind.MOMENT,
    "until": Kind.MOMENT,
    "count": Kind.INTEGER,
    "reason": Kind.TEXT,
    "prune_after": Kind.MOMENT,
    "extends": Kind.INTEGER,
}


def write(db: Database, placed: Sequence[Placed], definitions: Mapping[tuple[int, int], Definition]) -> None:
    """Write these; one that extends another grows that one. `definitions` holds the revision of each."""
    extending = [each for each in placed if each.dismissal.extends is not None]
    extended = set(_extend(db, extending, definitions)) if extending else set()
    new = [each for each in placed if each.dismissal.extends not in extended]
    if not new:
        return
    # Its names are those of PostgreSQL's and SQLite's own words for the columns: quoted, they are names in both.
    rows = db.table("made", {f"its_{name}": kind for name, kind in _COLUMNS.items()}, _rows(new, definitions))
    db.do(
        f"""
        INSERT INTO klokker_dismissal (schedule_id, node, revision, after, until, count, reason, prune_after)
        SELECT its_schedule, its_node, its_revision, its_after, its_until, its_count, its_reason, its_prune_after
        FROM {rows.sql}
        """,
        None,
        rows,
    )


def _extend(db: Database, placed: Sequence[Placed], definitions: Mapping[tuple[int, int], Definition]) -> list[int]:
    """Grow dismissals; the ids of those that still were there."""
    rows = db.table("more", {f"its_{name}": kind for name, kind in _COLUMNS.items()}, _rows(placed, definitions))
    return db.ids(
        f"""
        UPDATE klokker_dismissal
        SET until = more.its_until, prune_after = more.its_prune_after, count = klokker_dismissal.count + more.its_count
        FROM {rows.sql}
        WHERE klokker_dismissal.id = more.its_extends
        RETURNING klokker_dismissal.id
        """,
        None,
        rows,
    )


def _rows(
    placed: Sequence[Placed], definitions: Mapping[tuple[int, int], Definition]
) -> list[tuple[int, str, int, datetime, datetime, int | None, str, datetime, int | None]]:
    return [
        (
            schedule,
            node,
            dismissal.revision,
            dismissal.after,
            dismissal.until,
            dismissal.count,
            dismissal.reason,
            definitions[schedule, dismissal.revision].retention.dismissal_prune_after(dismissal.until),
            dismissal.extends,
        )
        for schedule, node, dismissal in placed
    ]


def cut(db: Database, cuts: Sequence[Cut]) -> None:
    """Shorten dismissals; one of which nothing is left goes."""
    if not cuts:
        return
    rows = db.table(
        "shorter",
        {"dismissal": Kind.INTEGER, "its_until": Kind.MOMENT, "its_count": Kind.INTEGER},
        [(each.dismissal, each.until, each.count) for each in cuts],
    )
    db.do(
        f"""
        UPDATE klokker_dismissal SET until = shorter.its_until, count = shorter.its_count
        FROM {rows.sql} WHERE klokker_dismissal.id = shorter.dismissal
        """,
        None,
        rows,
    )
    db.do(
        f"DELETE FROM klokker_dismissal WHERE id {db.dialect.among('cut', Kind.INTEGER)} AND until <= after",
        {"cut": [each.dismissal for each in cuts]},
    )
