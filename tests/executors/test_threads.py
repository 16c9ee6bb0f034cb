"""Threads: requests instead of kills, and a queue that can be emptied again (docs/concepts/executors.md)."""

import select
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from klokker.core.lifecycle import Outcome
from klokker.engine.clock import MACHINE
from klokker.executors.contract import Assignment, Ended, Overrun, Prepared, Started
from klokker.executors.threads import Threads
from klokker.tasks.context import RunContext
from tests.executors.listening import Listener

SOON = timedelta(milliseconds=20)


class Gate:
    """Holds up the task `waits` until it is opened; `looks` goes on until it is asked to end."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.open = threading.Event()

    def call(self, task: str, run: RunContext, *_: object) -> object:
        self.entered.release()
        if task == "waits":
            self.open.wait()
        pause = threading.Event()
        while task == "looks" and not run.cancelled:
            pause.wait(0.005)
        return threading.current_thread().name


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open.set()


@pytest.fixture
def make(gate: Gate) -> Iterator[Callable[[int, int], Listener]]:
    made: list[Listener] = []

    def one(slots: int, depth: int) -> Listener:
        prepared = Prepared(call=gate.call, still_mine=lambda *_: True, monotonic=MACHINE.monotonic)
        made.append(Listener(Threads(prepared, slots=slots, depth=depth, patience=SOON)))
        return made[-1]

    yield one
    gate.open.set()
    for listener in made:
        for run in listener.executor.running():
            listener.ended(run)
        listener.executor.close()


Make = Callable[[int, int], Listener]


def test_as_many_run_at_once_as_there_are_slots(make: Make, gate: Gate) -> None:
    listener = make(3, 0)
    listener.executor.start([Assignment(run, 1, "waits") for run in (1, 2, 3)])
    assert all(gate.entered.acquire(timeout=20) for _ in range(3))
    assert (listener.executor.free(), listener.executor.ahead()) == (0, 0)
    gate.open.set()
    assert len({listener.ended(run).ending.result for run in (1, 2, 3)}) == 3


def test_a_task_that_looks_ends_at_its_timeout(make: Make) -> None:
    listener = make(1, 0)
    listener.executor.start([Assignment(1, 1, "looks", timeout=SOON)])
    assert listener.ended(1).ending.outcome is Outcome.TIMED_OUT


def test_a_task_that_does_not_look_is_said_to_overrun_once_keeps_its_slot_and_its_result_counts(
    make: Make, gate: Gate
) -> None:
    listener = make(1, 0)
    listener.executor.start([Assignment(1, 1, "waits", timeout=SOON)])
    assert "timeout" in listener.told(1, Overrun).why
    assert listener.executor.free() == 0
    assert listener.executor.due() is None
    gate.open.set()
    assert listener.ended(1).ending.outcome is Outcome.SUCCEEDED
    assert len(listener.of(1, Overrun)) == 1


def test_a_cancel_is_a_request(make: Make, gate: Gate) -> None:
    listener = make(2, 0)
    listener.executor.start([Assignment(1, 1, "looks"), Assignment(2, 1, "waits")])
    for run in (1, 2):
        listener.told(run, Started)
        listener.executor.cancel(run)
    assert listener.ended(1).ending.outcome is Outcome.CANCELLED
    assert "cancel" in listener.told(2, Overrun).why
    gate.open.set()
    assert listener.ended(2).ending.outcome is Outcome.SUCCEEDED


def test_what_waits_is_given_back_or_cancelled_without_having_begun(make: Make, gate: Gate) -> None:
    listener = make(1, 3)
    listener.executor.start([Assignment(run, 1, "waits", repeatable=True) for run in (1, 2, 3, 4)])
    listener.told(1, Started)
    listener.executor.cancel(3)
    assert listener.ended(3).ending.outcome is Outcome.CANCELLED
    assert [assignment.run for assignment in listener.executor.give_back()] == [2, 4]
    assert set(listener.executor.running()) == {1}
    gate.open.set()
    listener.ended(1)
    assert {report.run for report in listener.heard if isinstance(report, Started)} == {1}


def test_kill_all_asks_what_runs_and_ends_what_waits(make: Make) -> None:
    listener = make(1, 1)
    listener.executor.start([Assignment(run, 1, "looks", repeatable=True) for run in (1, 2)])
    listener.told(1, Started)
    listener.executor.kill_all("the worker stops")
    for run in (1, 2):
        ending = listener.ended(run).ending
        assert (ending.outcome, "the worker stops" in ending.error) == (Outcome.LOST, True)
    assert not listener.of(2, Started)


def test_the_descriptor_is_readable_when_a_thread_has_told_something(make: Make) -> None:
    listener = make(1, 0)
    listener.executor.start([Assignment(1, 1, "nothing")])
    listener.ended(1)
    listener.executor.reports(0)
    assert not _readable(listener.executor.fileno(), 0)
    listener.executor.start([Assignment(2, 1, "nothing")])
    assert _readable(listener.executor.fileno(), 20_000)
    listener.until(lambda: listener.of(2, Ended), "the end of run 2")


def _readable(descriptor: int, milliseconds: int) -> bool:
    waiter = select.poll()
    waiter.register(descriptor, select.POLLIN)
    return bool(waiter.poll(milliseconds))
