"""What stands on a simulated machine: the service, or the system's cron with a `klokker tick` each so often.

Both are the engine's own duties, run when their time comes. A host says when it must be looked at next; the world lets
time pass until then. A machine that goes down drops its hosts, as a power cut would: nobody is told.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from klokker.core.lease import Lease
from klokker.core.moments import EPOCH
from klokker.core.verdict import Terms
from klokker.engine.clock import Clock
from klokker.engine.gate import Gate
from klokker.engine.heart import Heart
from klokker.engine.rescuer import Rescuer
from klokker.engine.ticker import Ticked, Ticker
from klokker.engine.worker import Worker
from klokker.simulation.clock import ManualClock
from klokker.simulation.playing import Playing, Script
from klokker.store.contract import ProcessInfo, Store

LEASE = Lease()

NO_POLL = timedelta(days=36_525)
"""A worker here is woken whenever there may be work."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What hosts are made of. `known` (terms by task) and `lanes` (slots by lane) may grow; `name` makes a new process's."""

    store: Store
    clock: ManualClock
    script: Script
    known: Mapping[str, Terms]
    lanes: Mapping[str, int]
    resume: Callable[[int, datetime], object]
    retire: Callable[[int, datetime], object]
    name: Callable[[str], str]


class Host(Protocol):
    """A machine's part in the world."""

    def next_at(self) -> datetime | None:
        """When it must be looked at next; None: never, by itself."""

    def work(self, *, heed: bool) -> bool:
        """Hear what ended, and begin what is queued; whether anything moved. `heed`: something may be asked of what runs."""

    def tick(self) -> bool:
        """Decide, if it is time to; whether anything moved."""

    def drop(self) -> None:
        """Let go of what the machine lends, without a word to the store."""


class Service:
    """`klokker serve` on one node: it decides as soon as something falls due, and has so many slots for each lane."""

    def __init__(self, setting: Setting, node: str) -> None:
        self._setting, self._node = setting, node
        self._processes: dict[str, _Process] = {}
        self._ticker = _ticker(setting, node, alone=False)
        # What was held when its machine went down has run out when this one's patience has: one rescue finds all of it.
        self._rescuer = Rescuer(setting.store, lease=LEASE)
        self._tick_at: datetime | None = setting.clock.wall()
        self._rescue_at: datetime | None = setting.clock.wall()

    def next_at(self) -> datetime | None:
        return first(self._tick_at, self._rescue_at, *(process.next_at() for process in self._processes.values()))

    def work(self, *, heed: bool) -> bool:
        for lane in self._setting.lanes.keys() - self._processes.keys():
            self._processes[lane] = _Process(self._setting, self._node, {lane: self._setting.lanes[lane]})
        queued = self._setting.store.queued_lanes(self._node)
        moved = [
            process.work(heed=heed)
            for lane, process in self._processes.items()
            if lane in queued or (process.worker.busy and (heed or process.moves))
        ]
        return any(moved)

    def tick(self) -> bool:
        now, lost = self._setting.clock.wall(), 0
        if self._rescue_at is not None and self._rescue_at <= now:
            saved = self._rescuer.run_once(now)
            self._rescue_at, lost = saved.again_at, saved.lost
        ticked = self._ticker.run_once(now)
        self._tick_at = ticked.again_at
        return _moved(ticked) or lost > 0

    def drop(self) -> None:
        for process in self._processes.values():
            process.worker.close()


class CronEntry:
    """`klokker tick` on one node, begun by the system's cron `every` so long, counted from the epoch.

    Each tick decides, then runs what is queued one after another, beside those that began before it and still run.
    """

    def __init__(self, setting: Setting, node: str, every: timedelta) -> None:
        self._setting, self._node, self._every = setting, node, every
        self._ticks: list[_Errand] = []
        self._tick_at = self._first_from(setting.clock.wall())

    def next_at(self) -> datetime | None:
        return first(self._tick_at, *(tick.next_at() for tick in self._ticks))

    def work(self, *, heed: bool) -> bool:  # noqa: ARG002 — what was asked in the meantime, a tick heeds whenever it goes on
        moved = [tick.work() for tick in self._ticks]
        for tick in [tick for tick in self._ticks if tick.over]:
            tick.drop()
            self._ticks.remove(tick)
        return any(moved)

    def tick(self) -> bool:
        setting, now = self._setting, self._setting.clock.wall()
        if now < self._tick_at:
            return False
        self._tick_at = self._first_from(now + timedelta(microseconds=1))
        ticker = _ticker(setting, self._node, alone=True)
        ticked = ticker.run_once(now)
        setting.store.ticked(self._node, now)
        lost = Rescuer(setting.store, lease=LEASE, patience=timedelta(0)).run_once(now).lost
        if setting.store.queued_lanes(self._node):
            self._ticks.append(_Errand(setting, self._node))
        return _moved(ticked) or lost > 0

    def drop(self) -> None:
        for tick in self._ticks:
            tick.drop()

    def _first_from(self, moment: datetime) -> datetime:
        """The first moment of the entry, from this one on."""
        return EPOCH + -((EPOCH - moment) // self._every) * self._every


class _Process:
    """A worker and its heart, which beats whenever something new may be heard: in between nobody else looks either."""

    def __init__(self, setting: Setting, node: str, lanes: Mapping[str, int]) -> None:
        self.id = setting.name(node)
        gate = Gate()
        info = ProcessInfo(self.id, node, frozenset(), node, 1, "simulation", "", frozenset(setting.known), lanes)
        self.clock = Clock(setting.store.now, gate=gate, source=setting.clock, process=self.id)
        setting.store.arrive(info, self.clock.now())
        self.worker = Worker(
            setting.store,
            process=self.id,
            lanes=lanes,
            known=setting.known,
            hire=lambda name, slots: Playing(name, slots, setting.script, setting.clock.monotonic),
            clock=self.clock,
            gate=gate,
            lease=LEASE,
            retire=setting.retire,
            longest_rest=NO_POLL,
        )
        self._heart = Heart(setting.store, info, clock=self.clock, gate=gate, lease=LEASE, holder=self.worker)
        self._next_at: datetime | None = None

    @property
    def moves(self) -> bool:
        """Does something end here by now?"""
        return self._next_at is not None and self._next_at <= self.clock.now()

    def work(self, *, heed: bool) -> bool:
        if heed or not self.worker.busy:
            self._heart.run_once(self.clock.now())
        # Whoever queued something tells nobody here.
        self.worker.wake()
        worked = self.worker.run_once(self.clock.now())
        self._next_at = self.worker.moves_at() if self.worker.busy else None
        return bool(worked.claimed or worked.ended)

    def next_at(self) -> datetime | None:
        """When something ends here."""
        return self._next_at


class _Errand:
    """What one `klokker tick` runs: one lane after another, one run at a time, until nothing is left for it."""

    def __init__(self, setting: Setting, node: str) -> None:
        self._setting, self._node = setting, node
        self._course = self._runs()
        self._busy: _Process | None = None
        self._moved = False
        self.over = False

    def work(self) -> bool:
        self._moved = False
        self._busy = next(self._course, None)
        self.over = self._busy is None
        return self._moved

    def next_at(self) -> datetime | None:
        return self._busy.next_at() if self._busy else None

    def drop(self) -> None:
        self._course.close()

    def _runs(self) -> Generator[_Process, None, None]:
        """Yields whenever it must wait for the run of the process at hand."""
        anything = True
        while anything:
            anything = False
            for lane in self._setting.store.queued_lanes(self._node):
                process = _Process(self._setting, self._node, {lane: 1})
                try:
                    while process.work(heed=True):
                        self._moved = anything = True
                    while process.worker.busy:
                        yield process
                        while process.work(heed=True):
                            self._moved = True
                finally:
                    process.worker.close()


def _ticker(setting: Setting, node: str, *, alone: bool) -> Ticker:
    """One that decides for its node `alone`, as a `klokker tick` does, or for all of them."""
    return Ticker(
        setting.store,
        node=node,
        monotonic=setting.clock.monotonic,
        resume=setting.resume,
        retire=setting.retire,
        nodes=("", node) if alone else None,
        frees_next_tick=alone,
    )


def _moved(ticked: Ticked) -> bool:
    return bool(ticked.runs or ticked.dismissals or ticked.released)


def first(*moments: datetime | None) -> datetime | None:
    """The earliest of those that there are."""
    return min((moment for moment in moments if moment is not None), default=None)
