"""How is a task declared? `@task`, with or without options, on a plain or a coroutine function."""

from collections.abc import Callable
from datetime import timedelta
from typing import Concatenate, Literal, ParamSpec, Protocol, TypeVar, overload

from klokker.core.definition import IfLost
from klokker.core.errors import InvalidPolicy
from klokker.core.fields import Unfit
from klokker.core.retry import Retry
from klokker.core.timeout import Timeout
from klokker.tasks.context import RunContext
from klokker.tasks.parameters import Parameters
from klokker.tasks.registry import Registry
from klokker.tasks.registry import registry as process_registry
from klokker.tasks.task import AnyTask, Task

P = ParamSpec("P")
R = TypeVar("R")
Policy = TypeVar("Policy")
Executor = Literal["processes", "threads", "inline"]


class Decorator(Protocol):
    """Makes a task of a function, with the options that were given."""

    @overload
    def __call__(
        self, function: Callable[Concatenate[RunContext, P], R], /
    ) -> Task[Concatenate[RunContext, P], P, R]: ...
    @overload
    def __call__(self, function: Callable[P, R], /) -> Task[P, P, R]: ...


@overload
def task(name: Callable[Concatenate[RunContext, P], R], /) -> Task[Concatenate[RunContext, P], P, R]: ...
@overload
def task(name: Callable[P, R], /) -> Task[P, P, R]: ...
@overload
def task(
    name: str | None = None,
    *,
    repeatable: bool = False,
    destructive: bool = False,
    timeout: timedelta | str | None = "1h",
    retry: Retry | int | str = 1,
    if_lost: IfLost | Literal["fail", "retry"] | None = None,
    executor: Executor | None = None,
    lane: str = "default",
    order: int = 0,
    registry: Registry = process_registry,
) -> Decorator: ...


def task(
    name: Callable[..., object] | str | None = None,
    *,
    repeatable: bool = False,
    destructive: bool = False,
    timeout: timedelta | str | None = "1h",
    retry: Retry | int | str = 1,
    if_lost: IfLost | Literal["fail", "retry"] | None = None,
    executor: Executor | None = None,
    lane: str = "default",
    order: int = 0,
    registry: Registry = process_registry,
) -> object:
    """Declare a function as a task: `@task`, or `@task(name="signals.anonymize", timeout="15m", repeatable=True)`.

    `name`: what schedules call it by, and what must not change with the code; by default its module and name.
    `repeatable`: it may run again after an unknown end (a lost process) without harm; then `if_lost` is retry, else fail.
    `destructive`: it removes or overwrites data. `timeout`: how long an attempt may take, None for ever. `retry`: attempts
    after failures: a number, "until success", or in full. `executor`: where it must run (by default the setting says);
    `threads` and `inline` cannot be killed at a timeout.
    `lane`, `order`: for what is enqueued; a schedule states its own. `registry`: where it becomes known.

    Raises InvalidTask, and TaskNameTaken when another function has the name.
    """

    def declare(function: Callable[..., object]) -> AnyTask:
        own_name = name if isinstance(name, str) else _default_name(function)
        own = Parameters(own_name, function)
        declared: AnyTask = Task(
            name=own_name,
            function=function,
            repeatable=repeatable,
            destructive=destructive,
            timeout=_settled(own, "timeout", lambda: _timeout(timeout)),
            retry=_settled(own, "retry", lambda: _retry(retry)),
            if_lost=IfLost(if_lost or ("retry" if repeatable else "fail")),
            executor=executor,
            lane=lane,
            order=order,
        )
        registry.add(declared)
        return declared

    return declare(name) if callable(name) else declare


def _default_name(function: Callable[..., object]) -> str:
    if isinstance(function, type) or not hasattr(function, "__qualname__"):
        place = Parameters(repr(function), function)
        raise place.invalid({"function": "must be a plain or coroutine function; wrap what you have in one"})
    return f"{function.__module__}.{function.__qualname__}"


def _timeout(given: timedelta | str | None) -> Timeout:
    return Timeout.read(given) if isinstance(given, str) else Timeout(given)


def _retry(given: Retry | int | str) -> Retry:
    if isinstance(given, Retry):
        return given
    return Retry.read(given) if isinstance(given, str) else Retry(attempts=given)


def _settled(own: Parameters, option: str, settle: Callable[[], Policy]) -> Policy:
    try:
        return settle()
    except (Unfit, InvalidPolicy) as refused:
        raise own.invalid({option: str(refused)}) from refused
