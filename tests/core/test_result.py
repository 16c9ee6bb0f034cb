"""Result: what of a task's return value is kept."""

import json
import math
from decimal import Decimal
from enum import IntEnum, StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klokker.core.json_values import Json
from klokker.core.result import Result, as_result
from klokker.core.text import CAP


class Colour(StrEnum):
    RED = "red"


class Size(IntEnum):
    BIG = 3


@pytest.mark.parametrize(
    ("returned", "kept"),
    [
        (None, None),
        (True, True),
        (0, 0),
        (-0.5, -0.5),
        ("sunrise", "sunrise"),
        ((1, (2, [3])), [1, [2, [3]]]),
        ({"a": {"b": []}}, {"a": {"b": []}}),
        (Colour.RED, "red"),
        (Size.BIG, 3),
    ],
)
def test_json_values_are_kept_as_they_are(returned: object, kept: Json) -> None:
    assert as_result(returned) == Result(kept)


def test_enum_members_become_plain_values() -> None:
    assert [type(as_result(member).json) for member in (Colour.RED, Size.BIG)] == [str, int]


@pytest.mark.parametrize(
    ("returned", "says"),
    [
        (math.nan, "The returned value is nan"),
        ({"rates": [1.0, math.inf]}, "at ['rates'][1] is inf"),
        ({"a": {1}}, "at ['a'] is of type set"),
        (Decimal("1.5"), "is of type decimal.Decimal"),
        ({1: "one"}, "has a key of type int"),
        ([b"bytes"], "at [0] is of type bytes"),
        (2**1024, "integer of over 1024 bits"),
        ("x" * CAP, "takes over 65,536 bytes"),
        ("é" * (CAP // 2), "takes 65,538 bytes as JSON"),
        (["x"] * CAP, "takes over 65,536 bytes"),
    ],
)
def test_what_json_cannot_say_is_replaced_by_an_explanation(returned: object, says: str) -> None:
    result = as_result(returned)
    assert result.fault is not None
    assert says in result.fault
    assert result.json == {"not stored": result.fault}


def test_a_list_that_holds_itself_is_explained() -> None:
    endless: list[object] = []
    endless.append(endless)
    assert "holds itself" in (as_result(endless).fault or "")


def test_a_small_value_that_unfolds_to_a_huge_one_is_given_up_early() -> None:
    doubled: list[object] = ["x"]
    for _ in range(50):
        doubled = [doubled, doubled]
    assert "takes over 65,536 bytes" in (as_result(doubled).fault or "")


def test_text_inside_is_cleaned_keys_too() -> None:
    assert as_result({"a\x00": ["b\ud800"]}) == Result({"a\ufffd": ["b\ufffd"]})


def test_an_explanation_is_itself_small_and_storable() -> None:
    fault = as_result({"k" * 60_000 + "\ud800": math.nan}).fault
    assert fault is not None
    assert len(fault.encode()) < 500


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
)


@given(values)
def test_whatever_is_returned_the_result_is_strict_json_in_utf8(returned: object) -> None:
    result = as_result(returned)
    written = json.dumps(result.json, allow_nan=False, ensure_ascii=False)
    assert json.loads(written.encode()) == result.json
    assert "\\u0000" not in written
