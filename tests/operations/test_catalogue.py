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


def gather(first: int, *rest: int, last: int = 0) -> None:
    """Take some."""


def test_a_fault_of_an_argument_is_named_by_where_that_argument_stands() -> None:
    registry = Registry()
    registry.add(Task("gather", gather))
    known = RegisteredTasks(registry).task("gather")
    assert known is not None
    assert known.faults(["x"], {"last": "y"}) == {
        "args[0]": '(first) must be a valid integer, got "x"',
        "kwargs.last": 'must be a valid integer, got "y"',
    }
    assert known.faults([1, 2, "x"], {}) == {"args": '(rest) [1] must be a valid integer, got "x"'}
    assert known.faults([], {"last": 1}) == {"kwargs.first": "is missing"}
    assert known.faults([1], {"first": 1}) == {"kwargs.first": "is given twice, by position and by name"}
    wipes = tasks().task("wipe")
    assert wipes is not None
    assert wipes.faults([1, 2], {}) == {"args[1]": "is one too many, 2 were given by position"}


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
