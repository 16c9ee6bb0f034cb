"""How is a process made ready to run tasks, and how long does it serve? The same for the nursery and for its children."""

import importlib
import sys
from dataclasses import dataclass
from pathlib import Path

import klokker
from klokker.core.errors import KlokkerError
from klokker.executors.contract import Prepared

HOME = str(Path(klokker.__file__).parents[1])


def python(module: str, argument: str) -> list[str]:
    """The command that runs `main` of one of our modules, whichever way this process came to find us.

    -P: nothing in the working directory is to be taken for a module that we import.
    """
    code = f"import sys; sys.path.append({HOME!r}); from {module} import main; main()"
    return [sys.executable, "-P", "-c", code, argument]


class NotPreparable(KlokkerError):
    """`prepare` does not name a function that returns Prepared. `path` and `why` say more."""

    def __init__(self, path: str, why: str) -> None:
        self.path, self.why = path, why
        super().__init__(f"prepare={path!r}: {why}. Write it as package.module:function; it must return Prepared.")


@dataclass(frozen=True, slots=True)
class Upbringing:
    """`prepare` is the import path of the function to call, looked up along `path` (as `sys.path`).

    A child serves for so many `runs`, or until it has grown by `growth` bytes; a fresh one takes its place.
    """

    prepare: str
    path: tuple[str, ...]
    runs: int
    growth: int

    def prepared(self) -> Prepared:
        """Call the function that `prepare` names. Raises NotPreparable, and whatever the function raises."""
        sys.path[:] = self.path
        module, colon, name = self.prepare.partition(":")
        if not (module and colon and name):
            raise NotPreparable(self.prepare, "it has no colon between module and function")
        function: object = getattr(importlib.import_module(module), name, None)
        if not callable(function):
            raise NotPreparable(self.prepare, f"{module} has no function {name}")
        made: object = function()
        if not isinstance(made, Prepared):
            raise NotPreparable(self.prepare, f"it returned {type(made).__qualname__}")
        return made
