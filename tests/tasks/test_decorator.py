"""`@task`: how a task is declared (docs/concepts/tasks.md)."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import cast

import pytest

from klokker import task
from klokker.core.definition import IfLost
from klokker.core.retry import Retry
from klokker.core.timeout import Timeout
from klokker.tasks.decorator import Decorator
from klokker.tasks.parameters import InvalidTask
from klokker.tasks.registry import Registry, registry
from klokker.tasks.task import AnyTask

Declare = Callable[..., Decorator]


def sweep() -> None: ...


@pytest.fixture
def declare() -> Declare:
    """`task`, into a registry of the test's own."""
    return cast(Declare, partial(task, registry=Registry()))


def test_bare_it_names_the_task_after_its_function_and_makes_it_known() -> None:
    declared = task(sweep)
    try:
        assert declared.name.endswith("test_decorator.sweep")
        assert registry.find(declared.name) is declared
    finally:
        registry.forget_module(sweep.__module__)


def test_defaults_are_the_documented_ones(declare: Declare) -> None:
    declared: AnyTask = declare()(sweep)
    assert (declared.timeout, declared.retry, declared.executor) == (Timeout(timedelta(hours=1)), Retry(), None)
    assert (declared.repeatable, declared.destructive, declared.if_lost) == (False, False, IfLost.FAIL)
    assert (declared.lane, declared.order, declared.run_after) == ("default", 0, None)


@pytest.mark.parametrize(
    ("timeout", "after"),
    [("90s", timedelta(seconds=90)), (timedelta(minutes=5), timedelta(minutes=5)), (None, None)],
)
def test_a_timeout_is_text_a_timedelta_or_none(declare: Declare, timeout: object, after: timedelta | None) -> None:
    assert declare("sweep", timeout=timeout)(sweep).timeout == Timeout(after)


def test_retry_is_a_number_of_attempts_or_said_in_full(declare: Declare) -> None:
    full = Retry(attempts=5, first=timedelta(seconds=1))
    assert declare("a", retry=4)(sweep).retry == Retry(attempts=4)
    assert declare("b", retry=full)(sweep).retry == full


def generates() -> Iterator[int]:
    yield 1


@pytest.mark.parametrize(
    ("options", "function", "faults"),
    [
        ({"name": "two words"}, sweep, {"name"}),
        ({"name": "x" * 201}, sweep, {"name"}),
        ({"timeout": "1 fortnight"}, sweep, {"timeout"}),
        ({"timeout": "0s"}, sweep, {"timeout"}),
        ({"retry": -1}, sweep, {"retry"}),
        ({"if_lost": "retry"}, sweep, {"if_lost"}),
        ({"executor": "greenlets", "lane": ""}, sweep, {"executor", "lane"}),
        ({}, generates, {"function"}),
        ({}, lambda: None, {"name"}),
        ({}, partial(sweep), {"function"}),
        ({}, Registry, {"function"}),
    ],
)
def test_what_cannot_work_is_refused_with_all_its_faults(
    declare: Declare, options: dict[str, object], function: Callable[..., object], faults: set[str]
) -> None:
    with pytest.raises(InvalidTask) as refused:
        declare(**options)(function)
    assert set(refused.value.faults) == faults


def test_the_error_says_where_the_function_stands(declare: Declare) -> None:
    with pytest.raises(InvalidTask, match=r"Task sweep \(.*test_decorator\.py:[0-9]+\): lane must be a name"):
        declare("sweep", lane=" ")(sweep)
