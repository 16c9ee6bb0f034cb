"""Do these arguments fit this task? Stored ones are read strictly; those of `enqueue` are made storable first.

Stored arguments are JSON, `{"args": [...], "kwargs": {...}}`. Text is no number and a number is no date, so `["730"]` is
refused where an integer is asked for. What JSON has no type for is stored as text and read by the parameter's type: dates
and times in ISO 8601, durations also as `30 days`, enum members by their values.
"""

import json
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from inspect import Parameter
from itertools import chain, repeat
from typing import TYPE_CHECKING, cast

from klokker.core.errors import KlokkerError
from klokker.core.json_values import Json
from klokker.core.result import NotJson, strict_json
from klokker.core.spelling import did_you_mean
from klokker.tasks.context import RunContext
from klokker.tasks.parameters import BY_NAME, BY_POSITION, Parameters

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


class InvalidArguments(KlokkerError):
    """Arguments do not fit a task. `faults`: parameter (or `args[2]`, one too many) → what is wrong; `takes`: what fits."""

    def __init__(self, task: str, faults: Mapping[str, str], takes: str) -> None:
        self.task = task
        self.faults = dict(faults)
        self.takes = takes
        listed = "; ".join(f"{name} {fault}" for name, fault in self.faults.items())
        super().__init__(
            f"Arguments do not fit the task {task}: {listed}{'' if listed.endswith('?') else '.'} It takes {takes}."
        )


@dataclass(frozen=True, slots=True)
class Call:
    """A task's function with arguments that fit. Called with the run, it calls the function; a coroutine is handed back."""

    parameters: Parameters
    values: Mapping[str, object]

    def __call__(self, run: RunContext) -> object:
        args, kwargs = _arranged(self.parameters, self.values, run)
        return self.parameters.function(*args, **kwargs)


def read(parameters: Parameters, args: Sequence[Json], kwargs: Mapping[str, Json]) -> Call:
    """Stored arguments as values of the parameters' types. Raises InvalidArguments, naming every fault."""
    if not (parameters.own or args or kwargs):
        return Call(parameters, {})
    given, faults = _assigned(parameters, args, kwargs)
    plain: dict[str, Json] = {}
    for name, value in given.items():
        try:
            plain[name] = strict_json(value)
        except NotJson as unfit:
            faults[name] = _worded(unfit)
    values, misfits = _validated(parameters, plain)
    # Where a parameter has two faults the earlier step found the cause: what cannot be stored is then also missing.
    _refuse(parameters, misfits | faults)
    return Call(parameters, {name: values[name] for name in given})


def place(parameters: Parameters, name: str, args: Sequence[Json], kwargs: Mapping[str, Json]) -> str:
    """Where the argument for a parameter stands, as a fault of stored ones names it: `kwargs.days`, `args[0]`, `args` for `*values`."""
    if name in kwargs:
        return f"kwargs.{name}"
    if name in parameters.by_position[: len(args)]:
        return f"args[{parameters.by_position.index(name)}]"
    return "args" if name == parameters.rest else f"kwargs.{name}"


def storable(
    parameters: Parameters, args: Sequence[object], kwargs: Mapping[str, object]
) -> tuple[list[Json], dict[str, Json]]:
    """Python's own values as the JSON from which `read` makes them again. Raises InvalidArguments."""
    faults: dict[str, str] = {}

    def stored(name: str, value: object) -> Json:
        try:
            return _stored(value, parameters.plain(name))
        except NotJson as unfit:
            faults[name] = _worded(unfit)
            return None

    names = chain(parameters.by_position, repeat(parameters.rest or "args"))
    stored_args = [stored(name, value) for name, value in zip(names, args, strict=False)]
    stored_kwargs = {name: stored(name, value) for name, value in kwargs.items()}
    _refuse(parameters, faults)
    read(parameters, stored_args, stored_kwargs)
    return stored_args, stored_kwargs


def _assigned(
    parameters: Parameters, args: Sequence[Json], kwargs: Mapping[str, Json]
) -> tuple[dict[str, Json], dict[str, str]]:
    """Which parameter each argument is for; and the faults of those that are for none."""
    by_position = parameters.by_position
    given: dict[str, Json] = dict(zip(by_position, args, strict=False))
    faults: dict[str, str] = {}
    if left := list(args[len(by_position) :]):
        if parameters.rest:
            given[parameters.rest] = left
        else:
            faults[f"args[{len(by_position)}]"] = f"is one too many, {len(args)} were given by position"
    others: dict[str, Json] = {}
    for name, value in kwargs.items():
        parameter = parameters.own.get(name)
        if name == parameters.run:
            faults[name] = "is the run, which is handed in; it cannot be an argument"
        elif parameter and parameter.kind in BY_NAME:
            if name in given:
                faults[name] = "is given twice, by position and by name"
            given[name] = value
        elif parameters.other:
            others[name] = value
        elif parameter:
            faults[name] = "is taken by position only"
        else:
            faults[name] = f"is no parameter{did_you_mean(name, parameters.own)}"
    if parameters.other and others:
        given[parameters.other] = others
    return given, faults


def _validated(parameters: Parameters, given: Mapping[str, Json]) -> tuple[dict[str, object], dict[str, str]]:
    """`given` as values of the parameters' types; or what is wrong with each."""
    from pydantic import ValidationError

    try:
        fit = parameters.model.model_validate_json(json.dumps(given), strict=True)
    except ValidationError as error:
        faults: dict[str, dict[str, None]] = {}
        for detail in error.errors(include_url=False):
            name = str(detail["loc"][0])
            faults.setdefault(name, {})[_found(detail, secret="Secret" in str(parameters.hint(name)))] = None
        return {}, {name: "; ".join(found) for name, found in faults.items()}
    return {field.alias or name: getattr(fit, name) for name, field in type(fit).model_fields.items()}, {}


def _found(detail: "ErrorDetails", *, secret: bool) -> str:
    """One finding of pydantic in our words: `must be a valid integer, got "730"`."""
    where = "".join(f"[{json.dumps(step)}] " for step in detail["loc"][1:])
    if detail["type"] == "missing":
        return f"{where}is missing"
    said = detail["msg"].removeprefix("Value error, ").replace("Input should ", "must ", 1)
    got = "" if secret else f", got {_short(detail['input'])}"
    return f"{where}{said[:1].lower()}{said[1:]}{got}"


def _short(value: object) -> str:
    said = json.dumps(value, ensure_ascii=False, default=str)
    return said if len(said) <= 60 else f"{said[:59]}…"


def _worded(unfit: NotJson) -> str:
    return f"{unfit.at} {unfit.why}".strip()


def _refuse(parameters: Parameters, faults: Mapping[str, str]) -> None:
    if faults:
        raise InvalidArguments(parameters.task, faults, str(parameters))


def _stored(value: object, plain: object) -> Json:
    """A Python value as JSON from which a parameter of the type `plain` reads it back. Raises NotJson."""
    if value is None or isinstance(value, str | int | float) or plain in (object, typing.Any):
        # Without a declared type nothing would turn text back into a date: such a value must be JSON by itself.
        return strict_json(value)
    from pydantic import SecretBytes, SecretStr
    from pydantic_core import PydanticSerializationError, to_jsonable_python

    if isinstance(value, SecretBytes | SecretStr):
        value = value.get_secret_value()  # pydantic would store asterisks
    try:
        return strict_json(to_jsonable_python(value))
    except PydanticSerializationError as error:
        raise NotJson("", f"cannot be stored as JSON ({error})") from error


def _arranged(
    parameters: Parameters, values: Mapping[str, object], run: RunContext
) -> tuple[list[object], dict[str, object]]:
    """`values`, and the run where it is asked for, as the function takes them: by position what must be, else by name."""
    rest = cast(list[object], values.get(parameters.rest or "", []))
    args: list[object] = []
    kwargs: dict[str, object] = {}
    for name, parameter in parameters.every.items():
        if name == parameters.rest:
            args.extend(rest)
        elif name == parameters.other:
            kwargs.update(cast(dict[str, object], values.get(name, {})))
        elif parameter.kind is Parameter.POSITIONAL_ONLY or (rest and parameter.kind in BY_POSITION):
            args.append(run if name == parameters.run else values.get(name, parameter.default))
        elif name == parameters.run:
            kwargs[name] = run
        elif name in values:
            kwargs[name] = values[name]
    return args, kwargs
