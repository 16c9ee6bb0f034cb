"""Parameters: what a task takes, as a model (docs/concepts/tasks.md)."""

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Literal

import pytest
from annotated_types import Ge, Le
from pydantic import Field

from klokker.tasks.context import RunContext
from klokker.tasks.parameters import InvalidTask, Parameters

if TYPE_CHECKING:
    from decimal import Decimal


def parameters(function: Callable[..., object]) -> Parameters:
    return Parameters("chores.sweep", function)


def test_the_schema_has_types_limits_choices_defaults_and_texts() -> None:
    def sweep(
        run: RunContext,
        state: Literal["o", "a"],
        days: Annotated[int, Ge(1), Le(3650)] = 365,
        rest: timedelta = timedelta(minutes=1),
        note: Annotated[str, Field(description="Stated here.")] = "",
    ) -> None:
        """Sweep.

        Args:
            state: Which ones,
                handled or cancelled.
            days (int): How old they are.
            note: Not read, the field says it.
        """

    assert parameters(sweep).model.model_json_schema() == {
        "title": "chores.sweep",
        "type": "object",
        "additionalProperties": False,
        "required": ["state"],
        "properties": {
            "state": {
                "title": "State",
                "type": "string",
                "enum": ["o", "a"],
                "description": "Which ones, handled or cancelled.",
            },
            "days": {
                "title": "Days",
                "type": "integer",
                "minimum": 1,
                "maximum": 3650,
                "default": 365,
                "description": "How old they are.",
            },
            "rest": {"title": "Rest", "type": "string", "format": "duration", "default": "PT1M"},
            "note": {"title": "Note", "type": "string", "default": "", "description": "Stated here."},
        },
    }


def test_gathered_parameters_stand_in_the_schema_as_a_list_and_an_object() -> None:
    def sweep(*rooms: int, **options: str) -> None: ...

    properties = parameters(sweep).model.model_json_schema()["properties"]
    assert {name: each["type"] for name, each in properties.items()} == {"rooms": "array", "options": "object"}


def test_a_parameter_that_cannot_be_read_from_json_is_named() -> None:
    def sweep(days: int, where: subprocess.Popen[str], size: str) -> None: ...

    with pytest.raises(InvalidTask) as refused:
        _ = parameters(sweep).model
    assert set(refused.value.faults) == {"where"}
    assert "cannot be read from JSON; take an id or a name in its place" in refused.value.faults["where"]
    assert refused.value.place.startswith(__file__)


def test_an_annotation_that_is_unknown_at_run_time_is_named() -> None:
    def sweep(price: "Decimal") -> None: ...

    with pytest.raises(InvalidTask, match="annotations name Decimal, which is unknown when the task runs"):
        _ = parameters(sweep).model


def test_the_run_is_known_by_its_annotation_under_any_name() -> None:
    def sweep(days: int, mine: "RunContext | None" = None) -> None: ...

    assert (parameters(sweep).run, str(parameters(sweep))) == ("mine", "days")


def test_only_one_parameter_may_be_the_run() -> None:
    def sweep(one: RunContext, two: RunContext) -> None: ...

    with pytest.raises(InvalidTask, match="one and two are both annotated RunContext"):
        _ = parameters(sweep).run


MODULE_OF_A_LINTED_PROJECT = """
from __future__ import annotations
from typing import TYPE_CHECKING
from klokker import task
if TYPE_CHECKING:
    from klokker import RunContext

@task
def sweep(run: RunContext) -> str:
    return run.task
"""


def test_run_context_may_be_imported_for_type_checkers_only_and_pydantic_is_not_imported_without_arguments() -> None:
    code = (
        f"{MODULE_OF_A_LINTED_PROJECT}\nimport sys; from klokker.tasks.context import RunContext as Run\n"
        "print(sweep.bind()(Run.by_hand('swept')), 'pydantic' in sys.modules)"
    )
    printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert printed.split() == ["swept", "False"]
