"""Pruner: finished runs go in small steps (docs/concepts/engine.md)."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from klokker.core.account import account
from klokker.core.overlap import Overlap
from klokker.core.retention import Retention
from klokker.engine.pruner import Pruner
from klokker.events import DayNotProven, Event, Pruned, subscribe
from tests.engine.stage import HOUR, MINUTE, Stage

DAY = timedelta(days=1)


@pytest.fixture
def told() -> Iterator[list[Event]]:
    events: list[Event] = []
    with subscribe(events.append):
        yield events


def finished(stage: Stage, count: int) -> None:
    stage.enqueue(count)
    while stage.work().claimed:
        stage.hand.end(*stage.hand.handed)


def test_what_is_past_its_retention_goes_a_step_at_a_time(told: list[Event]) -> None:
    stage = Stage(slots=1200)
    finished(stage, 1200)
    stage.machine.advance(timedelta(days=31))
    told.clear()
    pruner = Pruner(stage.store, monotonic=stage.machine.monotonic)
    step = pruner.run_once(stage.now)
    assert (step.rows, step.again_at) == (500, stage.now)
    assert pruner.run_once(stage.now).rows == 700
    assert told == [Pruned(rows=500), Pruned(rows=700)]


def test_when_nothing_is_to_go_it_says_nothing_and_rests(told: list[Event]) -> None:
    stage = Stage()
    pruner = Pruner(stage.store, monotonic=stage.machine.monotonic)
    assert pruner.run_once(stage.now).again_at is None
    assert pruner.longest_rest == MINUTE
    assert told == []


def test_a_day_is_proved_and_leaves_its_tally_before_its_rows_go() -> None:
    stage = Stage(slots=50)
    schedule = stage.schedule("0 * * * *", retention=Retention(keep=HOUR, last=0))
    for _ in range(30):
        stage.advance(HOUR)
        stage.tick()
        stage.work()
        stage.hand.end()
        stage.work()
    stage.advance(timedelta(days=2))
    pruner = Pruner(stage.store, monotonic=stage.machine.monotonic)
    assert pruner.run_once(stage.now).rows > 0
    ledger = stage.store.ledger(schedule)
    assert sum(sum(tally.runs.values()) for tally in ledger.tallies) > 0
    assert account(ledger, now=stage.now).exact


def test_a_day_that_does_not_prove_keeps_its_rows_and_is_told_once(told: list[Event]) -> None:
    stage = Stage()
    schedule = stage.schedule("0 * * * *", overlap=Overlap.ALLOW, retention=Retention(keep=HOUR, last=0))
    stage.advance(HOUR)
    stage.tick()
    stage.work()
    stage.advance(HOUR)
    stage.tick()
    stage.work()
    stage.hand.end(next(iter(stage.hand.handed)))
    stage.work()
    for _ in range(3):
        stage.advance(DAY)
    told.clear()
    pruner = Pruner(stage.store, monotonic=stage.machine.monotonic)
    for _ in range(3):
        assert pruner.run_once(stage.now).rows == 0
    assert [type(event) for event in told] == [DayNotProven]
    assert len(stage.runs(schedule)) == 2
