"""Inline: a run here and now (docs/concepts/executors.md)."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from klokker.core.lifecycle import Outcome
from klokker.executors.contract import Assignment, Ended, NoRoom, Overrun, Prepared, Started
from klokker.executors.inline import Inline
from klokker.tasks.context import RunContext
from tests.executors.chores import prepare


@pytest.fixture
def inline() -> Iterator[Inline]:
    executor = Inline(prepare())
    yield executor
    executor.close()


def test_a_run_is_over_when_start_returns(inline: Inline) -> None:
    inline.start([Assignment(1, 1, "echo", args=("a",))])
    started, ended = inline.reports()
    assert isinstance(started, Started)
    assert isinstance(ended, Ended)
    assert ended.ending.result == {"args": ["a"], "kwargs": {}}
    assert ended.began <= ended.ended
    assert inline.reports() == []


def test_two_at_once_are_refused(inline: Inline) -> None:
    with pytest.raises(NoRoom) as refused:
        inline.start([Assignment(1, 1, "nothing"), Assignment(2, 1, "nothing")])
    assert (refused.value.room, refused.value.handed) == (1, 2)


def test_ctrl_c_ends_the_attempt_as_cancelled_and_is_raised_again() -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    inline = Inline(Prepared(call=interrupted, still_mine=lambda *_: True, monotonic=prepare().monotonic))
    with pytest.raises(KeyboardInterrupt):
        inline.start([Assignment(1, 1, "any")])
    ended = inline.reports()[-1]
    assert isinstance(ended, Ended)
    assert ended.ending.outcome is Outcome.CANCELLED
    inline.close()


class Hand:
    """A clock that a task under test moves."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def test_a_task_that_looks_learns_that_its_time_is_up_and_has_timed_out() -> None:
    clock = Hand()

    def call(_: str, run: RunContext, *__: object) -> object:
        first = run.cancelled
        clock.at = 61.0
        return [first, run.cancelled]

    inline = Inline(Prepared(call=call, still_mine=lambda *_: True, monotonic=clock))
    inline.start([Assignment(1, 1, "any", timeout=timedelta(seconds=60))])
    _, ended = inline.reports()
    assert isinstance(ended, Ended)
    assert ended.ending.outcome is Outcome.TIMED_OUT
    assert ended.ending.result == [False, True]
    assert "0:01:00" in ended.ending.error
    inline.close()


def test_a_task_that_never_looks_overran_its_timeout_and_its_result_counts() -> None:
    clock = Hand()

    def call(*_: object) -> object:
        clock.at = 61.0
        return "done"

    inline = Inline(Prepared(call=call, still_mine=lambda *_: True, monotonic=clock))
    inline.start([Assignment(1, 1, "any", timeout=timedelta(seconds=60))])
    _, overrun, ended = inline.reports()
    assert isinstance(overrun, Overrun)
    assert isinstance(ended, Ended)
    assert (ended.ending.outcome, ended.ending.result) == (Outcome.SUCCEEDED, "done")
    inline.close()
