"""Rescuer: what becomes of runs whose process vanished (docs/concepts/heartbeat.md)."""

from collections.abc import Iterator

import pytest

from klokker.core.lifecycle import Outcome, RunState
from klokker.engine.rescuer import Rescuer
from klokker.events import Event, ProcessSilent, RunLost, subscribe
from tests.engine.stage import REPEATABLE, SECOND, TASK, Stage


@pytest.fixture
def told() -> Iterator[list[Event]]:
    events: list[Event] = []
    with subscribe(events.append):
        yield events


def vanish(stage: Stage) -> None:
    """Let the stage's process be silent until its leases have run out."""
    stage.machine.advance(stage.lease.length + SECOND)


def test_a_run_that_may_not_be_repeated_is_lost_for_good(told: list[Event]) -> None:
    stage = Stage()
    (run,) = stage.enqueue()
    stage.work()
    began = stage.now
    vanish(stage)
    told.clear()
    assert stage.rescue().lost == 1
    assert stage.run(run).outcome is Outcome.LOST
    assert told == [
        ProcessSilent(process="p1", node="", heartbeat=began),
        RunLost(run=run, schedule=None, process="p1", again_at=None),
    ]


def test_a_repeatable_run_is_sent_on_at_once() -> None:
    stage = Stage(known={TASK: REPEATABLE})
    (run,) = stage.enqueue()
    stage.work()
    vanish(stage)
    assert stage.rescue().released == 1
    assert stage.run(run).state is RunState.QUEUED


def test_a_run_whose_processes_keep_vanishing_is_given_up_after_three() -> None:
    stage = Stage(known={TASK: REPEATABLE})
    (run,) = stage.enqueue()
    for number in range(3):
        Stage(beside=stage, known={TASK: REPEATABLE}, process=f"q{number}").work()
        vanish(stage)
        stage.rescue()
    assert stage.run(run).outcome is Outcome.LOST
    assert len(stage.run(run).attempts) == 2


def test_many_are_rescued_pass_after_pass() -> None:
    stage = Stage(slots=250)
    stage.enqueue(250)
    stage.work()
    vanish(stage)
    first = stage.rescue()
    assert (first.lost, first.again_at) == (100, stage.now)
    assert (stage.rescue().lost, stage.rescue().lost) == (100, 50)


def test_a_rescuer_that_has_just_begun_waits_one_lease_since_it_cannot_tell_a_leap_from_silence() -> None:
    stage = Stage()
    (run,) = stage.enqueue()
    stage.work()
    vanish(stage)
    rescuer = Rescuer(stage.store, lease=stage.lease)
    assert rescuer.run_once(stage.now).again_at == stage.now + stage.lease.length
    assert stage.run(run).state is RunState.CLAIMED
    stage.machine.advance(stage.lease.length)
    assert rescuer.run_once(stage.now).lost == 1
