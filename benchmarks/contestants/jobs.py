"""Jobs through a worker: ours, pgqueuer's or Huey's. Each system says how it enqueues and how its worker is started.

drain  so many no-op jobs are enqueued while no worker is up; a second's worth of starts, from the first to the last
waits  one idle worker, one job at a time: milliseconds from the call that enqueues to the start
lag    a schedule of every second: milliseconds from the second to the start, and how many seconds had none
"""

import math
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Protocol

from benchmarks.contestants import marks
from benchmarks.contestants.turns import take_turns

PATIENCE = 120
"""Seconds to wait for what comes at once on a machine that has nothing else to do."""


class System(Protocol):
    """One system of jobs."""

    def empty(self) -> None:
        """Forget all jobs."""

    def enqueue(self, jobs: int) -> None:
        """So many jobs, as fast as it can."""

    def enqueue_one(self) -> None:
        """One job, as an application does."""

    def worker(self, processes: int) -> Sequence[Sequence[str]]:
        """The commands that start this many worker processes."""

    def scheduler(self) -> Sequence[Sequence[str]]:
        """The commands that run a schedule of every second."""


class Jobs:
    """A system, and its workers for as long as they are needed."""

    def __init__(self, system: System) -> None:
        self._system = system

    def drain(self, jobs: int, processes: int, seconds: float) -> float:
        """Jobs begun a second; cut off after so many seconds."""
        self._system.empty()
        marks.clear()
        self._system.enqueue(jobs)
        with _running(self._system.worker(processes)):
            _until(lambda: marks.count() > 1, "the first jobs")
            end = time.monotonic() + seconds
            while marks.count() < jobs and time.monotonic() < end:
                time.sleep(0.01)
            begun = marks.marks()
        return (len(begun) - 1) / (begun[-1] - begun[0])

    def waits(self, samples: int, pause: Sequence[float]) -> list[float]:
        """One by one, with a pause of random length before each."""
        draw = random.Random(samples)
        self._system.empty()
        marks.clear()
        waited: list[float] = []
        with _running(self._system.worker(1)):
            self._system.enqueue_one()
            _until(lambda: marks.count() > 0, "a first job")
            time.sleep(min(1, pause[1] * 10))
            for _ in range(samples):
                time.sleep(draw.uniform(*pause))
                marks.clear_in_place()
                asked = time.time()
                self._system.enqueue_one()
                _until(lambda: marks.count() > 0, "a start")
                waited.append((marks.marks()[-1] - asked) * 1000)
        return waited

    def lag(self, seconds: float, settle: float) -> list[list[float]]:
        """Milliseconds after the second for each start; and, in a list of its own, how many seconds between had none."""
        self._system.empty()
        marks.clear()
        with _running(self._system.scheduler()):
            _until(lambda: marks.count() > 0, "a first start")
            time.sleep(settle)
            marks.clear_in_place()
            time.sleep(seconds)
            _until(lambda: marks.count() > 0, "a start")
            begun = marks.marks()
        named = round(math.floor(begun[-1]) - math.floor(begun[0])) + 1
        lags = [(each - math.floor(each)) * 1000 for each in begun]
        return [lags, [float(named - len({math.floor(each) for each in begun}))]]


@contextmanager
def _running(commands: Sequence[Sequence[str]]) -> Iterator[None]:
    started = [subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) for command in commands]
    try:
        yield
    finally:
        for each in started:
            each.terminate()
        for each in started:
            try:
                each.wait(timeout=10)
            except subprocess.TimeoutExpired:
                each.kill()
                each.wait()


def _until(come: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not come():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not come within {PATIENCE} s")
        time.sleep(0.0005)


def main(name: str) -> None:
    os.environ["PATH"] = f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"
    system: System = import_module(f"benchmarks.contestants.{name}_jobs").System()
    jobs = Jobs(system)
    take_turns({"drain": jobs.drain, "waits": jobs.waits, "lag": jobs.lag})


if __name__ == "__main__":
    main(sys.argv[1].lower())
