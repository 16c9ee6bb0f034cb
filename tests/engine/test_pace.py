"""Pace: how much at once, so that no batch holds its locks for long."""

from datetime import timedelta

from klokker.engine.pace import Pace
from klokker.simulation.clock import ManualClock


def a_batch(pace: Pace, machine: ManualClock, milliseconds: int) -> int:
    with pace.measured() as size:
        machine.advance(timedelta(milliseconds=milliseconds))
    return size


def test_slow_batches_shrink_down_to_the_least() -> None:
    machine = ManualClock()
    pace = Pace(machine.monotonic, target=0.1, size=500, least=100, most=1000)
    assert [a_batch(pace, machine, 150) for _ in range(5)] == [500, 250, 125, 100, 100]


def test_quick_batches_grow_up_to_the_most() -> None:
    machine = ManualClock()
    pace = Pace(machine.monotonic, target=0.1, size=300, least=100, most=1000)
    assert [a_batch(pace, machine, 5) for _ in range(4)] == [300, 600, 1000, 1000]


def test_batches_about_as_long_as_they_should_be_stay() -> None:
    machine = ManualClock()
    pace = Pace(machine.monotonic, target=0.1, size=500, least=100, most=1000)
    assert [a_batch(pace, machine, 60) for _ in range(3)] == [500, 500, 500]
