"""How do runs come to be? In one statement for a batch, each waiting, or queued at once where its time and turn have come."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from klokker.core.definition import Definition, Json
from klokker.core.lifecycle import RunKind, RunState
from klokker.core.plan import PlannedRun
from klokker.core.result import as_result
from klokker.django.store import policies, schedules
from klokker.django.store.database import Database
from klokker.django.store.dialect import Kind
from klokker.django.store.timers import TimerRow
from klokker.store.contract import MadeRun, NewRun

NOT_HELD_BACK = """
    (s.id IS NULL OR s.state <> 'paused' OR r.kind IN ('manual', 'dry run'))
"""
"""A paused schedule `s` keeps its waiting run `r`, but not what a person asks for by name."""


def turn_key(schedule: int, node: str) -> str:
    """The turn of this schedule and node, as it stands in the columns `turn_key` and `turn`."""
    return f"{schedule}:{node}"


@dataclass(frozen=True, slots=True)
class Seed:
    """A run to make. `ready`: queue it at once, if its turn is free and nobody waits for it."""

    kind: RunKind
    task: str
    args: Sequence[Json]
    kwargs: object
    planned: datetime
    node: str
    lane: str
    order: int
    ready: bool
    takes_turn: bool
    schedule: int | None = None
    revision: int | None = None
    nominal: datetime | None = None
    previous_nominal: datetime | None = None
    for_nominal: datetime | None = None
    start_before: datetime | None = None
    policies: str = policies.NOTHING_SETTLED
    asked_by: str = ""
    retry_of: int | None = None


class _Made(NamedTuple):
    id: int
    state: RunState


@dataclass(frozen=True, slots=True)
class Made:
    """The runs that were made, in the order of their seeds, and whether one of them may be claimed already."""

    runs: Sequence[MadeRun]
    queued: bool


_COLUMNS = {
    "place": Kind.INTEGER,
    "its_schedule": Kind.INTEGER,
    "its_revision": Kind.INTEGER,
    "its_node": Kind.TEXT,
    "its_kind": Kind.TEXT,
    "its_nominal": Kind.MOMENT,
    "its_previous": Kind.MOMENT,
    "its_for_nominal": Kind.MOMENT,
    "its_planned": Kind.MOMENT,
    "its_start_before": Kind.MOMENT,
    "its_turn": Kind.TEXT,
    "its_lane": Kind.TEXT,
    "its_order": Kind.INTEGER,
    "its_task": Kind.TEXT,
    "its_args": Kind.JSON,
    "its_kwargs": Kind.JSON,
    "its_policies": Kind.JSON,
    "its_asker": Kind.TEXT,
    "its_retry_of": Kind.INTEGER,
    "its_ready": Kind.YES_NO,
}

_FREE = f"""
    made.its_ready AND (made.its_turn IS NULL OR (
        NOT EXISTS (SELECT 1 FROM klokker_run h WHERE h.turn = made.its_turn)
        AND NOT EXISTS (
            SELECT 1 FROM klokker_run r LEFT JOIN klokker_schedule s ON s.id = r.schedule_id
            WHERE r.state = 'waiting' AND r.turn_key = made.its_turn AND r.planned <= %(now)s AND {NOT_HELD_BACK}
              AND (r.kind <> 'backfill' OR made.its_kind = 'backfill'))))
"""
"""Its turn is free, and nobody waits who comes before it."""


def make(db: Database, seeds: Sequence[Seed], now: datetime) -> Made:
    """Make these runs. Of those that are `ready`, no two may need the same turn."""
    if not seeds:
        return Made((), queued=False)
    table = db.table("made", _COLUMNS, [_row(place, seed) for place, seed in enumerate(seeds)])
    rows = db.rows(
        _Made,
        f"""
        INSERT INTO klokker_run (
            schedule_id, revision, node, kind, nominal, previous_nominal, for_nominal, planned, start_before,
            turn_key, lane, "order", task, args, kwargs, policies, asked_by, retry_of, state, turn)
        SELECT its_schedule, its_revision, its_node, its_kind, its_nominal, its_previous, its_for_nominal,
               its_planned, its_start_before, its_turn, its_lane, its_order, its_task, its_args, its_kwargs,
               its_policies, its_asker, its_retry_of,
               CASE WHEN {_FREE} THEN 'queued' ELSE 'waiting' END,
               CASE WHEN {_FREE} THEN its_turn END
        FROM {table.sql}
        ORDER BY made.place
        RETURNING id, state
        """,
        {"now": now},
        table,
    )
    # Ids are given in the order of the SELECT; an answer may come in another one.
    rows.sort(key=lambda row: row.id)
    return Made(
        [
            MadeRun(row.id, seed.schedule, seed.node, seed.nominal, seed.planned)
            for row, seed in zip(rows, seeds, strict=True)
        ],
        queued=any(row.state is RunState.QUEUED for row in rows),
    )


def _row(place: int, seed: Seed) -> tuple[None | bool | int | str | datetime, ...]:
    turn = turn_key(seed.schedule, seed.node) if seed.takes_turn and seed.schedule is not None else None
    return (
        place,
        seed.schedule,
        seed.revision,
        seed.node,
        seed.kind,
        seed.nominal,
        seed.previous_nominal,
        seed.for_nominal,
        seed.planned,
        seed.start_before,
        turn,
        seed.lane,
        seed.order,
        seed.task,
        json_text(list(seed.args)),
        json_text(seed.kwargs),
        seed.policies,
        seed.asked_by,
        seed.retry_of,
        seed.ready,
    )


def json_text(value: object) -> str:
    """`value` as JSON that every database stores: text in it is cleaned. Raises ValueError for what JSON cannot say."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    try:
        text.encode()
        if "\\u0000" not in text:
            return text
    except UnicodeEncodeError:
        pass
    return json.dumps(as_result(value, cap=len(text) * 8).json, ensure_ascii=False, separators=(",", ":"))


def json_or_null(value: Json) -> str | None:
    """`value` as JSON, and nothing as NULL."""
    return None if value is None else json_text(value)


# ── seeds ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def planned_seed(
    timer: TimerRow, planned: PlannedRun, definition: Definition, previous: datetime | None, *, ready: bool
) -> Seed:
    """The run of an occurrence."""
    return Seed(
        kind=RunKind.SCHEDULED,
        task=definition.task,
        args=definition.args,
        kwargs=definition.kwargs,
        planned=planned.planned,
        node=timer.node,
        lane=definition.lane,
        order=definition.order,
        ready=ready,
        takes_turn=planned.takes_turn,
        schedule=timer.schedule,
        revision=planned.revision,
        nominal=planned.nominal,
        previous_nominal=previous,
        start_before=planned.start_before,
        policies=policies.stated(definition),
    )


def asked_seed(new: NewRun, revision: int | None, definition: Definition | None, *, ready: bool) -> Seed:
    """A run that somebody asked for; `definition` is that of its schedule's `revision`."""
    return Seed(
        kind=new.kind,
        task=new.task,
        args=new.args,
        kwargs=dict(new.kwargs),
        planned=new.planned,
        node=new.node,
        lane=new.lane,
        order=new.order,
        ready=ready,
        takes_turn=new.takes_turn,
        schedule=new.schedule,
        revision=revision,
        for_nominal=new.for_nominal,
        start_before=new.start_before,
        policies=policies.stated(definition) if definition else policies.NOTHING_SETTLED,
        asked_by=new.asked_by,
        retry_of=new.retry_of,
    )


def seeds_of(db: Database, runs: Sequence[NewRun], now: datetime) -> Sequence[Seed]:
    """What is to be made of runs that somebody asked for. Raises NoSuchSchedule, NoSuchRevision."""
    named = [run.schedule for run in runs if run.schedule is not None]
    newest = schedules.newest_revisions(db, named)
    numbers = {(run.schedule, run.revision or newest[run.schedule]) for run in runs if run.schedule is not None}
    definitions = schedules.definitions_at(db, numbers)
    paused = _paused(db, named)
    seeds: list[Seed] = []
    turns: set[tuple[int, str]] = set()
    for run in runs:
        place = (run.schedule, run.node) if run.schedule is not None and run.takes_turn else None
        ready = (
            run.planned <= now
            and (run.start_before is None or now <= run.start_before)
            and place not in turns
            and (run.schedule not in paused or run.kind in (RunKind.MANUAL, RunKind.DRY))
        )
        if ready and place is not None:
            turns.add(place)
        number = None if run.schedule is None else run.revision or newest[run.schedule]
        definition = None if run.schedule is None or number is None else definitions[run.schedule, number]
        seeds.append(asked_seed(run, number, definition, ready=ready))
    return seeds


def _paused(db: Database, named: Sequence[int]) -> set[int]:
    """Those of these schedules that are paused."""
    if not named:
        return set()
    return set(
        db.ids(
            f"""
            SELECT s.id FROM klokker_schedule s
            WHERE s.id {db.dialect.among("schedules", Kind.INTEGER)} AND s.state = 'paused'
            """,
            {"schedules": sorted(set(named))},
        )
    )
