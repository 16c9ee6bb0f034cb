"""Schedules whose task is not there, or does not take what it is given (docs/lint/unknown-task.md, unfit-arguments.md)."""

from klokker.core.lint.case import TaskFacts
from klokker.core.lint.finding import Code
from tests.core.lint.looking import codes, looked, only, subject


def test_a_task_that_nobody_registers() -> None:
    found = only(Code.UNKNOWN_TASK, subject("0 9 * * *", known=False))
    assert found.sentence == "task not found in registry: shop.clean_up"


def test_arguments_that_no_longer_fit() -> None:
    unfit = TaskFacts(misfits={"days": "must be a whole number, got 'many'"})
    found = only(Code.UNFIT_ARGUMENTS, subject("0 9 * * *", task=unfit))
    assert "do not fit shop.clean_up: days must be a whole number" in found.sentence
    assert codes(looked(subject("0 9 * * *"))) == []
