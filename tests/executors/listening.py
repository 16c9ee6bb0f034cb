"""How a test hears what an executor reports: it waits for what it names, with a deadline, and keeps all of it."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from klokker.core.verdict import Ending
from klokker.engine.clock import MACHINE
from klokker.executors.contract import Assignment, Ended, Executor, Logged, Report
from tests.waiting import StillWaiting

Kind = TypeVar("Kind")

DEADLINE = 20.0
"""Seconds; never reached but by a fault."""


class Listener:
    """Everything that one executor has reported so far."""

    def __init__(self, executor: Executor) -> None:
        self.executor = executor
        self.heard: list[Report] = []

    def until(self, look: Callable[[], object], what: str) -> None:
        """Take in reports until `look` is true."""
        deadline = MACHINE.monotonic() + DEADLINE
        while not look():
            if (left := deadline - MACHINE.monotonic()) <= 0:
                raise StillWaiting(what, DEADLINE, self.heard[-5:])
            self.heard += self.executor.reports(left)

    def ready(self, slots: int) -> None:
        """Wait until so many slots are free."""
        self.until(lambda: self.executor.free() >= slots, f"{slots} free slots")

    def run(self, task: str, *args: int | float | str, run: int = 1) -> Ending:
        """Run this one, and wait for its end."""
        self.ready(1)
        self.executor.start([Assignment(run, run, task, args=args)])
        return self.ended(run).ending

    def ended(self, run: int) -> Ended:
        """Wait for the end of a run."""
        self.until(lambda: self.of(run, Ended), f"the end of run {run}")
        [ended] = self.of(run, Ended)
        return ended

    def told(self, run: int, kind: type[Kind]) -> Kind:
        """Wait for the first report of this kind about a run."""
        self.until(lambda: self.of(run, kind), f"{kind.__name__} of run {run}")
        return self.of(run, kind)[0]

    def of(self, run: int, kind: type[Kind]) -> Sequence[Kind]:
        """What was reported of this kind about a run."""
        return [report for report in self.heard if report.run == run and isinstance(report, kind)]

    def lines(self, run: int) -> Sequence[str]:
        """What the run has logged."""
        return [line.message for logged in self.of(run, Logged) for line in logged.lines]

    def logged(self, run: int, message: str) -> None:
        """Wait for this line in the run's log."""
        self.until(lambda: message in self.lines(run), f"the line {message!r} of run {run}")
