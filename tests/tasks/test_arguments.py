"""Arguments: stored JSON is read strictly, and every fault names its parameter (docs/concepts/tasks.md)."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, cast
from uuid import UUID

import pytest
from annotated_types import Ge, Gt
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr

from klokker.core.json_values import Json
from klokker.tasks.arguments import InvalidArguments, read, storable
from klokker.tasks.context import RunContext
from klokker.tasks.parameters import Parameters

RUN = RunContext.by_hand("chores.sweep")


class State(Enum):
    HANDLED = "o"
    CANCELLED = "a"


class Room(BaseModel):
    number: int


def called(
    function: Callable[..., object], args: Sequence[Json] = (), kwargs: Mapping[str, Json] | None = None
) -> object:
    return read(Parameters("chores.sweep", function), args, kwargs or {})(RUN)


def faults(
    function: Callable[..., object], args: Sequence[Json] = (), kwargs: Mapping[str, Json] | None = None
) -> dict[str, str]:
    with pytest.raises(InvalidArguments) as refused:
        called(function, args, kwargs)
    return refused.value.faults


def anonymize(run: RunContext, days: Annotated[int, Ge(1)] = 365) -> tuple[bool, int]:
    return run is RUN, days


def delete(state: Literal["o", "a", "s"], days: Annotated[int, Ge(365)]) -> tuple[str, int]:
    return state, days


def test_the_run_is_handed_in_and_defaults_hold() -> None:
    assert called(anonymize) == (True, 365)
    assert called(anonymize, [730]) == (True, 730)
    assert called(anonymize, kwargs={"days": 1}) == (True, 1)


@pytest.mark.parametrize(
    ("args", "fault"),
    [
        ([0], {"days": "must be greater than or equal to 1, got 0"}),
        ([-1], {"days": "must be greater than or equal to 1, got -1"}),
        (["730"], {"days": 'must be a valid integer, got "730"'}),
        ([730.0], {"days": "must be a valid integer, got 730.0"}),
        ([True], {"days": "must be a valid integer, got true"}),
        ([None], {"days": "must be a valid integer, got null"}),
    ],
)
def test_s0_7_anonymising_refuses_days_that_are_no_days(args: list[Json], fault: dict[str, str]) -> None:
    assert faults(anonymize, args) == fault


@pytest.mark.parametrize(
    ("args", "fault"),
    [
        (["x", 365], {"state": "must be 'o', 'a' or 's', got \"x\""}),
        (["a"], {"days": "is missing"}),
        (["a", 100], {"days": "must be greater than or equal to 365, got 100"}),
        ([], {"state": "is missing", "days": "is missing"}),
    ],
)
def test_s0_7_the_deletion_refuses_what_it_must_not_delete(args: list[Json], fault: dict[str, str]) -> None:
    assert faults(delete, args) == fault


def test_all_kinds_of_fault_are_named_at_once() -> None:
    assert faults(delete, ["x", 400, 1], {"dyas": 3, "days": 500}) == {
        "state": "must be 'o', 'a' or 's', got \"x\"",
        "args[2]": "is one too many, 3 were given by position",
        "dyas": "is no parameter; did you mean days?",
        "days": "is given twice, by position and by name",
    }


def test_the_message_names_the_task_the_faults_and_what_it_takes() -> None:
    with pytest.raises(InvalidArguments) as refused:
        called(anonymize, ["730"])
    assert str(refused.value) == (
        'Arguments do not fit the task chores.sweep: days must be a valid integer, got "730". It takes days=365.'
    )


def test_a_task_without_parameters_takes_none() -> None:
    def bare(run: RunContext) -> bool:
        return run is RUN

    assert called(bare) is True
    assert faults(bare, [1], {"x": 1, "run": 2}) == {
        "args[0]": "is one too many, 1 were given by position",
        "x": "is no parameter",
        "run": "is the run, which is handed in; it cannot be an argument",
    }


@pytest.mark.parametrize(
    ("kind", "stored", "value"),
    [
        (float, 3, 3.0),
        (date, "2026-01-31", date(2026, 1, 31)),
        (datetime, "2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        (timedelta, "30 days", timedelta(days=30)),
        (timedelta, "P30D", timedelta(days=30)),
        (timedelta | None, "1h30m", timedelta(minutes=90)),
        (timedelta | None, None, None),
        (Annotated[timedelta, Gt(timedelta(0))], "90s", timedelta(seconds=90)),
        (Decimal, "1.10", Decimal("1.10")),
        (UUID, "12345678-1234-5678-1234-567812345678", UUID(int=0x12345678123456781234567812345678)),
        (State, "a", State.CANCELLED),
        (list[int], [1, 2], [1, 2]),
        (tuple[int, str], [1, "a"], (1, "a")),
        (set[str], ["a"], {"a"}),
        (dict[str, int], {"a": 1}, {"a": 1}),
        (Room, {"number": 3}, Room(number=3)),
        (int | None, None, None),
        (object, {"any": [1]}, {"any": [1]}),
        (Any, [None], [None]),
    ],
)
def test_stored_json_becomes_the_declared_type(kind: object, stored: Json, value: object) -> None:
    def takes(given: object) -> object:
        return given

    takes.__annotations__["given"] = kind
    assert called(takes, [stored]) == value


@pytest.mark.parametrize(
    ("kind", "stored", "fault"),
    [
        (timedelta, 60, "must be a valid duration, got 60"),
        (timedelta, "1 month", 'must be a duration, such as 90s, 15m, 1h30m or 2 days, got "1 month"'),
        (Annotated[timedelta, Gt(timedelta(0))], "0s", 'must be greater than 0 seconds, got "0:00:00"'),
        (date, 20260131, "must be a valid date, got 20260131"),
        (State, "HANDLED", "must be 'o' or 'a', got \"HANDLED\""),
        (list[int], [1, "2"], '[1] must be a valid integer, got "2"'),
        (Room, {"number": "3"}, '["number"] must be a valid integer, got "3"'),
        (Room, {}, '["number"] is missing'),
        (dict[str, int], {"a": None}, '["a"] must be a valid integer, got null'),
        (
            str,
            "x" * 70_000,
            "takes over 65,536 bytes as JSON, the most that is kept; make it shorter, or keep it elsewhere and say where",
        ),
        (float, float("nan"), "is nan, which JSON cannot say; write None or text in its place"),
    ],
)
def test_what_does_not_fit_is_said_with_its_place(kind: object, stored: Json, fault: str) -> None:
    def takes(given: object) -> object:
        return given

    takes.__annotations__["given"] = kind
    [said] = faults(takes, [stored]).values()
    assert said == fault


def test_a_secret_is_not_repeated_in_the_error() -> None:
    def login(token: SecretStr | None = None) -> None: ...

    assert "hunter2" not in str(faults(login, kwargs={"token": ["hunter2"]}))


def test_more_by_position_and_by_name_go_where_the_function_gathers_them() -> None:
    def gathers(run: RunContext, first: int, *values: int, state: str = "o", **options: float) -> object:
        return run is RUN, first, values, state, options

    assert called(gathers, [1, 2, 3], {"state": "a", "values": 1, "options": 2}) == (
        (True, 1, (2, 3), "a", {"values": 1.0, "options": 2.0})
    )
    assert called(gathers, [1]) == (True, 1, (), "o", {})
    assert faults(gathers, [1, 2, "x"], {"limit": "y", "run": 1}) == {
        "run": "is the run, which is handed in; it cannot be an argument",
        "values": '[1] must be a valid integer, got "x"',
        "options": '["limit"] must be a valid number, got "y"',
    }


def test_parameters_by_position_only_and_by_name_only_are_kept_apart() -> None:
    def apart(first: int = 1, run: RunContext | None = None, second: int = 2, /, *, third: int = 3) -> object:
        return first, run is RUN, second, third

    assert called(apart) == (1, True, 2, 3)
    assert called(apart, [7, 8], {"third": 9}) == (7, True, 8, 9)
    assert faults(apart, [], {"first": 1}) == {"first": "is taken by position only"}


def test_names_that_pydantic_keeps_for_itself_are_ordinary_parameters() -> None:
    def awkward(schema: str, _x: int, model_fields: int, copy: bool = False) -> object:
        return schema, _x, model_fields, copy

    assert called(awkward, ["s"], {"_x": 1, "model_fields": 2}) == ("s", 1, 2, False)
    assert set(faults(awkward, [1], {"_x": "1", "model_fields": "2", "copy": 0})) == {
        "schema",
        "_x",
        "model_fields",
        "copy",
    }


@pytest.mark.parametrize(
    ("kind", "value", "stored"),
    [
        (int, 730, 730),
        (date, date(2026, 1, 31), "2026-01-31"),
        (timedelta, timedelta(days=30), "P30D"),
        (State, State.HANDLED, "o"),
        (Room, Room(number=3), {"number": 3}),
        (set[int], {1}, [1]),
        (SecretStr, SecretStr("hunter2"), "hunter2"),
        (list[date], [date(2026, 1, 1)], ["2026-01-01"]),
        (object, (1, 2), [1, 2]),
    ],
)
def test_pythons_own_values_are_stored_so_that_they_are_read_back(kind: object, value: object, stored: Json) -> None:
    def takes(given: object) -> object:
        return given

    takes.__annotations__["given"] = kind
    assert storable(Parameters("chores.sweep", takes), [value], {}) == ([stored], {})
    assert storable(Parameters("chores.sweep", takes), [], {"given": value}) == ([], {"given": stored})
    assert called(takes, [stored]) == (list(value) if isinstance(value, tuple) else value)


@pytest.mark.parametrize(
    ("kind", "value", "fault"),
    [
        (int, "730", 'must be a valid integer, got "730"'),
        (int, float("inf"), "is inf, which JSON cannot say; write None or text in its place"),
        (
            object,
            date(2026, 1, 1),
            "is of type datetime.date, which JSON cannot say; write text, numbers, lists and dicts",
        ),
        (
            int,
            object(),
            "cannot be stored as JSON (Unable to serialize unknown type: <class 'object'>)",
        ),
    ],
)
def test_what_could_not_be_read_back_is_not_stored(kind: object, value: object, fault: str) -> None:
    def takes(given: object) -> object:
        return given

    takes.__annotations__["given"] = kind
    with pytest.raises(InvalidArguments) as refused:
        storable(Parameters("chores.sweep", takes), [value], {})
    assert refused.value.faults == {"given": fault}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(
    st.lists(json_values, max_size=4), st.dictionaries(st.sampled_from(["days", "state", "x"]) | st.text(), json_values)
)
def test_whatever_is_stored_it_fits_or_is_refused_with_names(args: list[Json], kwargs: dict[str, Json]) -> None:
    with suppress(InvalidArguments):
        state, days = cast(tuple[str, int], called(delete, args, kwargs))
        assert state in ("o", "a", "s")
        assert days >= 365
