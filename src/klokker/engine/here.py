"""How is work done here and now, without a service? For `klokker tick` under the system's cron, and for `klokker run`.

The process arrives only when there is something to run, works it off one run after another, and leaves. Meanwhile its
heart beats in a thread of its own, so that a run may take hours.
"""

import signal
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from klokker.core.lease import Lease
from klokker.core.lifecycle import Outcome
from klokker.core.verdict import Terms
from klokker.engine.clock import Clock
from klokker.engine.gate import Gate
from klokker.engine.heart import Heart
from klokker.engine.lane_slots import Hire
from klokker.engine.loop import Loop
from klokker.engine.rescuer import Rescuer
from klokker.engine.stopping import STOP_SIGNALS, stop_signals
from klokker.engine.ticker import Ticked, Ticker
from klokker.engine.worker import Worker
from klokker.events import DutyFailed, Event, ProcessDraining, RunFinished, RunRetried, RunSnoozed, emit, subscribe
from klokker.store.contract import Held, ProcessInfo, Store

PATIENCE = 30
"""Passes, a second apart, in which the store may fail while ends wait to be written."""

FAILURES = frozenset({Outcome.FAILED, Outcome.TIMED_OUT, Outcome.LOST})


@dataclass(frozen=True, slots=True)
class RanHere:
    """One attempt made here: the run, its schedule's name (empty without one) and task, and how it ended.

    `outcome` None: the task asked for later. `again_at`: when the run is tried again, or begins anew; None when it is done.
    """

    run: int
    name: str
    task: str
    outcome: Outcome | None
    again_at: datetime | None = None
    error: str = ""

    @property
    def failed(self) -> bool:
        """Did this attempt fail, whether or not another one follows?"""
        return self.outcome in FAILURES


@dataclass(frozen=True, slots=True)
class TickSummary:
    """What a `klokker tick` came to: its decision, lost attempts that it found, and what it ran, in that order."""

    now: datetime
    ticked: Ticked
    lost: int
    ran: tuple[RanHere, ...]

    @property
    def failed(self) -> bool:
        """Did one of the runs fail?"""
        return any(each.failed for each in self.ran)


@dataclass(frozen=True)
class Here:
    """What work here and now needs. `hire` makes executors by name; of each one slot is used.

    `interrupts`: tasks run in this thread, so that Ctrl-C is for them.
    """

    store: Store
    info: ProcessInfo
    clock: Clock
    gate: Gate
    known: Mapping[str, Terms]
    hire: Hire
    resume: Callable[[int, datetime], object]
    retire: Callable[[int, datetime], object]
    lease: Lease = Lease()
    interrupts: bool = True
    on_rest: Callable[[], None] = field(default=lambda: None)

    def tick(self) -> TickSummary:
        """Decide for this node and for "any one node", then run all that is queued for them, until nothing is left."""
        node, now = self.info.node, self.clock.now()
        ticker = Ticker(
            self.store,
            node=node,
            monotonic=self.clock.monotonic,
            resume=self.resume,
            retire=self.retire,
            on_work=self.store.wake,
            nodes=("", node),
            frees_next_tick=True,
        )
        ticked = ticker.run_once(now)
        self.store.ticked(node, now)
        lost = Rescuer(self.store, lease=self.lease, patience=timedelta(0)).run_once(now).lost
        return TickSummary(now, ticked, lost, self._work_off())

    def run(self, run: int, lane: str) -> tuple[RanHere, ...]:
        """Run this queued run of this lane; nothing comes of it when its lane is full or paused, or somebody was first."""
        with _Stay(self) as stay:
            stay.work(lane, only=(run,))
        return tuple(stay.ran)

    def _work_off(self) -> tuple[RanHere, ...]:
        lanes = self.store.queued_lanes(self.info.node)
        if not lanes:
            return ()
        with _Stay(self) as stay:
            # What ends may queue what waited for its turn; what is left queued at last is not for this process.
            while sum(map(stay.work, lanes)):
                lanes = self.store.queued_lanes(self.info.node)
        return tuple(stay.ran)


class _Stay:
    """The process from its arrival until it leaves. It works one lane at a time, with one slot."""

    def __init__(self, here: Here) -> None:
        self.ran: list[RanHere] = []
        self._here = here
        self._asked = 0
        self._told = False
        self._worker: Worker | None = None
        self._workers: dict[str, Worker] = {}
        self._exit = ExitStack()
        heart = Heart(here.store, here.info, clock=here.clock, gate=here.gate, lease=here.lease, holder=self)
        self._beating = Loop(heart, clock=here.clock, gate=here.gate, process=here.info.id, on_rest=here.on_rest)

    def __enter__(self) -> "_Stay":
        here = self._here
        here.store.arrive(here.info, here.clock.now())
        self._exit.callback(lambda: here.store.leave(here.info.id, here.clock.now()))
        self._exit.callback(self._close_workers)
        self._beating.start()
        self._exit.callback(self._stop_beating)
        self._exit.enter_context(subscribe(self._hear))
        # With tasks in this thread Ctrl-C is for the task; Python raises it there.
        self._exit.enter_context(stop_signals(self._ask, (signal.SIGTERM,) if here.interrupts else STOP_SIGNALS))
        return self

    def __exit__(self, *_: object) -> None:
        self._exit.close()

    # ── what the heart asks, in its own thread ──────────────────────────────────────────────────────────────────────

    def claims(self) -> tuple[tuple[int, int], ...]:
        """What the worker of the moment holds."""
        worker = self._worker
        return worker.claims() if worker is not None else ()

    def renewed(self, held: Held, asked_at: float) -> None:
        """For all workers: those that hold nothing at the moment must know, too, that the process is in good standing."""
        for worker in self._workers.copy().values():
            worker.renewed(held, asked_at)

    # ── work ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def work(self, lane: str, only: Collection[int] | None = None) -> bool:
        """Run what is queued in this lane, one after another; whether there was anything."""
        here = self._here
        if self._asked:
            return False
        if lane not in self._workers:
            # Kept until we leave: its executor's children stay warm for what is queued in this lane later.
            self._workers[lane] = self._hire(lane, only)
        worker = self._worker = self._workers[lane]
        worker.wake()
        try:
            return self._until_done(worker)
        except KeyboardInterrupt:
            # The task was interrupted, or we were between two: what is over is still written.
            worker.stop()
            worker.run_once(here.clock.now())
            raise
        finally:
            self._worker = None

    def _hire(self, lane: str, only: Collection[int] | None) -> Worker:
        here = self._here
        return Worker(
            here.store,
            process=here.info.id,
            lanes={lane: 1},
            known=here.known,
            hire=here.hire,
            clock=here.clock,
            gate=here.gate,
            lease=here.lease,
            retire=here.retire,
            on_work=here.store.wake,
            only=only,
        )

    def _until_done(self, worker: Worker) -> bool:
        anything, failures = False, 0
        while True:
            try:
                worked = worker.run_once(self._here.clock.now())
            except Exception as error:
                # Ends are offered again, as long as a lease lasts; with nothing in hand there is nothing to wait for.
                failures += 1
                if not worker.busy or failures > PATIENCE:
                    raise
                emit(DutyFailed(process=self._here.info.id, duty=worker.name, error=error))
                worker.rest.wait(1.0)
                continue
            if self._asked and not self._told:
                # Not where the signal is heard: whoever is told may be in the midst of a line.
                self._told = True
                emit(ProcessDraining(process=self._here.info.id, running=worker.busy))
            anything, failures = anything or worked.claimed > 0, 0
            if not worked.claimed and not worker.busy and worker.ready:
                return anything
            rest = worker.longest_rest
            if worked.again_at is not None:
                rest = min(rest, worked.again_at - self._here.clock.now())
            worker.rest.wait(max(0.0, rest.total_seconds()))

    def _ask(self) -> None:
        self._asked += 1
        worker = self._worker
        if worker is None:
            return
        if self._asked == 1:
            worker.drain()
        elif self._here.interrupts:
            raise KeyboardInterrupt
        else:
            worker.stop()

    def _close_workers(self) -> None:
        for worker in self._workers.values():
            worker.close()

    def _stop_beating(self) -> None:
        self._beating.stop()
        self._beating.join(5.0)

    def _hear(self, event: Event) -> None:
        match event:
            case RunFinished():
                ran = RanHere(event.run, event.name, event.task, event.outcome, error=event.error)
            case RunRetried():
                ran = RanHere(event.run, event.name, event.task, event.outcome, event.again_at, event.error)
            case RunSnoozed():
                ran = RanHere(event.run, event.name, event.task, None, event.until)
            case _:
                return
        self.ran.append(ran)
