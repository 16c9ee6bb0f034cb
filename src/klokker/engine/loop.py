"""How is a duty done again and again? Start, stop, wake, sleep, and what follows a failure: written once, here.

A duty is done once by `run_once(now)`, which says when it wants to be done again. Its loop sleeps until then, until
somebody wakes it, or until the duty's longest rest is over. A pass that raises never ends the loop: it is told as an
event, and the next one follows after a wait that grows.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from klokker.engine.clock import Clock
from klokker.engine.gate import Gate
from klokker.engine.rest import EventRest, Rest
from klokker.events import DutyFailed, DutyRecovered, emit

FIRST_WAIT = 0.1
LONGEST_WAIT = 5.0
"""Seconds to wait after the first failure of a duty, doubled with each further one, up to the longest."""

LONG_REST = 10.0
"""A rest of more seconds than this is told to `on_rest` first."""


class Pass(Protocol):
    """What one pass of a duty came to."""

    @property
    def again_at(self) -> datetime | None:
        """When the duty wants its next pass; None: not before its longest rest is over, unless it is woken."""


class Duty(Protocol):
    """Something a process does again and again."""

    @property
    def name(self) -> str:
        """One word: ticker, worker, heart, …"""

    @property
    def decides(self) -> bool:
        """Does it decide what no second look can undo? Then it rests while the gate is closed."""

    @property
    def longest_rest(self) -> timedelta:
        """The poll bound: it is done at least this often, even if nothing wakes it."""

    def run_once(self, now: datetime) -> Pass:
        """One pass, under this moment as frozen now."""


@dataclass(frozen=True, slots=True)
class Condition:
    """How a duty fares: failures in a row, the last fault (None: its last pass went well), and when it last went well."""

    duty: str
    failures: int
    fault: str | None
    well_at: datetime | None
    alive: bool


class Loop:
    """One duty, done in a thread of its own from `start` to `stop`.

    Woken, it still rests for `shortest_rest` seconds after a pass, so that wakes in a row cost one pass.
    `on_rest` is called in that thread before a long rest and at its end: to close what should not be held open
    meanwhile, such as a database connection.
    """

    def __init__(
        self,
        duty: Duty,
        *,
        clock: Clock,
        gate: Gate,
        process: str = "",
        rest: Rest | None = None,
        shortest_rest: float = 0.0,
        on_rest: Callable[[], None] = lambda: None,
    ) -> None:
        self.duty = duty
        self._clock = clock
        self._gate = gate
        self._process = process
        self._on_rest = on_rest
        self._rest = rest or EventRest()
        self._shortest_rest = shortest_rest
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=f"klokker-{duty.name}", daemon=True)
        self._failures = 0
        self._fault: str | None = None
        self._well_at: datetime | None = None

    def start(self) -> None:
        """Begin, at once, in a thread of its own."""
        self._thread.start()

    def wake(self) -> None:
        """End the rest, or forgo the next one. From any thread, and from signal handlers."""
        self._rest.wake()

    def stop(self) -> None:
        """Ask the loop to end after the pass at hand; `join` waits for it."""
        self._stopping = True
        self._rest.wake()

    def join(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds for the loop's end; whether it has ended. True for one never started."""
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    @property
    def condition(self) -> Condition:
        """How the duty fares."""
        return Condition(self.duty.name, self._failures, self._fault, self._well_at, self._thread.is_alive())

    def step(self) -> float:
        """One guarded pass; the seconds to rest after it, unless woken."""
        if self.duty.decides and not self._gate.is_open():
            return self.duty.longest_rest.total_seconds()
        now = self._clock.now()
        try:
            done = self.duty.run_once(now)
        except Exception as error:  # noqa: BLE001 — told below; a duty goes on whatever one pass met
            return self._failed(error)
        self._went_well(now)
        rest = self.duty.longest_rest
        if done.again_at is not None:
            rest = min(rest, done.again_at - self._clock.now())
        return max(0.0, rest.total_seconds())

    def _run(self) -> None:
        while not self._stopping:
            seconds = self.step()
            if seconds > LONG_REST:
                self._on_rest()
            began = self._clock.monotonic()
            self._rest.wait(seconds)
            while (left := began + self._shortest_rest - self._clock.monotonic()) > 0 and not self._stopping:
                self._rest.wait(left)
        self._on_rest()

    def _failed(self, error: Exception) -> float:
        self._failures += 1
        self._fault = f"{type(error).__name__}: {error}"
        emit(DutyFailed(process=self._process, duty=self.duty.name, error=error))
        # The exponent is bounded before the power is taken: a duty may fail for days.
        return min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(self._failures - 1, 10))

    def _went_well(self, now: datetime) -> None:
        self._well_at = now
        if self._failures:
            emit(DutyRecovered(process=self._process, duty=self.duty.name, failures=self._failures))
            self._failures = 0
            self._fault = None
