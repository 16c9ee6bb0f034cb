"""What does a task take? The parameters of its function, and the pydantic model that forms and checks are made from.

Nothing is read before it is asked for: importing a module of tasks imports no pydantic, and neither does running a task
without parameters.
"""

import inspect
import reprlib
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from inspect import Parameter
from types import GenericAlias, NoneType, UnionType
from typing import TYPE_CHECKING, Annotated

from klokker.core.duration import MalformedDuration, duration
from klokker.core.errors import KlokkerError
from klokker.tasks.context import RunContext
from klokker.tasks.docstring import read_docstring

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidatorFunctionWrapHandler

BY_POSITION = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
BY_NAME = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)


class InvalidTask(KlokkerError):
    """A task is declared in a way that cannot work. `task`, `place` (file and line), `faults`: what → what is wrong."""

    def __init__(self, task: str, place: str, faults: Mapping[str, str]) -> None:
        self.task = task
        self.place = place
        self.faults = dict(faults)
        listed = "; ".join(f"{what} {fault}" for what, fault in self.faults.items())
        super().__init__(f"Task {task} ({place}): {listed}.")


class Parameters:
    """The parameters of one task's function. The one annotated `RunContext` is the run's, and no argument is for it."""

    def __init__(self, task: str, function: Callable[..., object]) -> None:
        self.task = task
        self.function = function

    @cached_property
    def every(self) -> Mapping[str, Parameter]:
        """All parameters of the function in their order, the run's too; annotations as they stand."""
        return inspect.signature(self.function).parameters

    @cached_property
    def hints(self) -> Mapping[str, object]:
        """The annotations, evaluated. Raises InvalidTask for a name that is unknown at run time."""
        plain = inspect.unwrap(self.function)
        # Linters move imports that only annotations use under TYPE_CHECKING; for our own class that must not matter.
        names = {"RunContext": RunContext, **getattr(plain, "__globals__", {})}
        try:
            return typing.get_type_hints(plain, globalns=names, include_extras=True)
        except NameError as error:
            fault = f"name {error.name}, which is unknown when the task runs; import it outside `if TYPE_CHECKING:`"
            raise self.invalid({"annotations": fault}) from error

    def hint(self, name: str) -> object:
        """The type of a parameter, `object` where it is not annotated."""
        return self.hints.get(name, object)

    def plain(self, name: str) -> object:
        """The type of a parameter without constraints and `| None`."""
        return _plain(self.hint(name))

    @cached_property
    def run(self) -> str | None:
        """The parameter that is handed the run, if there is one."""
        names = [name for name in self.every if _is_run(self.plain(name))]
        if len(names) > 1:
            raise self.invalid({"parameters": f"{' and '.join(names)} are both annotated RunContext; only one may be"})
        return names[0] if names else None

    @cached_property
    def own(self) -> Mapping[str, Parameter]:
        """The parameters that arguments are given for."""
        return {name: parameter for name, parameter in self.every.items() if name != self.run}

    @cached_property
    def by_position(self) -> Sequence[str]:
        """The names of those that an argument by position may be for, in their order; without `*values`."""
        return [name for name, each in self.own.items() if each.kind in BY_POSITION]

    @cached_property
    def rest(self) -> str | None:
        """The name of `*values`, if there is one."""
        return next((name for name, each in self.own.items() if each.kind is Parameter.VAR_POSITIONAL), None)

    @cached_property
    def other(self) -> str | None:
        """The name of `**options`, if there is one."""
        return next((name for name, each in self.own.items() if each.kind is Parameter.VAR_KEYWORD), None)

    def __str__(self) -> str:
        """`days, state='o'`: for messages."""
        return ", ".join(_said(each) for each in self.own.values()) or "no arguments"

    @property
    def place(self) -> str:
        """File and line of the function."""
        code = getattr(inspect.unwrap(self.function), "__code__", None)
        return f"{code.co_filename}:{code.co_firstlineno}" if code else repr(self.function)

    def invalid(self, faults: Mapping[str, str]) -> InvalidTask:
        """The error of a declaration with these faults."""
        return InvalidTask(self.task, self.place, faults)

    @cached_property
    def model(self) -> "type[BaseModel]":
        """The parameters as a pydantic model: types, constraints, defaults, and descriptions from the docstring.

        `*values: T` is a list `values`, `**options: T` an object `options`. A name that pydantic keeps for itself
        (`schema`, `_x`) stands there as an alias. Raises InvalidTask for types that cannot be read from JSON.
        """
        from pydantic import ConfigDict, create_model
        from pydantic.errors import PydanticUserError

        texts = read_docstring(self.function).parameters
        config = ConfigDict(title=self.task, extra="forbid", protected_namespaces=())
        try:
            fields = {_field_name(name): self._field(each, texts.get(name)) for name, each in self.own.items()}
            # The types are known at run time only, so no checker can follow them into the call.
            return create_model("Parameters", __config__=config, **fields)  # type: ignore[call-overload,no-any-return]
        except (PydanticUserError, NameError, TypeError) as error:
            raise self.invalid(self._unreadable() or {"parameters": f"make no model: {error}"}) from error

    def _field(self, parameter: Parameter, text: str | None) -> tuple[object, object]:
        """A parameter as pydantic takes it: its type, and all else about it."""
        from pydantic import Field, WrapValidator
        from pydantic.fields import FieldInfo

        kind = self.hint(parameter.name)
        if _plain(kind) is timedelta:
            kind = Annotated[kind, WrapValidator(_read_duration)]
        described = FieldInfo.from_annotation(kind).description or text  # type: ignore[arg-type]
        default = ... if parameter.default is Parameter.empty else parameter.default
        if parameter.kind is Parameter.VAR_POSITIONAL:
            kind, default = GenericAlias(list, (kind,)), []
        elif parameter.kind is Parameter.VAR_KEYWORD:
            kind, default = GenericAlias(dict, (str, kind)), {}
        return kind, Field(default, alias=parameter.name, description=described)

    def _unreadable(self) -> dict[str, str]:
        """The parameters whose types pydantic cannot read: name → what is wrong."""
        from pydantic import TypeAdapter
        from pydantic.errors import PydanticUserError

        faults: dict[str, str] = {}
        for name in self.own:
            try:
                TypeAdapter(self.hint(name))  # type: ignore[arg-type]
            except (PydanticUserError, NameError, TypeError):
                kind = inspect.formatannotation(self.hint(name))
                faults[name] = f"is of type {kind}, which cannot be read from JSON; take an id or a name in its place"
        return faults


def _plain(hint: object) -> object:
    if typing.get_origin(hint) is Annotated:
        return _plain(typing.get_args(hint)[0])
    if typing.get_origin(hint) in (typing.Union, UnionType):
        kinds = [part for part in typing.get_args(hint) if part is not NoneType]
        if len(kinds) == 1:
            return _plain(kinds[0])
    return hint


def _is_run(plain: object) -> bool:
    return isinstance(plain, type) and issubclass(plain, RunContext)


def _field_name(name: str) -> str:
    from pydantic import BaseModel

    return f"parameter_{name}" if name.startswith("_") or hasattr(BaseModel, name) else name


def _said(parameter: Parameter) -> str:
    if parameter.kind is Parameter.VAR_POSITIONAL:
        return f"*{parameter.name}"
    if parameter.kind is Parameter.VAR_KEYWORD:
        return f"**{parameter.name}"
    default = "" if parameter.default is Parameter.empty else f"={reprlib.repr(parameter.default)}"
    return f"{parameter.name}{default}"


def _read_duration(value: object, read: "ValidatorFunctionWrapHandler") -> object:
    """Text as people write durations, or in ISO 8601; anything else is left to pydantic."""
    if not isinstance(value, str):
        return read(value)
    from pydantic import TypeAdapter, ValidationError

    try:
        length = duration(value)
    except MalformedDuration:
        try:
            length = TypeAdapter(timedelta).validate_python(value)
        except ValidationError:
            raise ValueError("must be a duration, such as 90s, 15m, 1h30m or 2 days") from None
    return read(length)
