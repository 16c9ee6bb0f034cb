"""Where does what a task prints go? Line by line to its run log, and to the program's logging beside it."""

import io
import threading
from typing import TextIO

from klokker.tasks.context import RunContext

LONGEST = 8192
"""Characters after which a line counts as one, ended or not: a progress bar never ends its line."""


class Printed(io.TextIOBase):
    """Stands in for stdout or stderr in a process that runs one task at a time; between tasks, all goes to `real`."""

    def __init__(self, level: int, real: TextIO) -> None:
        self._level = level
        self._real = real
        self._run: RunContext | None = None
        self._begun = ""
        self._here = threading.local()

    def hear(self, run: RunContext) -> None:
        """From now on, what is printed belongs to this run."""
        self._run, self._begun = run, ""

    def end(self) -> None:
        """The task is over: log the line that was begun."""
        if self._begun:
            self._log(self._begun)
        self._run, self._begun = None, ""

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, text: str, /) -> int:
        """Log whole lines; keep the rest for the next write."""
        # Logging may itself write to stderr, which is this: that would never end.
        if self._run is None or getattr(self._here, "logging", False):
            return self._real.write(text)
        *lines, self._begun = (self._begun + text).split("\n")
        if len(self._begun) > LONGEST:
            lines.append(self._begun)
            self._begun = ""
        for line in lines:
            self._log(line)
        return len(text)

    def fileno(self) -> int:
        """The real one: what a subprocess writes there is not ours to read."""
        return self._real.fileno()

    def _log(self, line: str) -> None:
        if self._run is None or not line:
            return
        self._here.logging = True
        try:
            self._run.logger.log(self._level, "%s", line)
        finally:
            self._here.logging = False
