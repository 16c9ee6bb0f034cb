"""How a process takes runs, and says of them that they have begun, go on, or go back."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from klokker.core.lifecycle import Outcome, RunKind, RunState
from klokker.core.verdict import Terms
from klokker.store.contract import Claim, Lane
from klokker.store.errors import NoSuchProcess
from klokker.store.memory.ending import attempt_of, end_run, give_back
from klokker.store.memory.rows import ProcessRow, RunRow
from klokker.store.memory.tables import Tables
from klokker.store.terms import settled


def claim(
    tables: Tables,
    process_id: str,
    now: datetime,
    *,
    lanes: Mapping[str, int],
    known: Mapping[str, Terms],
    lease: timedelta,
    ahead: int,
    only: Collection[int] | None,
) -> list[Claim]:
    process = tables.processes.get(process_id)
    if process is None:
        raise NoSuchProcess(process_id)
    claims: list[Claim] = []
    for lane, free in lanes.items():
        room = _room(tables, lane)
        begun = 0
        for run in _claimable(tables, lane, process, known, now):
            if room is not None and room <= 0:
                break
            if only is not None and run.id not in only:
                continue
            begins = begun < free
            terms = run.terms or settled(run.definition, known[run.task])
            if not begins and (ahead <= 0 or not terms.repeatable):
                if ahead <= 0:
                    break
                continue
            run.terms = terms
            claims.append(_take(tables, run, process, now, lease, begins=begins))
            begun += begins
            ahead -= not begins
            room = None if room is None else room - 1
    return claims


def queued_lanes(tables: Tables, node: str) -> list[str]:
    return sorted(
        lane
        for lane, queued in tables.queued.items()
        if any(tables.runs[run_id].node in ("", node) for *_, run_id in queued)
    )


def _room(tables: Tables, name: str) -> int | None:
    """How many more runs of this lane may be claimed now, over all nodes; None: as many as there are."""
    lane = tables.lanes.get(name, Lane(name))
    if lane.paused:
        return 0
    if lane.limit is None:
        return None
    return lane.limit - sum(run.lane == name for run in tables.claimed.values())


def _claimable(
    tables: Tables, lane: str, process: ProcessRow, known: Mapping[str, Terms], now: datetime
) -> Iterator[RunRow]:
    """Queued runs of the lane that this process may run, in the order of claims. Those that came too late end here."""
    for *_, run_id in list(tables.queued[lane]):
        run = tables.runs[run_id]
        if run.expired(now):
            end_run(tables, run, Outcome.EXPIRED, now)
        elif run.task in known and run.node in ("", process.node):
            yield run


def _take(tables: Tables, run: RunRow, process: ProcessRow, now: datetime, lease: timedelta, *, begins: bool) -> Claim:
    tables.move(run, RunState.CLAIMED)
    run.token += 1
    run.process, run.lease_until = process.id, now + lease
    run.started = now if begins else None
    if begins:
        run.first_started = run.first_started or now
    return _claim_value(tables, run, now)


def _claim_value(tables: Tables, run: RunRow, now: datetime) -> Claim:
    return Claim(
        run=run.id,
        token=run.token,
        attempt=attempt_of(run, now),
        kind=run.kind,
        schedule=run.schedule,
        schedule_name=tables.schedules[run.schedule].definition.name if run.schedule is not None else "",
        node=run.node,
        lane=run.lane,
        task=run.task,
        args=run.args,
        kwargs=run.kwargs,
        nominal=run.nominal,
        previous_nominal=run.previous_nominal,
        planned=run.planned,
        dry_run=run.kind is RunKind.DRY,
        started=run.started,
    )


def recall(tables: Tables, process: str, holding: Collection[int], now: datetime) -> list[Claim]:
    return [
        _claim_value(tables, run, now)
        for run in tables.claimed.values()
        if run.process == process and run.id not in holding
    ]


def begin(tables: Tables, process: str, runs: Collection[tuple[int, int]], now: datetime) -> frozenset[int]:
    mine = _held(tables, process, runs)
    for run in mine:
        run.started = run.started or now
        run.first_started = run.first_started or now
    return frozenset(run.id for run in mine)


def give_back_unbegun(tables: Tables, process: str, runs: Collection[tuple[int, int]]) -> int:
    unbegun = [run for run in _held(tables, process, runs) if run.started is None]
    for run in unbegun:
        give_back(tables, run)
    return len(unbegun)


def _held(tables: Tables, process: str, runs: Collection[tuple[int, int]]) -> list[RunRow]:
    """Those of these (run, token) pairs that the process holds."""
    return [
        run
        for run_id, token in runs
        if (run := tables.claimed.get(run_id)) is not None and (run.token, run.process) == (token, process)
    ]


def renewed(tables: Tables, process: str, runs: Collection[tuple[int, int]], lease_until: datetime) -> list[RunRow]:
    """Renew the leases of those that the process still holds."""
    mine = _held(tables, process, runs)
    for run in mine:
        run.lease_until = lease_until
    return mine


def progress(tables: Tables, run_id: int, token: int, done: int | None, total: int | None, log: Sequence[str]) -> bool:
    run = tables.claimed.get(run_id)
    if run is None or run.token != token:
        return False
    if done is not None:
        run.done, run.total = done, total
    run.log = run.log.plus(log)
    return True
