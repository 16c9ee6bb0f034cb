"""Which tasks does this process know, by name?"""

from collections.abc import Collection, Iterator, Mapping

from klokker.core.errors import KlokkerError
from klokker.core.spelling import did_you_mean
from klokker.core.verdict import Terms
from klokker.tasks.task import AnyTask


class UnknownTask(KlokkerError):
    """No task of this name is known to this process. `path`: the name; `known`: those that are."""

    def __init__(self, path: str, known: Collection[str]) -> None:
        self.path = path
        self.known = tuple(known)
        super().__init__(
            f"Task {path!r} is not found in the registry{did_you_mean(path, self.known) or '.'} Is its module imported? "
            "Tasks are found in each app's `tasks` module, in the modules that the setting KLOKKER_TASKS names, and by "
            "entry points of the group klokker.tasks."
        )


class TaskNameTaken(KlokkerError):
    """Two functions ask for one task name. `name`, and the places (file and line) of `first` and `second`."""

    def __init__(self, name: str, first: str, second: str) -> None:
        self.name = name
        self.first = first
        self.second = second
        super().__init__(
            f"The task name {name!r} is taken by {first}, and {second} asks for it too. Give one of them another name: "
            '@task(name="…").'
        )


class Registry:
    """Tasks by their names."""

    def __init__(self) -> None:
        self._tasks: dict[str, AnyTask] = {}

    def add(self, task: AnyTask) -> None:
        """Make `task` known. The same function anew (its module was loaded again) replaces itself.

        Raises TaskNameTaken when another function has the name.
        """
        known = self._tasks.get(task.name)
        if known is not None and not _same_function(known, task):
            raise TaskNameTaken(task.name, known.place, task.place)
        self._tasks[task.name] = task

    def find(self, name: str) -> AnyTask:
        """The task of this name. Raises UnknownTask, with near names."""
        try:
            return self._tasks[name]
        except KeyError:
            raise UnknownTask(name, self._tasks) from None

    def forget_module(self, module: str) -> None:
        """Drop the tasks whose functions were made in `module`: it failed half-way, and so would they."""
        self._tasks = {name: task for name, task in self._tasks.items() if task.function.__module__ != module}

    def terms(self, executor: str = "processes") -> Mapping[str, Terms]:
        """What a worker claims by: each known name with its task's terms; `executor` is for tasks that name none."""
        return {name: task.terms(executor) for name, task in self._tasks.items()}

    def __contains__(self, name: object) -> bool:
        return name in self._tasks

    def __iter__(self) -> Iterator[AnyTask]:
        """The tasks in the order of their names."""
        return (self._tasks[name] for name in sorted(self._tasks))

    def __len__(self) -> int:
        return len(self._tasks)


def _same_function(one: AnyTask, other: AnyTask) -> bool:
    # The same line read under two module names (`tasks` and `app.tasks`) is one function; so is a reloaded one, whose
    # line may have moved.
    first, second = one.function, other.function
    return one.place == other.place or (first.__module__, first.__qualname__) == (
        second.__module__,
        second.__qualname__,
    )


registry = Registry()
"""The tasks of this process."""
