"""Do the task and its arguments fit? Asked through a small port, so that a face may know other tasks than this process does."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from klokker.core.definition import Definition, IfLost
from klokker.core.json_values import Json
from klokker.operations.effect import Note, UnknownTask
from klokker.tasks.arguments import InvalidArguments, place, read
from klokker.tasks.registry import Registry


class KnownTask(Protocol):
    """What is asked about a task."""

    @property
    def repeatable(self) -> bool:
        """May it run again after an unknown end?"""

    @property
    def heeds_dry_run(self) -> bool:
        """Is it handed its run, so that it can tell a dry one?"""

    def faults(self, args: Sequence[Json], kwargs: Mapping[str, Json]) -> Mapping[str, str]:
        """Field (`kwargs.days`, `args[2]`) → what is wrong with the argument there; empty when all fit."""


class TaskCatalogue(Protocol):
    """The tasks that are known, by name."""

    def task(self, name: str) -> KnownTask | None:
        """The task of this name; None when it is not known here."""


class RegisteredTask:
    """A task of a registry, as operations ask about it."""

    def __init__(self, registry: Registry, name: str) -> None:
        self._task = registry.find(name)

    @property
    def repeatable(self) -> bool:
        return self._task.repeatable

    @property
    def heeds_dry_run(self) -> bool:
        return self._task.own.run is not None

    def faults(self, args: Sequence[Json], kwargs: Mapping[str, Json]) -> Mapping[str, str]:
        try:
            read(self._task.own, args, kwargs)
        except InvalidArguments as misfit:
            return dict(self._placed(name, fault, args, kwargs) for name, fault in misfit.faults.items())
        return {}

    def _placed(self, name: str, fault: str, args: Sequence[Json], kwargs: Mapping[str, Json]) -> tuple[str, str]:
        """The fault with where it stands; one of an argument by position says for which parameter that is."""
        if name.startswith("args["):
            return name, fault
        where = place(self._task.own, name, args, kwargs)
        return where, f"({name}) {fault}" if where.startswith("args") else fault


class RegisteredTasks:
    """The tasks of a registry of this process."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def task(self, name: str) -> RegisteredTask | None:
        return RegisteredTask(self._registry, name) if name in self._registry else None


def argument_faults(
    tasks: TaskCatalogue, name: str, args: Sequence[Json], kwargs: Mapping[str, Json]
) -> tuple[dict[str, str], tuple[Note, ...]]:
    """What is wrong with the arguments, by field (`kwargs.days`, `args[2]`); and a note where the task is not known."""
    task = tasks.task(name)
    if task is None:
        return {}, (UnknownTask(name),)
    return dict(task.faults(args, kwargs)), ()


def definition_faults(tasks: TaskCatalogue, definition: Definition) -> tuple[dict[str, str], tuple[Note, ...]]:
    """What of the definition does not fit its task, by field; and a note where the task is not known."""
    faults, notes = argument_faults(tasks, definition.task, definition.args, definition.kwargs)
    task = tasks.task(definition.task)
    if task is not None and definition.if_lost is IfLost.RETRY and not task.repeatable:
        faults["if_lost"] = (
            f"may be retry for repeatable tasks only, and {definition.task} is not declared repeatable: "
            "a lost run may have done its work"
        )
    return faults, notes
