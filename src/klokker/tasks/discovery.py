"""Where are tasks found? In each app's `tasks` module, in modules that a setting names, and by entry points.

Importing a module declares its tasks. One that raises is reported by name and stops no other; what it had declared before it
raised is forgotten again, so that half a module does not run.
"""

import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import ModuleType

from klokker.core.errors import KlokkerError
from klokker.core.text import words_of
from klokker.tasks.registry import Registry
from klokker.tasks.registry import registry as process_registry

ENTRY_POINTS = "klokker.tasks"


class TaskModuleFailed(KlokkerError):
    """A module of tasks cannot be imported; its tasks are unknown to this process.

    `module`; `error`: what it raised, its own ImportError included; `location`: where in the module, `file:line`, as far
    as known.
    """

    def __init__(self, module: str, error: BaseException, location: str) -> None:
        self.module = module
        self.error = error
        self.location = location
        where = f" at {location}" if location else ""
        super().__init__(
            f"The task module {module} raised {type(error).__name__}{where}: {words_of(error)}. Its tasks are unknown until it can "
            f"be imported; `python -c 'import {module}'` shows the whole traceback."
        )


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found: `modules` that were imported, and `faults` of those that could not be."""

    modules: tuple[str, ...]
    faults: tuple[TaskModuleFailed, ...]


def discover(
    apps: Iterable[str] = (),
    modules: Iterable[str] = (),
    *,
    entry_points: bool = False,
    registry: Registry = process_registry,
) -> Discovery:
    """Import every module of tasks there is; never raises for what is in them.

    `apps`: packages whose submodule `tasks` is taken where there is one. `modules`: modules that must exist. Of a package
    all submodules are taken too, but for tests.
    """
    search = _Search(registry)
    for app in apps:
        search.app(app)
    for module in modules:
        search.module(module)
    if entry_points:
        from importlib.metadata import entry_points as installed

        for entry in sorted(installed(group=ENTRY_POINTS), key=lambda entry: entry.name):
            search.module(entry.module)
    return Discovery(tuple(search.imported), tuple(search.faults.values()))


class _Search:
    """One discovery under way."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.imported: dict[str, None] = {}
        self.faults: dict[str, TaskModuleFailed] = {}

    def app(self, app: str) -> None:
        package, tasks = self.take(app), f"{app}.tasks"
        if hasattr(package, "__path__") and (tasks in sys.modules or importlib.util.find_spec(tasks)):
            self.module(tasks)

    def module(self, name: str) -> None:
        module = self.take(name)
        if module is None:
            return
        self.imported[name] = None
        for submodule in _submodules(module):
            self.module(submodule)

    def take(self, name: str) -> ModuleType | None:
        if name in self.faults:
            return None
        try:
            return importlib.import_module(name)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 — the module is anybody's code; the fault is reported
            self.registry.forget_module(name)
            self.faults[name] = TaskModuleFailed(name, error, _location(name, error))
            self.faults[name].__cause__ = error
            return None


def _submodules(package: ModuleType) -> Iterator[str]:
    for found in pkgutil.iter_modules(getattr(package, "__path__", ())):
        if found.name not in ("tests", "conftest", "__main__") and not found.name.startswith("test_"):
            yield f"{package.__name__}.{found.name}"


def _location(module: str, error: BaseException) -> str:
    """The line of `module` at which the import failed; of a syntax error, the line that cannot be read."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    trace, location = error.__traceback__, ""
    while trace is not None:
        if trace.tb_frame.f_globals.get("__name__") == module:
            location = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        trace = trace.tb_next
    return location
