"""Which terms hold for a run? What its schedule states, and the task's own word on all that it leaves open."""

from dataclasses import replace

from klokker.core.definition import Definition, IfLost
from klokker.core.verdict import Terms


def settled(definition: Definition | None, task: Terms) -> Terms:
    """The terms of a run under `definition` (None: a run without a schedule) of a task with the terms `task`.

    Whether the task is repeatable is for the task alone to say; a further attempt after a lost one is never given to
    one that is not, whatever an old definition says.
    """
    if definition is None or not (definition.timeout or definition.retry or definition.if_lost or definition.executor):
        return task
    if_lost = definition.if_lost or task.if_lost
    return replace(
        task,
        timeout=definition.timeout or task.timeout,
        retry=definition.retry or task.retry,
        if_lost=if_lost if task.repeatable else IfLost.FAIL,
        executor=definition.executor or task.executor,
    )
