"""How does a running task speak to its executor, and hear from it? The same way in a child, a thread, and inline."""

from collections.abc import Callable
from datetime import datetime

from klokker.executors.attempt import Request
from klokker.executors.contract import Assignment, Logged, LogLine, Prepared, Progressed, Report
from klokker.executors.flood import FloodGate

PROGRESS_EVERY = 0.25
"""Seconds between two progress reports of a run."""


class RunReporter:
    """The `Reporter` of one attempt: thins progress, holds floods of lines, and remembers whether a request was seen.

    `tell` takes reports as they come; `asked` says whether the run has been asked to end.
    """

    def __init__(
        self,
        assignment: Assignment,
        prepared: Prepared,
        tell: Callable[[Report], None],
        asked: Callable[[], Request | None],
    ) -> None:
        self.seen: Request | None = None
        self._run, self._token = assignment.run, assignment.token
        self._prepared = prepared
        self._tell = tell
        self._asked = asked
        self._gate: FloodGate | None = None
        self._newest: Progressed | None = None
        self._progress_from = 0.0
        self._open = True

    @property
    def identity(self) -> tuple[int, int]:
        """Run and fencing token: which attempt this is."""
        return self._run, self._token

    def progress(self, done: int, total: int | None) -> None:
        """Tell the first figures at once, later ones a few times a second."""
        # A count taken from a table or an array may be of a type of its own.
        self._newest = Progressed(self._run, self._token, int(done), None if total is None else int(total))
        now = self._prepared.monotonic()
        if now >= self._progress_from:
            self._progress_from = now + PROGRESS_EVERY
            self._tell_progress()

    def log(self, level: int, message: str, at: datetime) -> None:
        """Tell the line, or hold it while the task floods."""
        if self._gate is None:
            self._gate = FloodGate(self._prepared.monotonic, self._tell_lines)
        self._gate.log(LogLine(at, level, message))

    def cancelled(self) -> bool:
        """Has the run been asked to end, by a person or by its timeout?"""
        if self.seen is None:
            self.seen = self._asked()
        return self.seen is not None

    def still_mine(self) -> bool:
        """Ask the store."""
        return self._prepared.still_mine(self._run, self._token)

    def close(self) -> None:
        """The attempt is over: tell what is held. What a forgotten thread of the task says later is not heard."""
        self._tell_progress()
        if self._gate is not None:
            self._gate.flush()
        self._open = False

    def _tell_progress(self) -> None:
        if self._newest is not None and self._open:
            self._tell(self._newest)
            self._newest = None

    def _tell_lines(self, lines: tuple[LogLine, ...]) -> None:
        if self._open:
            self._tell(Logged(self._run, self._token, lines))
