"""The catalogue: the tasks of a registry, as operations ask about them."""

from klokker.core.definition import Definition
from klokker.operations.catalogue import RegisteredTasks, definition_faults
from klokker.operations.effect import UnknownTask
from klokker.tasks.context import RunContext
from klokker.tasks.registry import Registry
from klokker.tasks.task import Task


def sweep(run: RunContext, days: int = 3) -> None:
    """Sweep."""


def wipe(days: int) -> None:
    """Wipe."""


def tasks() -> RegisteredTasks:
    registry = Registry()
    registry.add(Task("sweep", sweep, repeatable=True))
    registry.add(Task("wipe", wipe))
    return RegisteredTasks(registry)


def test_arguments_are_held_against_the_tasks_parameters() -> None:
    faults, notes = definition_faults(
        tasks(), Definition.read({"name": "a", "task": "wipe", "when": "@daily", "kwargs": {"days": "x", "year": 1}})
    )
    assert faults.keys() == {"kwargs.days", "kwargs.year"}
    assert notes == ()
    assert definition_faults(
        tasks(), Definition.read({"name": "a", "task": "sweep", "when": "@daily", "args": [3], "if_lost": "retry"})
    ) == ({}, ())


def test_a_task_that_no_one_registered_is_not_known() -> None:
    plain = Definition.read({"name": "a", "task": "nobody.knows", "when": "@daily"})
    assert definition_faults(tasks(), plain) == ({}, (UnknownTask("nobody.knows"),))


def test_a_task_that_is_handed_its_run_can_tell_a_dry_one() -> None:
    known = tasks()
    sweeps, wipes = known.task("sweep"), known.task("wipe")
    assert sweeps is not None
    assert wipes is not None
    assert (sweeps.heeds_dry_run, sweeps.repeatable) == (True, True)
    assert (wipes.heeds_dry_run, wipes.repeatable) == (False, False)
