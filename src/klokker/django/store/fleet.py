"""Who is there? Nodes, processes and lanes."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from klokker.django.store import claiming, making
from klokker.django.store.database import Database
from klokker.django.store.dialect import Kind
from klokker.store.contract import Held, Lane, Node, ProcessInfo
from klokker.store.errors import NoSuchProcess

# ── nodes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def enrol(db: Database, node: str, now: datetime) -> bool:
    """Make the node known, or a retired one known again; whether that was news."""
    table = db.table("new", {"its_name": Kind.TEXT, "its_since": Kind.MOMENT}, [(node, now)])
    return bool(
        db.plain_rows(
            f"""
            INSERT INTO klokker_node (name, since) SELECT its_name, its_since FROM {table.sql} WHERE TRUE
            ON CONFLICT (name) DO UPDATE SET since = excluded.since, retired = NULL
            WHERE klokker_node.retired IS NOT NULL
            RETURNING name
            """,
            None,
            table,
        )
    )


def retire_node(db: Database, node: str, now: datetime) -> bool:
    """Whether it was enrolled."""
    retired = "UPDATE klokker_node SET retired = %(now)s WHERE name = %(node)s AND retired IS NULL"
    return db.do(retired, {"node": node, "now": now}) > 0


def ticked(db: Database, node: str, now: datetime) -> None:
    """The node's last tick; it never goes back. The two before it are kept: they tell the pace."""
    db.do(
        """
        UPDATE klokker_node SET ticked_earlier = ticked_before, ticked_before = ticked_at, ticked_at = %(now)s
        WHERE name = %(node)s AND (ticked_at IS NULL OR ticked_at < %(now)s)
        """,
        {"node": node, "now": now},
    )


class _NodeRow(NamedTuple):
    name: str
    since: datetime
    retired: datetime | None
    ticked_at: datetime | None


_NODES = "SELECT n.name, n.since, n.retired, n.ticked_at FROM klokker_node n"


def nodes(db: Database) -> list[Node]:
    """All nodes by name, as Python orders text: databases have collations of their own."""
    return sorted((Node(*row) for row in db.rows(_NodeRow, _NODES)), key=lambda node: node.name)


def previous_tick(db: Database, node: str) -> datetime | None:
    """When the node ticked last."""
    rows = db.rows(_NodeRow, f"{_NODES} WHERE n.name = %(node)s", {"node": node})
    return rows[0].ticked_at if rows else None


# ── processes ───────────────────────────────────────────────────────────────────────────────────────────────────────


def arrive(db: Database, process: ProcessInfo, now: datetime) -> None:
    """Register a process; one that arrives anew is the same."""
    table = db.table(
        "new",
        {
            "its_id": Kind.TEXT,
            "its_node": Kind.TEXT,
            "its_roles": Kind.JSON,
            "its_host": Kind.TEXT,
            "its_pid": Kind.INTEGER,
            "its_version": Kind.TEXT,
            "its_time_data": Kind.TEXT,
            "its_tasks": Kind.JSON,
            "its_lanes": Kind.JSON,
            "its_arrival": Kind.MOMENT,
        },
        [
            (
                process.id,
                process.node,
                making.json_text(sorted(process.roles)),
                process.host,
                process.pid,
                process.version,
                process.time_data,
                making.json_text(sorted(process.tasks)),
                making.json_text(dict(process.lanes)),
                now,
            )
        ],
    )
    db.do(
        f"""
        INSERT INTO klokker_process (id, node, roles, host, pid, version, time_data, tasks, lanes, arrived_at, heartbeat)
        SELECT its_id, its_node, its_roles, its_host, its_pid, its_version, its_time_data, its_tasks, its_lanes,
               its_arrival, its_arrival
        FROM {table.sql} WHERE TRUE
        ON CONFLICT (id) DO UPDATE SET
            node = excluded.node, roles = excluded.roles, host = excluded.host, pid = excluded.pid,
            version = excluded.version, time_data = excluded.time_data, tasks = excluded.tasks,
            lanes = excluded.lanes, heartbeat = excluded.heartbeat, left_at = NULL
        """,
        None,
        table,
    )


def renew(
    db: Database,
    process: str,
    now: datetime,
    *,
    lease: timedelta,
    claims: Collection[tuple[int, int]],
    ticked_at: datetime | None,
) -> Held:
    """A sign of life, and longer leases; in one transaction. Raises NoSuchProcess."""
    rows = db.plain_rows(
        "UPDATE klokker_process SET heartbeat = %(now)s WHERE id = %(process)s AND left_at IS NULL RETURNING node",
        {"process": process, "now": now},
    )
    if not rows:
        raise NoSuchProcess(process)
    if ticked_at is not None:
        db.do(
            "UPDATE klokker_process SET ticked_at = %(at)s WHERE id = %(process)s",
            {"process": process, "at": ticked_at},
        )
        ticked(db, str(rows[0][0]), ticked_at)
    asked = claiming.renew(db, process, claims, now + lease)
    mine = frozenset(asked)
    return Held(
        mine=mine,
        cancel_asked=frozenset(run for run, cancel in asked.items() if cancel),
        lost=frozenset(run for run, _ in claims) - mine,
    )


def leave(db: Database, process: str, now: datetime) -> None:
    """What it holds unbegun is anybody's again; in one transaction."""
    db.do(
        """
        UPDATE klokker_run SET state = 'queued', claimed_by = '', lease_until = NULL
        WHERE state = 'claimed' AND claimed_by = %(process)s AND started IS NULL
        """,
        {"process": process},
    )
    db.do(
        "UPDATE klokker_process SET left_at = %(now)s WHERE id = %(process)s AND left_at IS NULL",
        {"process": process, "now": now},
    )


def forget_silent(db: Database, before: datetime) -> None:
    """Processes that were not heard of since then, and hold nothing."""
    db.do(
        """
        DELETE FROM klokker_process
        WHERE heartbeat < %(before)s AND NOT EXISTS (
            SELECT 1 FROM klokker_run r WHERE r.state = 'claimed' AND r.claimed_by = klokker_process.id)
        """,
        {"before": before},
    )


# ── lanes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class _LaneRow(NamedTuple):
    name: str
    limit: int | None
    paused: bool
    description: str


def lanes(db: Database) -> list[Lane]:
    """The lanes that were configured, by name."""
    rows = db.rows(_LaneRow, 'SELECT l.name, l."limit", l.paused, l.description FROM klokker_lane l')
    return sorted((Lane(*row) for row in rows), key=lambda lane: lane.name)


def set_lane(db: Database, lane: Lane) -> None:
    """Make or change a lane."""
    table = db.table(
        "new",
        {"its_name": Kind.TEXT, "its_limit": Kind.INTEGER, "its_pause": Kind.YES_NO, "its_description": Kind.TEXT},
        [(lane.name, lane.limit, lane.paused, lane.description)],
    )
    db.do(
        f"""
        INSERT INTO klokker_lane (name, "limit", paused, description)
        SELECT its_name, its_limit, its_pause, its_description FROM {table.sql} WHERE TRUE
        ON CONFLICT (name) DO UPDATE SET
            "limit" = excluded."limit", paused = excluded.paused, description = excluded.description
        """,
        None,
        table,
    )
