"""Heart: the beat that renews (docs/concepts/heartbeat.md)."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from klokker.core.lifecycle import RunState
from klokker.engine.heart import NEWER_SCHEMA, Heart, SchemaFound
from klokker.events import Event, NewerSchema, subscribe
from klokker.store.contract import ProcessInfo
from tests.engine.stage import HOUR, SECOND, Stage


@pytest.fixture
def told() -> Iterator[list[Event]]:
    events: list[Event] = []
    with subscribe(events.append):
        yield events


def test_a_beat_notes_the_last_tick_of_its_node() -> None:
    stage = Stage()
    stage.tick()
    ticked_at = stage.now
    stage.machine.advance(10 * SECOND)
    stage.beat()
    assert stage.store.previous_tick("n1") == ticked_at


def test_a_beat_follows_the_clock_of_the_database() -> None:
    stage = Stage()
    stage.machine.leap(2 * SECOND)
    stage.beat()
    assert stage.clock.now() == stage.now


def test_a_lease_that_is_renewed_is_not_rescued_and_one_that_is_not_runs_out() -> None:
    stage = Stage()
    (run,) = stage.enqueue()
    stage.work()
    for _ in range(10):
        stage.machine.advance(stage.lease.renewal)
        stage.beat()
    stage.rescue()
    assert stage.run(run).state is RunState.CLAIMED
    stage.machine.advance(stage.lease.length + SECOND)
    stage.rescue()
    assert stage.run(run).state is RunState.DONE


def test_a_process_that_was_forgotten_arrives_again() -> None:
    stage = Stage()
    stage.machine.advance(timedelta(days=3))
    stage.store.prune(stage.now, lambda *_: None)
    assert stage.beat().renewed == 0


def test_a_newer_schema_closes_the_gate_is_told_once_and_what_runs_is_still_renewed(told: list[Event]) -> None:
    stage = Stage()
    (run,) = stage.enqueue()
    stage.work()
    found: SchemaFound | None = SchemaFound(found="0009_next", known="0008_this")
    heart = Heart(
        stage.store,
        ProcessInfo("p1", "n1", frozenset(), "host", 1, "1", "2026a", frozenset(), {}),
        clock=stage.clock,
        gate=stage.gate,
        holder=stage.worker,
        newer_schema=lambda: found,
    )
    told.clear()
    for _ in range(2):
        stage.machine.advance(10 * SECOND)
        assert heart.run_once(stage.now).renewed == 1
    assert stage.gate.reasons() == (NEWER_SCHEMA,)
    assert told == [NewerSchema(process="p1", found="0009_next", known="0008_this")]
    assert stage.run(run).state is RunState.CLAIMED
    found = None
    heart.run_once(stage.now)
    assert stage.gate.reasons() == ()


def test_a_clock_that_leaps_an_hour_ahead_loses_no_run() -> None:
    stage = Stage()
    (run,) = stage.enqueue()
    stage.work()
    stage.machine.leap(HOUR)
    stage.machine.advance(10 * SECOND)
    stage.beat()
    stage.work()
    assert not stage.gate.is_open()
    for _ in range(7):
        stage.machine.advance(10 * SECOND)
        stage.beat()
    stage.rescue()
    assert stage.gate.is_open()
    assert stage.run(run).state is RunState.CLAIMED
