"""Processes whose worker is gone, or stopped: nothing of them goes on (docs/concepts/executors.md)."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.executors.watching import Watch, parent_of

pytestmark = pytest.mark.acceptance

ROOT = Path(__file__).parents[3]


class Worker:
    """A worker in a process of its own, and what it has said."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.said: list[str] = []

    def numbers(self, pattern: str, times: int = 1) -> set[int]:
        """Wait until so many lines match; the numbers in them."""
        assert self.process.stdout
        while len(matching := [line for line in self.said if re.match(pattern, line)]) < times:
            line = self.process.stdout.readline()
            assert line, f"the worker ended without saying {pattern!r}; it said {self.said}"
            self.said.append(line)
        return {int(found) for line in matching for found in re.findall(r"\d+", line)}


@contextmanager
def working(*tasks: str, term: float = 60) -> Iterator[Worker]:
    """A worker that runs these tasks, the first to be killed of its group; killed at last in any case."""
    command = [sys.executable, "-m", "tests.executors.lone_worker", str(term), *tasks]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            yield Worker(process)
        finally:
            process.kill()


@pytest.mark.parametrize("task", ["hangs", "hangs_deaf", "hangs_in_c"])
def test_when_the_worker_is_killed_its_children_and_their_nursery_end(task: str) -> None:
    with working(task) as worker:
        [child] = worker.numbers("pid")
        family = {child, parent_of(child)}
        with Watch(family) as watch:
            worker.process.kill()
            assert watch.gone() == family


@pytest.mark.parametrize("whole_group", [False, True])
def test_when_the_worker_is_killed_what_its_tasks_have_started_ends_too(whole_group: bool) -> None:
    with working("hangs_with_company") as worker:
        family = worker.numbers("company") | worker.numbers("pid")
        with Watch(family) as watch:
            if whole_group:
                os.killpg(worker.process.pid, signal.SIGKILL)
            else:
                worker.process.kill()
            assert watch.gone() == family


def test_children_of_a_stopped_worker_end_after_the_term_and_it_hears_so_when_it_goes_on() -> None:
    with working("hangs_with_company", "hangs_in_c", term=2) as worker:
        family = worker.numbers("company") | worker.numbers("pid", times=2)
        with Watch(family) as watch:
            worker.process.send_signal(signal.SIGSTOP)
            assert watch.gone() == family
            worker.process.send_signal(signal.SIGCONT)
            worker.numbers("ended lost", times=2)
