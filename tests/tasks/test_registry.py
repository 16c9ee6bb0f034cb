"""Registry: which tasks this process knows (docs/concepts/tasks.md)."""

from types import FunctionType

import pytest

from klokker import task
from klokker.core.verdict import Terms
from klokker.tasks.registry import Registry, TaskNameTaken, UnknownTask


def sweep() -> None: ...


def polish() -> None: ...


@pytest.fixture
def known() -> Registry:
    return Registry()


def test_tasks_are_found_by_name_and_walked_in_its_order(known: Registry) -> None:
    first, second = task("b.sweep", registry=known)(sweep), task("a.polish", registry=known)(polish)
    assert known.find("b.sweep") is first
    assert list(known) == [second, first]
    assert ("b.sweep" in known, "c" in known, len(known)) == (True, False, 2)


def test_an_unknown_name_brings_near_ones_and_says_where_tasks_are_found(known: Registry) -> None:
    task("chores.sweep", registry=known)(sweep)
    with pytest.raises(UnknownTask, match=r"did you mean chores\.sweep") as refused:
        known.find("chores.swep")
    assert (refused.value.path, refused.value.known) == ("chores.swep", ("chores.sweep",))
    assert "setting KLOKKER_TASKS" in str(refused.value)


def test_a_second_function_of_the_same_name_is_refused_naming_both_places(known: Registry) -> None:
    first = task("chores.sweep", registry=known)(sweep)
    with pytest.raises(TaskNameTaken) as refused:
        task("chores.sweep", registry=known)(polish)
    assert refused.value.first == first.place
    assert refused.value.second == f"{__file__}:{polish.__code__.co_firstlineno}"
    assert known.find("chores.sweep") is first


def test_a_function_whose_module_is_loaded_again_replaces_itself(known: Registry) -> None:
    task("chores.sweep", registry=known)(sweep)
    moved = FunctionType(sweep.__code__.replace(co_firstlineno=999), sweep.__globals__, "sweep")
    again = task("chores.sweep", registry=known)(moved)
    assert known.find("chores.sweep") is again


def test_one_function_under_two_module_names_is_one_task(known: Registry) -> None:
    task("chores.sweep", registry=known)(sweep)
    twin = FunctionType(sweep.__code__, {"__name__": "elsewhere"}, "sweep")
    assert task("chores.sweep", registry=known)(twin).function is twin


def test_a_worker_is_told_each_names_terms(known: Registry) -> None:
    task("a.sweep", registry=known, executor="threads")(sweep)
    task("b.polish", registry=known)(polish)
    assert known.terms() == {"a.sweep": Terms(executor="threads"), "b.polish": Terms(executor="processes")}
    assert known.terms("inline") == {"a.sweep": Terms(executor="threads"), "b.polish": Terms(executor="inline")}
