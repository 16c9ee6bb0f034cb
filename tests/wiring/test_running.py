"""What makes a process ready to run tasks."""

import re

import pytest

from klokker.engine.clock import MACHINE
from klokker.engine.lane_slots import NoSuchExecutor
from klokker.executors.contract import Assignment, Ended
from klokker.store.memory.store import MemoryStore
from klokker.tasks.context import RunContext
from klokker.tasks.decorator import task
from klokker.tasks.registry import Registry
from klokker.wiring.preparing import prepared
from klokker.wiring.running import hiring
from klokker.wiring.settings import Settings
from klokker.wiring.time_data import time_data


def a_registry(done: list[object]) -> Registry:
    registry = Registry()

    @task(name="note", registry=registry)
    def note(run: RunContext, days: int) -> None:
        done.append((run.run_id, days))

    return registry


@pytest.mark.parametrize("executor", ["inline", "threads"])
def test_a_task_is_found_by_name_and_called_with_its_arguments(executor: str) -> None:
    done: list[object] = []
    ready = prepared(MemoryStore(MACHINE.wall), a_registry(done))
    hired = hiring(Settings(), ready)(executor, 1)
    hired.start([Assignment(run=7, token=1, task="note", kwargs={"days": 3})])
    reports = hired.reports(10)
    while not any(isinstance(report, Ended) for report in reports):
        reports += hired.reports(10)
    hired.close()
    assert done == [(7, 3)]


def test_for_a_command_every_task_may_be_run_in_the_thread_that_asks() -> None:
    ready = prepared(MemoryStore(MACHINE.wall), Registry())
    hired = hiring(Settings(), ready, only_inline=True)("processes", 1)
    assert hired.name == "inline"
    hired.close()


def test_an_executor_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(NoSuchExecutor, match="processes, threads, inline") as refused:
        hiring(Settings(), prepared(MemoryStore(MACHINE.wall), Registry()))("celery", 1)
    assert refused.value.executor == "celery"


def test_whether_a_run_is_still_mine_is_asked_of_the_store() -> None:
    ready = prepared(MemoryStore(MACHINE.wall), Registry())
    assert not ready.still_mine(7, 1)


def test_the_zone_data_in_force_has_a_version() -> None:
    assert re.fullmatch(r"20\d\d[a-z]", time_data())
