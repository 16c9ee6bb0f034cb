"""The executor that plays: attempts last as long as they are told to, by a clock in the test's hand."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from klokker.core.lifecycle import Outcome
from klokker.executors.contract import Assignment, Ended, NoRoom, Report, Started
from klokker.simulation.clock import ManualClock
from klokker.simulation.playing import Part, Playing

SECOND = timedelta(seconds=1)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def playing(clock: ManualClock) -> Iterator[Playing]:
    """Two slots, in which each run takes as many seconds as its number says."""
    playing = Playing("processes", 2, lambda assignment: Part(assignment.run * SECOND), clock.monotonic)
    yield playing
    playing.close()


def ends(reports: list[Report]) -> list[tuple[int, Outcome | None, float]]:
    return [(each.run, each.ending.outcome, each.ended) for each in reports if isinstance(each, Ended)]


def test_attempts_end_in_the_order_of_their_ends(playing: Playing, clock: ManualClock) -> None:
    playing.start([Assignment(3, 1, "any.task"), Assignment(1, 1, "any.task")])
    assert [type(each) for each in playing.reports()] == [Started, Started]
    assert playing.due() == 1.0
    clock.advance(5 * SECOND)
    # Looked at late, they ended when they ended.
    assert ends(playing.reports()) == [(1, Outcome.SUCCEEDED, 1.0), (3, Outcome.SUCCEEDED, 3.0)]
    assert (playing.due(), playing.running()) == (None, {}.keys())


def test_there_is_no_more_room_than_slots(playing: Playing) -> None:
    playing.start([Assignment(1, 1, "any.task")])
    with pytest.raises(NoRoom):
        playing.start([Assignment(2, 1, "any.task"), Assignment(3, 1, "any.task")])
    assert (playing.free(), playing.ahead(), set(playing.running())) == (1, 0, {1})


def test_a_timeout_ends_what_takes_longer(playing: Playing, clock: ManualClock) -> None:
    playing.start([Assignment(9, 1, "any.task", timeout=2 * SECOND)])
    clock.advance(9 * SECOND)
    assert ends(playing.reports()) == [(9, Outcome.TIMED_OUT, 2.0)]


def test_cancel_and_kill_end_at_once_and_only_once(playing: Playing, clock: ManualClock) -> None:
    playing.start([Assignment(8, 1, "any.task"), Assignment(9, 1, "any.task")])
    clock.advance(SECOND)
    playing.cancel(8)
    playing.cancel(7)
    playing.kill_all("the machine goes down")
    clock.advance(20 * SECOND)
    assert ends(playing.reports()) == [(8, Outcome.CANCELLED, 1.0), (9, Outcome.LOST, 1.0)]
