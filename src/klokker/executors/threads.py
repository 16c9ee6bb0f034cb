"""Runs in threads of this process: light, sharing its memory, and impossible to kill.

Timeout and cancel are requests. A run that goes on regardless is reported as overrun, and keeps its thread.
"""

import queue
import threading
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta

from klokker.core.lifecycle import Outcome
from klokker.core.verdict import Ending
from klokker.executors.attempt import BEFORE_IT_BEGAN, CANCEL_ASKED, Request, attempt, time_is_up
from klokker.executors.bell import Bell
from klokker.executors.contract import Assignment, Ended, NoRoom, Overrun, Prepared, Report, Started
from klokker.executors.reporter import RunReporter


class _Held:
    """An assignment in hand: waiting, or running in some thread."""

    __slots__ = ("assignment", "began", "due", "request")

    def __init__(self, assignment: Assignment) -> None:
        self.assignment = assignment
        self.began: float | None = None
        self.request: Request | None = None
        self.due: float | None = None
        """When the owner must look at it again: its time is up, or it has had time enough to heed a request."""

    def asked(self) -> Request | None:
        """Has it been asked to end?"""
        return self.request


class Threads:
    """As many threads as slots, made when first needed. Each takes `depth` repeatable assignments ahead.

    A run that was asked to end is reported as overrun when it has not ended after `patience`.
    """

    name = "threads"
    kills = False

    def __init__(
        self, prepared: Prepared, *, slots: int, depth: int = 64, patience: timedelta = timedelta(seconds=3)
    ) -> None:
        self._prepared = prepared
        self._slots = slots
        self._most = slots * (1 + depth)
        self._patience = patience.total_seconds()
        self._queue: queue.SimpleQueue[_Held | None] = queue.SimpleQueue()
        self._held: dict[int, _Held] = {}
        self._threads: list[threading.Thread] = []
        self._told: deque[Report] = deque()
        self._bell = Bell()
        self._rung = False
        self._timed: dict[int, _Held] = {}

    # ── what the worker calls ───────────────────────────────────────────────────────────────────────────────────────

    def free(self) -> int:
        """Threads with nothing to do."""
        return max(0, self._slots - len(self._held))

    def ahead(self) -> int:
        """Room in the queue."""
        return max(0, self._most - len(self._held) - self.free())

    def running(self) -> Collection[int]:
        """The runs handed over and not reported as ended."""
        return self._held.keys()

    def start(self, assignments: Sequence[Assignment]) -> None:
        """Queue them, those that cannot wait first."""
        free = self.free()
        urgent = sum(not assignment.repeatable for assignment in assignments)
        if urgent > free:
            raise NoRoom(self.name, free, urgent)
        if len(assignments) > (room := free + self.ahead()):
            raise NoRoom(self.name, room, len(assignments))
        for assignment in sorted(assignments, key=lambda each: each.repeatable):
            held = self._held[assignment.run] = _Held(assignment)
            self._queue.put(held)
        for _ in range(min(len(self._held), self._slots) - len(self._threads)):
            thread = threading.Thread(target=self._work, name=f"klokker-run-{len(self._threads) + 1}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def give_back(self) -> Sequence[Assignment]:
        """Empty the queue."""
        back: list[Assignment] = []
        for held in self._recalled():
            del self._held[held.assignment.run]
            back.append(held.assignment)
        return back

    def cancel(self, run: int, *, kill_after: timedelta | None = None) -> None:  # noqa: ARG002
        """Ask it to end. Nothing can be killed here."""
        for waiting in self._recalled():
            if waiting.assignment.run == run:
                self._tell_never_began(waiting, BEFORE_IT_BEGAN)
            else:
                self._queue.put(waiting)
        if run in self._held:
            self._ask(self._held[run], CANCEL_ASKED)

    def renewed(self) -> None:
        """No child waits for it."""

    def reports(self, wait: float = 0) -> list[Report]:
        """Wait for a thread, or a limit, to tell something."""
        monotonic = self._prepared.monotonic
        until = monotonic() + wait
        while True:
            due = self.due()
            rung = bool(self._told) or self._bell.wait((until if due is None else min(until, due)) - monotonic())
            self._bell.hush()
            self._rung = False
            told = [self._told.popleft() for _ in range(len(self._told))]
            for report in told:
                self._note(report)
            told += self._attend_to_limits()
            if told or rung or monotonic() >= until:
                return told

    def fileno(self) -> int:
        """Readable when a thread has told something."""
        return self._bell.fileno()

    def due(self) -> float | None:
        """The next limit of a run."""
        return min((held.due for held in self._timed.values() if held.due is not None), default=None)

    def wake(self) -> None:
        """Let `reports` return."""
        self._bell.ring()

    def kill_all(self, why: str) -> None:
        """Ask everything to end; what waits never begins."""
        for held in self._recalled():
            self._tell_never_began(held, Ending(Outcome.LOST, error=why))
        for held in self._held.values():
            self._ask(held, Request(Outcome.LOST, why))

    def close(self) -> None:
        """Let the threads end; those that still run a task end with the process."""
        for _ in self._threads:
            self._queue.put(None)
        if not self._held:
            for thread in self._threads:
                thread.join()
            self._bell.close()

    # ── the owner's side ────────────────────────────────────────────────────────────────────────────────────────────

    def _recalled(self) -> list[_Held]:
        """What no thread has taken from the queue, and none will now."""
        recalled: list[_Held] = []
        with suppress(queue.Empty):
            while (held := self._queue.get_nowait()) is not None:
                recalled.append(held)
        return recalled

    def _ask(self, held: _Held, request: Request) -> None:
        held.request = held.request or request
        held.due = self._prepared.monotonic() + self._patience
        self._timed[held.assignment.run] = held

    def _tell_never_began(self, held: _Held, ending: Ending) -> None:
        now = self._prepared.monotonic()
        self._tell(Ended(held.assignment.run, held.assignment.token, ending, now, now))

    def _note(self, report: Report) -> None:
        match report:
            case Started(run, _, began):
                held = self._held[run]
                if held.assignment.timeout is not None and held.request is None:
                    held.due = began + held.assignment.timeout.total_seconds()
                    self._timed[run] = held
            case Ended(run):
                del self._held[run]
                self._timed.pop(run, None)

    def _attend_to_limits(self) -> Iterator[Overrun]:
        now = self._prepared.monotonic()
        for held in list(self._timed.values()):
            if held.due is None or held.due > now:
                continue
            if held.request is None and held.assignment.timeout is not None:
                self._ask(held, time_is_up(held.assignment.timeout))
            elif held.request is not None:
                held.due = None
                yield Overrun(held.assignment.run, held.assignment.token, held.request.why)

    # ── in the threads ──────────────────────────────────────────────────────────────────────────────────────────────

    def _work(self) -> None:
        while (held := self._queue.get()) is not None:
            assignment = held.assignment
            began = self._prepared.monotonic()
            self._tell(Started(assignment.run, assignment.token, began))
            reporter = RunReporter(assignment, self._prepared, self._tell, held.asked)
            ending = attempt(assignment, self._prepared, reporter)
            reporter.close()
            self._tell(Ended(assignment.run, assignment.token, ending, began, self._prepared.monotonic()))

    def _tell(self, report: Report) -> None:
        # The owner clears the flag before it collects: what is appended here while the flag is still up is collected.
        self._told.append(report)
        if not self._rung:
            self._rung = True
            self._bell.ring()
