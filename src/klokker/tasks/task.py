"""What is a task? A function with a name, typed parameters and terms; it knows no time."""

import dataclasses
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Generic, ParamSpec, TypeAlias, TypeVar

from klokker.core.definition import IfLost
from klokker.core.json_values import Json
from klokker.core.retry import Retry
from klokker.core.timeout import Timeout
from klokker.core.verdict import Terms
from klokker.tasks import port
from klokker.tasks.arguments import Call, read, storable
from klokker.tasks.docstring import read_docstring
from klokker.tasks.parameters import Parameters
from klokker.tasks.port import EnqueuedRun, EnqueueRequest

if TYPE_CHECKING:
    from pydantic import BaseModel

Called = ParamSpec("Called")
Asked = ParamSpec("Asked")
Returned = TypeVar("Returned", covariant=True)

EXECUTORS = ("processes", "threads", "inline")
LONGEST_DELAY = timedelta(days=36600)

_NAME = re.compile(r"[^\s\x00-\x1f\x7f<>]{1,200}")


@dataclass(frozen=True)
class Task(Generic[Called, Asked, Returned]):
    """A function that can be scheduled and enqueued. Called directly, it is just that function.

    `Called` are the function's parameters, `Asked` those without the run. `repeatable`: may run again after an unknown
    end without harm. `destructive`: removes or overwrites data. `lane`, `order`, `run_after` hold for what is enqueued
    (`run_after`: an aware moment, or a while from then). Raises InvalidTask, naming all faults at once.
    """

    name: str
    function: Callable[Called, Returned]
    repeatable: bool = False
    destructive: bool = False
    timeout: Timeout = Timeout()
    retry: Retry = Retry()
    if_lost: IfLost = IfLost.FAIL
    executor: str | None = None
    lane: str = "default"
    order: int = 0
    run_after: datetime | timedelta | None = None
    own: Parameters = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "own", Parameters(self.name, self.function))
        # For readers of the function (inspect.signature, doctest, documentation tools) a task is what it wraps.
        self.__dict__.update(__wrapped__=self.function, __doc__=self.function.__doc__)
        faults = {what: fault for refused, what, fault in self._faults() if refused}
        if faults:
            raise self.own.invalid(faults)

    def _faults(self) -> Sequence[tuple[bool, str, str]]:
        function, later = self.function, self.run_after
        endless = inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)
        delay = later if isinstance(later, timedelta) else timedelta(0)
        return (
            (not _NAME.fullmatch(self.name), "name", f"must be up to 200 characters without blanks, got {self.name!r}"),
            (endless, "function", "must not be a generator: calling one runs nothing"),
            (
                self.executor not in (None, *EXECUTORS),
                "executor",
                f"must be one of {', '.join(EXECUTORS)}, got {self.executor!r}",
            ),
            (not _NAME.fullmatch(self.lane), "lane", f"must be a name without blanks, got {self.lane!r}"),
            (
                self.if_lost is IfLost.RETRY and not self.repeatable,
                "if_lost",
                "may be retry for repeatable tasks only: a lost run may have done its work",
            ),
            (
                isinstance(later, datetime) and later.utcoffset() is None,
                "run_after",
                f"must be aware of its zone, or a timedelta; got {later}",
            ),
            (
                not timedelta(0) <= delay <= LONGEST_DELAY,
                "run_after",
                f"must not be negative and at most a hundred years, got {delay}",
            ),
        )

    def __call__(self, *args: Called.args, **kwargs: Called.kwargs) -> Returned:
        return self.function(*args, **kwargs)

    # ── what it is ──

    @cached_property
    def description(self) -> str:
        """The docstring without its section on parameters; empty if there is none."""
        return read_docstring(self.function).description

    @property
    def parameters(self) -> "type[BaseModel]":
        """The parameters as a pydantic model; its `model_json_schema()` is what forms are made of."""
        return self.own.model

    @property
    def place(self) -> str:
        """File and line of the function."""
        return self.own.place

    @property
    def is_coroutine(self) -> bool:
        """Does calling the function give a coroutine, which whoever calls must run?"""
        return inspect.iscoroutinefunction(self.function)

    def terms(self, executor: str = "processes") -> Terms:
        """What a schedule may leave open, settled by the task; `executor`: where it runs if it names none itself."""
        return Terms(self.repeatable, self.timeout, self.retry, self.if_lost, self.executor or executor)

    # ── arguments ──

    def bind(self, args: Sequence[Json] = (), kwargs: Mapping[str, Json] | None = None) -> Call:
        """Stored arguments, checked: a call that wants only the run. Raises InvalidArguments, naming every fault."""
        return read(self.own, args, kwargs or {})

    # ── enqueuing ──

    def using(
        self, *, run_after: datetime | timedelta | None = None, lane: str | None = None, order: int | None = None
    ) -> "Task[Called, Asked, Returned]":
        """This task with other terms of enqueuing; what is left out stays. Raises InvalidTask."""
        return dataclasses.replace(
            self,
            run_after=self.run_after if run_after is None else run_after,
            lane=self.lane if lane is None else lane,
            order=self.order if order is None else order,
        )

    def enqueue(self, *args: Asked.args, **kwargs: Asked.kwargs) -> EnqueuedRun:
        """Ask for one run with these arguments; it begins when a worker is free, and not before `run_after`.

        Raises InvalidArguments, before anything is stored, and NotConnected.
        """
        stored_args, stored_kwargs = storable(self.own, args, kwargs)
        request = EnqueueRequest(self.name, stored_args, stored_kwargs, self.lane, self.order, self.run_after)
        [run] = port.connected().enqueue([request])
        return run


AnyTask: TypeAlias = Task[..., ..., object]
