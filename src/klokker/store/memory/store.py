"""The store without a database: one lock, plain dictionaries. It is what the verbs mean, in code, and what a simulation runs on."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from threading import Condition, RLock

from klokker.core.lifecycle import RunState
from klokker.core.verdict import Terms, Verdict
from klokker.store.contract import (
    CalendarChange,
    CalendarChanged,
    Change,
    Changed,
    Claim,
    Decided,
    End,
    Expired,
    Finished,
    Glance,
    Held,
    Lane,
    Ledger,
    LockedCalendar,
    LockedSchedule,
    MadeRun,
    NamedCalendar,
    NameTaken,
    NewRun,
    NewSchedule,
    Node,
    Planner,
    ProcessInfo,
    Rescued,
    Schedule,
)
from klokker.store.memory import (
    calendar_changes,
    calendars,
    claiming,
    definitions,
    ending,
    fleet,
    keeping,
    making,
    seeing,
    ticking,
)
from klokker.store.memory.seeing import seen
from klokker.store.memory.tables import Tables
from klokker.store.seen import SeenRun


class MemoryStore:
    """A Store in this process's memory; gone with it. `clock` is what `now` asks.

    Each verb holds one lock from its first look to its last write, so that no two ever meet halfway.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._lock = RLock()
        self._tables = Tables()
        self._bell = Condition()
        self._rung = 0

    def now(self) -> datetime:
        return self._clock()

    # definitions

    def create(self, new: NewSchedule) -> int | NameTaken:
        with self._lock:
            return definitions.create(self._tables, new, self.now())

    def change(
        self,
        schedule: int,
        decide: Callable[[LockedSchedule], Change],
        *,
        new_name: str | None = None,
        dismissed_after: datetime | None = None,
    ) -> Changed:
        with self._lock:
            row = self._tables.schedule(schedule)
            return definitions.change(
                self._tables, row, decide, self.now(), new_name=new_name, dismissed_after=dismissed_after
            )

    def schedules(self, *, retired: bool = False) -> Sequence[Schedule]:
        with self._lock:
            return definitions.schedules(self._tables, retired=retired)

    def schedule(self, name: str) -> Schedule | None:
        with self._lock:
            return definitions.by_name(self._tables, name)

    def locked_view(
        self, schedule: int, *, new_name: str | None = None, dismissed_after: datetime | None = None
    ) -> LockedSchedule:
        with self._lock:
            row = self._tables.schedule(schedule)
            return definitions.locked_view(self._tables, row, new_name=new_name, dismissed_after=dismissed_after)

    def calendars(self, *, removed: bool = False) -> Sequence[NamedCalendar]:
        with self._lock:
            return calendars.calendars(self._tables, removed=removed)

    def naming(self, calendar: str | None = None) -> Sequence[Schedule]:
        with self._lock:
            return definitions.naming(self._tables, calendar)

    def change_calendar(
        self, name: str, decide: Callable[[LockedCalendar], CalendarChange | None], *, now: datetime
    ) -> CalendarChanged:
        with self._lock:
            return calendar_changes.change(self._tables, name, decide, now)

    def calendar_view(self, name: str) -> LockedCalendar:
        with self._lock:
            return calendar_changes.view(self._tables, name)

    def expired_pauses(self, now: datetime) -> Sequence[int]:
        with self._lock:
            return ticking.expired_pauses(self._tables, now)

    def to_retire(self) -> Sequence[int]:
        with self._lock:
            return self._tables.to_retire()

    # ticking

    def glance(self, now: datetime) -> Glance:
        with self._lock:
            return ticking.glance(self._tables, now)

    def decide(
        self, now: datetime, planner: Planner, *, limit: int = 500, nodes: Collection[str] | None = None
    ) -> Decided:
        with self._lock:
            return ticking.decide(self._tables, now, planner, limit, nodes)

    def release(self, now: datetime, *, next_tick: bool = False, limit: int = 1000) -> int:
        with self._lock:
            return making.release(self._tables, now, next_tick=next_tick, limit=limit)

    # runs

    def enqueue(self, runs: Sequence[NewRun], *, now: datetime) -> Sequence[MadeRun]:
        with self._lock:
            made = [making.enqueue(self._tables, run, now) for run in runs]
        self.wake()
        return made

    def claim(
        self,
        process: str,
        now: datetime,
        *,
        lanes: Mapping[str, int],
        known: Mapping[str, Terms],
        lease: timedelta,
        ahead: int = 0,
        only: Collection[int] | None = None,
    ) -> Sequence[Claim]:
        with self._lock:
            return claiming.claim(
                self._tables, process, now, lanes=lanes, known=known, lease=lease, ahead=ahead, only=only
            )

    def queued_lanes(self, node: str) -> Sequence[str]:
        with self._lock:
            return claiming.queued_lanes(self._tables, node)

    def run(self, run: int) -> SeenRun | None:
        with self._lock:
            row = self._tables.runs.get(run)
            return seen(row) if row else None

    def covered(self, schedule: int, after: datetime, until: datetime) -> Collection[tuple[str, datetime]]:
        with self._lock:
            return seeing.covered(self._tables, schedule, after, until)

    def recall(self, process: str, holding: Collection[int]) -> Sequence[Claim]:
        with self._lock:
            return claiming.recall(self._tables, process, holding, self.now())

    def begin(self, process: str, runs: Collection[tuple[int, int]], now: datetime) -> frozenset[int]:
        with self._lock:
            return claiming.begin(self._tables, process, runs, now)

    def give_back(self, process: str, runs: Collection[tuple[int, int]], now: datetime) -> int:  # noqa: ARG002 — other stores note it
        with self._lock:
            return claiming.give_back_unbegun(self._tables, process, runs)

    def progress(self, run: int, token: int, done: int | None, total: int | None, log: Sequence[str] = ()) -> bool:
        with self._lock:
            return claiming.progress(self._tables, run, token, done, total, log)

    def finish(self, ends: Sequence[End], now: datetime) -> Sequence[Finished]:  # noqa: ARG002 — an end bears its own time
        with self._lock:
            return ending.finish(self._tables, ends)

    def ask_cancel(self, runs: Collection[int], now: datetime, by: str) -> Mapping[int, RunState]:
        with self._lock:
            return ending.ask_cancel(self._tables, runs, now, by)

    # processes and nodes

    def enrol(self, node: str, now: datetime) -> bool:
        with self._lock:
            return fleet.enrol(self._tables, node, now)

    def arrive(self, process: ProcessInfo, now: datetime) -> None:
        with self._lock:
            fleet.arrive(self._tables, process, now)

    def renew(
        self,
        process: str,
        now: datetime,
        *,
        lease: timedelta,
        claims: Collection[tuple[int, int]] = (),
        ticked_at: datetime | None = None,
    ) -> Held:
        with self._lock:
            return fleet.renew(self._tables, process, now, lease=lease, claims=claims, ticked_at=ticked_at)

    def leave(self, process: str, now: datetime) -> None:  # noqa: ARG002 — other stores note it
        with self._lock:
            fleet.leave(self._tables, process)

    def previous_tick(self, node: str) -> datetime | None:
        with self._lock:
            row = self._tables.nodes.get(node)
            return row.ticked_at if row else None

    def ticked(self, node: str, now: datetime) -> None:
        with self._lock:
            fleet.ticked(self._tables, node, now)

    def nodes(self) -> Sequence[Node]:
        with self._lock:
            rows = sorted(self._tables.nodes.values(), key=lambda row: row.name)
            return [fleet.node_value(row) for row in rows]

    def retire_node(self, node: str, now: datetime) -> bool:
        with self._lock:
            return fleet.retire_node(self._tables, node, now)

    def lanes(self) -> Sequence[Lane]:
        with self._lock:
            return fleet.lanes(self._tables)

    def set_lane(self, lane: Lane) -> None:
        with self._lock:
            self._tables.lanes[lane.name] = lane

    def rescue(self, now: datetime, judge: Callable[[Expired], Verdict], *, limit: int = 100) -> Sequence[Rescued]:
        with self._lock:
            return ending.rescue(self._tables, now, judge, limit)

    # keeping

    def ledger(self, schedule: int) -> Ledger:
        with self._lock:
            return keeping.ledger(self._tables, self._tables.schedule(schedule))

    def prune(self, now: datetime, seal: keeping.Seal, *, limit: int = 1000) -> int:
        with self._lock:
            gone = keeping.prune(self._tables, now, seal, limit)
            fleet.forget_silent_processes(self._tables, now)
            return gone

    # looking on, for tests and simulations

    def seen_run(self, run: int) -> SeenRun:
        """The run as it stands; KeyError when there is none."""
        with self._lock:
            return seen(self._tables.runs[run])

    def seen_runs(self, schedule: int | None) -> Sequence[SeenRun]:
        """All runs of a schedule (None: those without one), by id."""
        with self._lock:
            return [seen(row) for _, row in sorted(self._tables.runs_of[schedule].items())]

    # waking

    def wait(self, timeout: float) -> bool:
        with self._bell:
            heard = self._rung
            return self._bell.wait_for(lambda: self._rung != heard, timeout)

    def wake(self) -> None:
        with self._bell:
            self._rung += 1
            self._bell.notify_all()
