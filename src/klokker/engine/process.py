"""How does a process of the engine live? It arrives, does its duties, is asked to stop, drains, and leaves.

    arrive ──► duties in their loops ──► SIGTERM: drain ──► leave
                                             │ second SIGTERM, or the drain takes too long
                                             └──► stop at once: children are killed, their runs are lost

The thread that calls `run` owns the process; each duty has a loop with a thread of its own, and the heart beats until
the very end, so that what still runs is not taken from it.
"""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

from klokker.engine.clock import Clock
from klokker.engine.gate import Gate
from klokker.engine.heart import Heart
from klokker.engine.listener import Listener
from klokker.engine.loop import Condition, Duty, Loop
from klokker.engine.stopping import stop_signals
from klokker.engine.ticker import Ticker
from klokker.engine.worker import Worker
from klokker.events import DutyFailed, ProcessDraining, ProcessStarted, ProcessStopped, emit
from klokker.executors.bell import Bell
from klokker.store.contract import ProcessInfo, Store

DRAINING = "draining"
"""The reason under which the gate is closed from the first request to stop."""

EARLY_BEAT = 1.0
"""Seconds at least between two beats, though the process was woken."""

LAST_WORDS = 5.0
"""After a stop at once: seconds in which the ends of what was killed may still be written."""

LOOK_EACH = 1.0
"""Seconds between two looks at whether all loops are alive."""


class Farewell(StrEnum):
    """How a process ended: everything that ran came to its end; runs were killed; a duty's thread died."""

    DRAINED = "drained"
    KILLED = "killed"
    FAULTY = "faulty"


@dataclass(frozen=True, slots=True)
class Health:
    """How a process fares: why its gate is closed (empty: it is not), how each duty fares, and how many claims it holds."""

    process: str
    resting: tuple[str, ...]
    duties: tuple[Condition, ...]
    busy: int

    @property
    def faults(self) -> tuple[Condition, ...]:
        """Duties that are dead, or failed three times in a row or more."""
        return tuple(duty for duty in self.duties if not duty.alive or duty.failures >= 3)


class Process:
    """One process of the engine.

    `enrol(now)` makes its node known, before it arrives. `keepers`: duties beside heart, worker and ticker. `on_rest` is
    called in a duty's thread before a long rest and at its end, to close what should not be held open meanwhile.
    """

    def __init__(
        self,
        store: Store,
        info: ProcessInfo,
        *,
        clock: Clock,
        gate: Gate,
        heart: Heart,
        worker: Worker | None = None,
        ticker: Ticker | None = None,
        keepers: Sequence[Duty] = (),
        enrol: Callable[[datetime], object],
        drain: timedelta = timedelta(seconds=30),
        on_rest: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._info = info
        self._clock = clock
        self._gate = gate
        self._worker = worker
        self._enrol = enrol
        self._drain = drain
        self._asked = 0
        # Never closed: a signal, or another thread, may ask at any moment, after the end too.
        self._bell = Bell()
        loop = partial(Loop, clock=clock, gate=gate, process=info.id, on_rest=on_rest)
        self._beating = loop(heart, shortest_rest=EARLY_BEAT)
        self._working = [loop(worker, rest=worker.rest)] if worker is not None else []
        self._ticking = [loop(ticker)] if ticker is not None else []
        self._keeping = [loop(keeper) for keeper in (*keepers, Listener(store, self.wake))]
        gate.on_open = self.wake
        if worker is not None:
            worker.on_empty = self._bell.ring

    # ── what others may call, from any thread or signal handler ─────────────────────────────────────────────────────

    def ask_to_stop(self) -> None:
        """The first time: drain. The second time: stop at once."""
        self._asked += 1
        self._bell.ring()

    def wake(self) -> None:
        """There may be something to decide or to run."""
        if self._worker is not None:
            self._worker.wake()
            # It may be about a run of ours: whether one was asked to cancel is heard with a beat.
            if self._worker.busy:
                self._beating.wake()
        for loop in self._ticking:
            loop.wake()

    def health(self) -> Health:
        """How it fares at this moment."""
        return Health(
            process=self._info.id,
            resting=self._gate.reasons(),
            duties=tuple(loop.condition for loop in self._loops()),
            busy=self._busy(),
        )

    # ── its life ────────────────────────────────────────────────────────────────────────────────────────────────────

    def run(self, *, ready: Callable[[], object] = lambda: None, heed_signals: bool = True) -> Farewell:
        """Live until asked to stop. `ready` is called when all duties have begun.

        With `heed_signals`, which only the main thread can, SIGTERM and SIGINT ask. Raises what the store raises when the
        process cannot even arrive.
        """
        with stop_signals(self.ask_to_stop) if heed_signals else nullcontext():
            self._begin()
            ready()
            faulty = self._attend()
            killed = self._empty()
            self._end()
        if faulty:
            return Farewell.FAULTY
        return Farewell.KILLED if killed else Farewell.DRAINED

    def _begin(self) -> None:
        now = self._clock.now()
        self._enrol(now)
        self._store.arrive(self._info, now)
        for loop in self._loops():
            loop.start()
        emit(
            ProcessStarted(
                process=self._info.id,
                node=self._info.node,
                roles=tuple(sorted(self._info.roles)),
                pid=self._info.pid,
                version=self._info.version,
            )
        )

    def _attend(self) -> bool:
        """Until somebody asks to stop, or a thread died; whether one did."""
        while not self._asked:
            self._bell.wait(LOOK_EACH)
            self._bell.hush()
            if not all(loop.condition.alive for loop in self._loops()):
                return True
        return False

    def _empty(self) -> bool:
        """Decide and claim nothing more, and let what runs come to its end; whether it had to be killed."""
        emit(ProcessDraining(process=self._info.id, running=self._busy()))
        self._gate.close(DRAINING)
        for loop in (*self._ticking, *self._keeping):
            loop.stop()
        if self._worker is None:
            return False
        self._worker.drain()
        if self._wait_empty(self._worker, self._drain.total_seconds(), patience=1):
            return False
        self._worker.stop()
        self._wait_empty(self._worker, LAST_WORDS, patience=2)
        return True

    def _wait_empty(self, worker: Worker, seconds: float, *, patience: int) -> bool:
        """Wait until the worker has let go of everything, for so long, while nobody has asked more than `patience` times; did it come?"""
        until = self._clock.monotonic() + seconds
        while not worker.drained:
            left = until - self._clock.monotonic()
            if left <= 0 or self._asked > patience or not all(loop.condition.alive for loop in self._working):
                return False
            self._bell.wait(min(left, LOOK_EACH))
            self._bell.hush()
        return True

    def _end(self) -> None:
        # What was given back is for others; and our own listener hears that it is over.
        self._quietly(self._store.wake)
        for loop in self._working:
            loop.stop()
        for loop in (*self._ticking, *self._keeping):
            loop.join(LAST_WORDS)
        worked = all(loop.join(LAST_WORDS) for loop in self._working)
        # The heart goes last, and is gone before we leave: a beat after that would arrive anew.
        self._beating.stop()
        self._beating.join(LAST_WORDS)
        if self._worker is not None and worked:
            self._worker.close()
        self._quietly(lambda: self._store.leave(self._info.id, self._clock.now()))
        emit(ProcessStopped(process=self._info.id, node=self._info.node))

    def _quietly(self, verb: Callable[[], object]) -> None:
        """A verb at the end, whose failure is told and changes nothing: leases run out by themselves."""
        try:
            verb()
        except Exception as error:  # noqa: BLE001 — told, and there is nothing left to do about it
            emit(DutyFailed(process=self._info.id, duty="process", error=error))

    def _busy(self) -> int:
        return self._worker.busy if self._worker is not None else 0

    def _loops(self) -> tuple[Loop, ...]:
        return (self._beating, *self._working, *self._ticking, *self._keeping)
