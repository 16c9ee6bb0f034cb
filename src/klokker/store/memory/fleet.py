"""Nodes, processes and lanes."""

from collections.abc import Collection
from datetime import datetime, timedelta

from klokker.store.contract import Held, Lane, Node, ProcessInfo
from klokker.store.errors import NoSuchProcess
from klokker.store.memory.claiming import renewed
from klokker.store.memory.ending import give_back
from klokker.store.memory.rows import NodeRow, ProcessRow
from klokker.store.memory.tables import Tables


def enrol(tables: Tables, name: str, now: datetime) -> bool:
    node = tables.nodes.get(name)
    if node is not None and node.retired is None:
        return False
    tables.nodes[name] = NodeRow(name, since=now, ticked_at=node.ticked_at if node else None)
    return True


def retire_node(tables: Tables, name: str, now: datetime) -> bool:
    node = tables.nodes.get(name)
    if node is None or node.retired is not None:
        return False
    node.retired = now
    return True


def ticked(tables: Tables, name: str, now: datetime) -> None:
    node = tables.nodes.get(name)
    if node is not None:
        node.ticked_at = max(now, node.ticked_at or now)


def node_value(node: NodeRow) -> Node:
    return Node(node.name, node.since, node.retired, node.ticked_at)


def arrive(tables: Tables, process: ProcessInfo, now: datetime) -> None:
    tables.processes[process.id] = ProcessRow(process.id, process.node, heard=now)


def renew(
    tables: Tables,
    process_id: str,
    now: datetime,
    *,
    lease: timedelta,
    claims: Collection[tuple[int, int]],
    ticked_at: datetime | None,
) -> Held:
    process = tables.processes.get(process_id)
    if process is None:
        raise NoSuchProcess(process_id)
    process.heard = now
    if ticked_at is not None:
        ticked(tables, process.node, ticked_at)
    runs = renewed(tables, process_id, claims, now + lease)
    mine = frozenset(run.id for run in runs)
    return Held(
        mine=mine,
        cancel_asked=frozenset(run.id for run in runs if run.cancel_asked_by is not None),
        lost=frozenset(run for run, _ in claims) - mine,
    )


def leave(tables: Tables, process_id: str) -> None:
    for run in list(tables.claimed.values()):
        if run.process == process_id and run.started is None:
            give_back(tables, run)
    tables.processes.pop(process_id, None)


def forget_silent_processes(tables: Tables, now: datetime) -> None:
    """Processes that were not heard of for a day, and hold nothing."""
    holding = {run.process for run in tables.claimed.values()}
    silent = [row.id for row in tables.processes.values() if now - row.heard > timedelta(days=1)]
    for process_id in silent:
        if process_id not in holding:
            del tables.processes[process_id]


def lanes(tables: Tables) -> list[Lane]:
    return sorted(tables.lanes.values(), key=lambda lane: lane.name)
