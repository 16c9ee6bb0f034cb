"""Executors to test with, closed afterwards."""

from collections.abc import Callable, Iterator

import pytest

from klokker.engine.clock import MACHINE
from klokker.executors.contract import Executor
from klokker.executors.inline import Inline
from klokker.executors.processes import Nurse, Processes
from klokker.executors.threads import Threads
from tests.executors.chores import prepare
from tests.executors.listening import Listener

PREPARE = "tests.executors.chores:prepare"

MAKERS: dict[str, Callable[[], Executor]] = {
    "inline": lambda: Inline(prepare()),
    "threads": lambda: Threads(prepare(), slots=2),
    "processes": lambda: Processes(Nurse(PREPARE), MACHINE.monotonic, slots=2),
}


@pytest.fixture(params=["inline", "threads", pytest.param("processes", marks=pytest.mark.acceptance)])
def anywhere(request: pytest.FixtureRequest) -> Iterator[Listener]:
    """Each executor in turn."""
    executor = MAKERS[request.param]()
    yield Listener(executor)
    executor.close()
