"""An executor without work: each attempt begins at once, lasts as long as it is told to, and ends as it is told to."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from heapq import heappop, heappush

from klokker.core.lifecycle import Outcome
from klokker.core.verdict import Ending
from klokker.executors.bell import Bell
from klokker.executors.contract import Assignment, Ended, NoRoom, Report, Started


@dataclass(frozen=True, slots=True)
class Part:
    """What an attempt plays: how long it takes, and how it ends. `snooze` goes with no outcome."""

    takes: timedelta = timedelta(0)
    outcome: Outcome | None = Outcome.SUCCEEDED
    error: str = ""
    snooze: timedelta | None = None


Script = Callable[[Assignment], Part]
"""What each attempt plays."""


class Playing:
    """Plays `slots` attempts at once by the clock `monotonic`, in seconds. A timeout ends one, as a process's executor would."""

    kills = True

    def __init__(self, name: str, slots: int, script: Script, monotonic: Callable[[], float]) -> None:
        self.name = name
        self._slots = slots
        self._script = script
        self._monotonic = monotonic
        self._on: dict[int, tuple[Assignment, Ending, float]] = {}
        self._ends: list[tuple[float, int, int]] = []
        """A heap of (end, run, token); entries whose attempt was ended before are passed over."""
        self._told: list[Report] = []
        self._bell = Bell()

    def free(self) -> int:
        return self._slots - len(self._on)

    def ahead(self) -> int:
        """Nothing waits here: what begins later is claimed later."""
        return 0

    def running(self) -> Collection[int]:
        return self._on.keys()

    def start(self, assignments: Sequence[Assignment]) -> None:
        if len(assignments) > self.free():
            raise NoRoom(self.name, self.free(), len(assignments))
        now = self._monotonic()
        for assignment in assignments:
            part = self._script(assignment)
            takes, ending = part.takes, Ending(part.outcome, error=part.error, snooze=part.snooze)
            if assignment.timeout is not None and takes > assignment.timeout:
                takes, ending = assignment.timeout, Ending(Outcome.TIMED_OUT, error="its time was up")
            self._on[assignment.run] = (assignment, ending, now)
            # To the microsecond, as the clock has it: else an end may lie just beyond the moment that time goes on to.
            heappush(self._ends, (round(now + takes.total_seconds(), 6), assignment.run, assignment.token))
            self._told.append(Started(assignment.run, assignment.token, now))

    def give_back(self) -> Sequence[Assignment]:
        return ()

    def cancel(self, run: int, *, kill_after: timedelta | None = None) -> None:  # noqa: ARG002 — whoever plays heeds it at once
        if run in self._on:
            self._end(run, Ending(Outcome.CANCELLED, error="it was asked to end"), self._monotonic())

    def renewed(self) -> None:
        """No child waits for it."""

    def reports(self, wait: float = 0) -> list[Report]:  # noqa: ARG002 — time passes by the hand of the world alone
        now = self._monotonic()
        while self._ends and self._ends[0][0] <= now:
            at, run, token = heappop(self._ends)
            if run in self._on and self._on[run][0].token == token:
                self._end(run, self._on[run][1], at)
        told, self._told = self._told, []
        return told

    def fileno(self) -> int:
        """Silent: whoever plays is looked at when time has passed."""
        return self._bell.fileno()

    def due(self) -> float | None:
        return self._ends[0][0] if self._ends else None

    def wake(self) -> None:
        """Nobody blocks here."""

    def kill_all(self, why: str) -> None:
        for run in list(self._on):
            self._end(run, Ending(Outcome.LOST, error=why), self._monotonic())

    def close(self) -> None:
        self._bell.close()

    def _end(self, run: int, ending: Ending, at: float) -> None:
        assignment, _, began = self._on.pop(run)
        self._told.append(Ended(run, assignment.token, ending, began, at))
