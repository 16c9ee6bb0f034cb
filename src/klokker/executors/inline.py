"""Run it here and now, in the thread that asks: for `klokker tick`, `klokker run`, tests and simulation.

`start` returns when the attempts are over. Timeout and cancel are requests, and `cancel` can come only from a signal
handler, another thread, or the task itself.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta

from klokker.core.lifecycle import Outcome
from klokker.executors.attempt import CANCEL_ASKED, INTERRUPTED, Request, attempt, time_is_up
from klokker.executors.bell import Bell
from klokker.executors.contract import Assignment, Ended, NoRoom, Overrun, Prepared, Report, Started
from klokker.executors.reporter import RunReporter


class Inline:
    """One slot: this thread."""

    name = "inline"
    kills = False

    def __init__(self, prepared: Prepared) -> None:
        self._prepared = prepared
        self._told: list[Report] = []
        self._current: Assignment | None = None
        self._asked: Request | None = None
        self._bell = Bell()

    def free(self) -> int:
        """One, or none for a task that runs here and asks."""
        return 0 if self._current else 1

    def ahead(self) -> int:
        """None: everything handed over begins at once."""
        return 0

    def running(self) -> Collection[int]:
        """The run that is going on, for a signal handler to see."""
        return {self._current.run} if self._current else frozenset()

    def start(self, assignments: Sequence[Assignment]) -> None:
        """Run it; its reports are ready when this returns. Ctrl-C ends the attempt as cancelled, and is raised again."""
        if len(assignments) > self.free():
            raise NoRoom(self.name, self.free(), len(assignments))
        for assignment in assignments:
            self._attempt(assignment)

    def give_back(self) -> Sequence[Assignment]:
        """Nothing waits here."""
        return ()

    def cancel(self, run: int, *, kill_after: timedelta | None = None) -> None:  # noqa: ARG002
        """Ask the run that is going on to end."""
        if self._current and self._current.run == run:
            self._asked = self._asked or CANCEL_ASKED

    def renewed(self) -> None:
        """No child waits for it."""

    def reports(self, wait: float = 0) -> list[Report]:
        """What the attempts told; blocks only when there is nothing to tell."""
        if not self._told:
            self._bell.wait(wait)
        self._bell.hush()
        told, self._told = self._told, []
        return told

    def fileno(self) -> int:
        """Readable while there are reports."""
        return self._bell.fileno()

    def due(self) -> float | None:
        """Nothing runs unattended."""
        return None

    def wake(self) -> None:
        """Let `reports` return."""
        self._bell.ring()

    def kill_all(self, why: str) -> None:
        """Ask the run that is going on to end."""
        if self._current:
            self._asked = Request(Outcome.LOST, why)

    def close(self) -> None:
        """Nothing is left running."""
        self._bell.close()

    def _attempt(self, assignment: Assignment) -> None:
        monotonic, allowed = self._prepared.monotonic, assignment.timeout
        began = monotonic()

        def asked() -> Request | None:
            if self._asked is None and allowed is not None and monotonic() - began >= allowed.total_seconds():
                self._asked = time_is_up(allowed)
            return self._asked

        reporter = RunReporter(assignment, self._prepared, self._told.append, asked)
        self._current, self._asked = assignment, None
        self._told.append(Started(assignment.run, assignment.token, began))
        ending = attempt(assignment, self._prepared, reporter)
        reporter.close()
        request = asked()
        if request is not None and reporter.seen is None:
            self._told.append(Overrun(assignment.run, assignment.token, request.why))
        self._told.append(Ended(assignment.run, assignment.token, ending, began, monotonic()))
        self._current = None
        self._bell.ring()
        if ending is INTERRUPTED:
            raise KeyboardInterrupt
