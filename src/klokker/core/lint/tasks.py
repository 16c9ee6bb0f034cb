"""Schedules whose task is not there, or does not take what it is given."""

from collections.abc import Iterator

from klokker.core.lint.case import Case
from klokker.core.lint.finding import Code, Finding


def find(case: Case) -> Iterator[Finding]:
    """Whether a schedule's task is known and its arguments fit."""
    task = case.subject.task
    if task is None:
        yield case.finding(
            Code.UNKNOWN_TASK,
            f"task not found in registry: {case.definition.task}",
            "mend the name, or let this process know the task's module (KLOKKER_TASKS)",
        )
    elif task.misfits:
        told = "; ".join(f"{name} {fault}" for name, fault in task.misfits.items())
        yield case.finding(
            Code.UNFIT_ARGUMENTS,
            f"its arguments do not fit {case.definition.task}: {told}",
            "edit args and kwargs: every run would fail",
            faults=dict(task.misfits),
        )
