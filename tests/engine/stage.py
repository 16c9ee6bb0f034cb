"""What the engine's tests stand on: a memory store, a clock under the test's hand, and an executor that ends runs when told."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from klokker.core.definition import Definition, IfLost
from klokker.core.lease import Lease
from klokker.core.lifecycle import Origin, Outcome, RunKind, RunState
from klokker.core.verdict import Ending, Terms
from klokker.engine.clock import Clock, Source
from klokker.engine.gate import Gate
from klokker.engine.heart import Beat, Heart
from klokker.engine.lane_slots import NoSuchExecutor
from klokker.engine.rescuer import Rescuer, Saved
from klokker.engine.ticker import Ticked, Ticker
from klokker.engine.worker import Worked, Worker
from klokker.executors.bell import Bell
from klokker.executors.contract import Assignment, Ended, NoRoom, Report, Started
from klokker.simulation.clock import ManualClock
from klokker.store.contract import (
    Claim,
    Decided,
    End,
    Finished,
    Glance,
    NewRevision,
    NewRun,
    NewSchedule,
    NewTimer,
    Planner,
    ProcessInfo,
)
from klokker.store.memory.store import MemoryStore
from klokker.store.seen import SeenRun

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)

ONCE_ONLY = Terms(executor="hand")
REPEATABLE = Terms(repeatable=True, if_lost=IfLost.RETRY, executor="hand")


class Hand:
    """An executor with `slots`, and room for `waiting` more, whose runs end when the test says so."""

    kills = True

    def __init__(self, machine: Source, slots: int, waiting: int = 0, name: str = "hand") -> None:
        self.name = name
        self.slots = slots
        self.waiting = waiting
        self.machine = machine
        self.handed: dict[int, Assignment] = {}
        self.told: list[Report] = []
        self.cancelled: dict[int, timedelta | None] = {}
        self.renewals = 0
        self.killed: list[str] = []
        self.closed = False
        self._bell = Bell()

    # what the test says

    def end(self, *runs: int, outcome: Outcome | None = Outcome.SUCCEEDED, snooze: timedelta | None = None) -> None:
        """These runs end (all that began, if none is named)."""
        for run in runs or tuple(self.handed)[: self.slots]:
            assignment = self.handed.pop(run)
            ending = Ending(outcome, snooze=snooze, error="" if outcome is Outcome.SUCCEEDED else "it says why")
            now = self.machine.monotonic()
            self.tell(Ended(run, assignment.token, ending, now, now))

    def tell(self, report: Report) -> None:
        """Report this."""
        self.told.append(report)
        # The worker may hear of it by itself, and have closed everything, before the bell is rung.
        with suppress(OSError):
            self._bell.ring()

    # what the worker asks

    def free(self) -> int:
        return max(0, self.slots - len(self.handed))

    def ahead(self) -> int:
        return self.waiting - max(0, len(self.handed) - self.slots)

    def running(self) -> Collection[int]:
        return self.handed.keys()

    def start(self, assignments: Sequence[Assignment]) -> None:
        if len(assignments) > self.free() + self.ahead():
            raise NoRoom(self.name, self.free() + self.ahead(), len(assignments))
        for assignment in assignments:
            self.handed[assignment.run] = assignment
            self.tell(Started(assignment.run, assignment.token, self.machine.monotonic()))

    def give_back(self) -> Sequence[Assignment]:
        back = tuple(self.handed.values())[self.slots :]
        for assignment in back:
            del self.handed[assignment.run]
        return back

    def cancel(self, run: int, *, kill_after: timedelta | None = None) -> None:
        self.cancelled[run] = kill_after

    def renewed(self) -> None:
        self.renewals += 1

    def reports(self, wait: float = 0) -> list[Report]:
        if not self.told:
            self._bell.wait(wait)
        self._bell.hush()
        told, self.told = self.told, []
        return told

    def fileno(self) -> int:
        return self._bell.fileno()

    def due(self) -> float | None:
        return None

    def wake(self) -> None:
        self._bell.ring()

    def kill_all(self, why: str) -> None:
        self.killed.append(why)
        self.end(*self.handed, outcome=Outcome.LOST)

    def close(self) -> None:
        self.closed = True
        self._bell.close()


TASK = "chores.tidy"


class Fickle(MemoryStore):
    """A store that goes down, or answers into the void, when the test says so."""

    down = False
    loses_answers = False

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__(clock)
        self.asked: list[str] = []
        self.moments_decided: list[datetime] = []
        self.before_decide: Callable[[], object] = lambda: None

    def glance(self, now: datetime) -> Glance:
        self.asked.append("glance")
        return super().glance(now)

    def decide(
        self, now: datetime, planner: Planner, *, limit: int = 500, nodes: Collection[str] | None = None
    ) -> Decided:
        self.before_decide()
        self.asked.append("decide")
        self.moments_decided.append(now)
        return super().decide(now, planner, limit=limit, nodes=nodes)

    def release(self, now: datetime, *, next_tick: bool = False, limit: int = 1000) -> int:
        self.asked.append("release")
        return super().release(now, next_tick=next_tick, limit=limit)

    def finish(self, ends: Sequence[End], now: datetime) -> Sequence[Finished]:
        if self.down:
            raise ConnectionError("the database is down")
        return super().finish(ends, now)

    def claim(self, *args: Any, **how: Any) -> Sequence[Claim]:
        claims = super().claim(*args, **how)
        if self.loses_answers:
            raise ConnectionError("the connection was cut after COMMIT")
        return claims


class Stage:
    """A store, a machine, and one process on it with a ticker, a worker and a heart. Time stands until `advance`.

    `beside`: another stage, whose store and machine this one shares: a second process.
    """

    def __init__(
        self,
        *,
        slots: int = 2,
        waiting: int = 0,
        known: Mapping[str, Terms] | None = None,
        lanes: Mapping[str, int] | None = None,
        beside: "Stage | None" = None,
        process: str = "p1",
        node: str = "n1",
    ) -> None:
        self.machine: ManualClock = beside.machine if beside else ManualClock()
        self.store: Fickle = beside.store if beside else Fickle(self.machine.wall)
        self.gate = Gate()
        self.clock = Clock(self.store.now, source=self.machine, gate=self.gate, process=process)
        self.lease = Lease()
        self.hands: dict[int, Hand] = {}
        self.retired: list[int] = []
        self.resumed: list[int] = []
        self.process = process
        self.waiting = waiting
        lanes = lanes or {"default": slots}
        info = ProcessInfo(process, node, frozenset(), "host", 1, "1", "2026a", frozenset(known or ()), lanes)
        self.store.enrol(node, self.now)
        self.store.arrive(info, self.now)
        self.worker = Worker(
            self.store,
            process=process,
            lanes=lanes,
            known=known or {TASK: ONCE_ONLY},
            hire=self._hire,
            clock=self.clock,
            gate=self.gate,
            lease=self.lease,
            retire=lambda schedule, _: self.retired.append(schedule),
        )
        self.ticker = Ticker(
            self.store,
            node=node,
            monotonic=self.machine.monotonic,
            resume=lambda schedule, _: self.resumed.append(schedule),
            retire=lambda schedule, _: self.retired.append(schedule),
        )
        self.rescuer = Rescuer(self.store, lease=self.lease, patience=timedelta(0))
        self.heart = Heart(
            self.store,
            info,
            clock=self.clock,
            gate=self.gate,
            lease=self.lease,
            holder=self.worker,
            ticked_at=lambda: self.ticker.last_tick,
        )

    def _hire(self, name: str, slots: int) -> Hand:
        if name != "hand":
            raise NoSuchExecutor(name, ["hand"])
        hand = Hand(self.machine, slots, self.waiting)
        self.hands[len(self.hands)] = hand
        return hand

    @property
    def hand(self) -> Hand:
        """The executor of the first lane that needed one."""
        return self.hands[0]

    @property
    def now(self) -> datetime:
        return self.machine.wall()

    def advance(self, span: timedelta) -> None:
        """Let time pass, and the heart beat at its end, as it would have all along."""
        self.machine.advance(span)
        self.beat()

    def work(self) -> Worked:
        """One pass of the worker, under the engine's clock."""
        return self.worker.run_once(self.clock.now())

    def tick(self) -> Ticked:
        return self.ticker.run_once(self.clock.now())

    def beat(self) -> Beat:
        return self.heart.run_once(self.clock.now())

    def rescue(self) -> Saved:
        return self.rescuer.run_once(self.clock.now())

    def enqueue(self, count: int = 1, *, task: str = TASK, lane: str = "default") -> list[int]:
        """Queue so many runs; their ids."""
        run = NewRun(RunKind.ENQUEUED, task, (), {}, self.now, lane=lane)
        return [made.id for made in self.store.enqueue([run] * count, now=self.now)]

    def schedule(self, when: str = "0 * * * *", *, due: datetime | None = None, **fields: Any) -> int:
        """The id of a new schedule, made now. `due`: where its definition cannot say it."""
        definition = Definition(**{"name": f"tidy {when}", "task": TASK, "when": when} | fields)
        due = due or definition.timetable().after(self.now)
        made = self.store.create(
            NewSchedule(
                NewRevision(definition, self.now, by="an editor", why="for the test"),
                Origin.MANAGED,
                (NewTimer("", self.now, due),),
            )
        )
        assert isinstance(made, int)
        return made

    def run(self, run: int) -> SeenRun:
        return self.store.seen_run(run)

    def runs(self, schedule: int | None = None) -> Sequence[SeenRun]:
        return self.store.seen_runs(schedule)

    def states(self, schedule: int | None = None) -> list[RunState]:
        return [run.state for run in self.runs(schedule)]
