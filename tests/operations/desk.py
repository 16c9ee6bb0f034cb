"""Where operations are tested: a memory store under a clock in the test's hand, real decisions, tasks with two parameters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from klokker.core.definition import Definition
from klokker.core.json_values import Json
from klokker.core.known import Known
from klokker.core.lifecycle import Outcome, RunKind, RunState, ScheduleState
from klokker.core.plan import Broken, Plan, Timer, plan
from klokker.core.schedule import Schedule
from klokker.core.verdict import Done, Ending, Terms
from klokker.operations.asking import Asked
from klokker.operations.create import Create, create
from klokker.operations.edit import Edit
from klokker.operations.effect import Effect
from klokker.operations.operation import Done as Did
from klokker.operations.operation import Operation, do, preview
from klokker.store.contract import Claim, Decided, End, LockedSchedule, ProcessInfo, Unreadable
from klokker.store.memory.store import MemoryStore
from klokker.store.seen import SeenRun

MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


def at(hour: float) -> datetime:
    """So many hours after the tests' midnight."""
    return MIDNIGHT + hour * HOUR


@dataclass(frozen=True)
class Sweep:
    """The one task that is known: `days`, a whole number, and nothing else."""

    repeatable: bool = False
    heeds_dry_run: bool = True

    def faults(self, args: Sequence[Json], kwargs: Mapping[str, Json]) -> Mapping[str, str]:
        found = {f"args[{number}]": "is one too many" for number in range(len(args))}
        for name, value in kwargs.items():
            if name != "days":
                found[f"kwargs.{name}"] = "is no parameter"
            elif not isinstance(value, int):
                found[f"kwargs.{name}"] = f"must be a whole number, got {value!r}"
        return found


@dataclass(frozen=True)
class Tasks:
    """A catalogue of `sweep`."""

    sweep: Sweep = Sweep()

    def task(self, name: str) -> Sweep | None:
        return self.sweep if name == "sweep" else None


KNOWN = Known(
    {
        "morning": "daily 02:30-06:30",
        "longer": "daily 02:30-09:30",
        "shorter": "daily 02:30-04:30",
        "the-end": "daily 00:00-24:00",
    }
)
"""Calendars that schedules here may name."""


def hourly(**fields: object) -> Definition:
    """A schedule on the hour; fields as `Definition.read` takes them."""
    return Definition.read({"name": "tidy", "task": "sweep", "when": "0 * * * *", **fields}, KNOWN)


@dataclass
class Desk:
    """A store and a clock, and those who work with it."""

    now: datetime = MIDNIGHT
    store: MemoryStore = field(init=False)
    tasks: Tasks = Tasks()
    last_tick: datetime | None = None

    def __post_init__(self) -> None:
        self.store = MemoryStore(clock=lambda: self.now)

    def asked(self, why: str = "for the test") -> Asked:
        return Asked(by="an editor", now=self.now, why=why, time_data="2026a")

    def make(self, definition: Definition | None = None, *, paused: str | None = None, start_past: bool = False) -> int:
        """A new schedule, the usual one unless told."""
        wish = Create(self.asked(), definition or hourly(), self.tasks, paused=paused, start_past=start_past)
        return create(self.store, wish).schedule

    def edit(self, schedule: int, **fields: object) -> Effect:
        """The schedule with these fields changed."""
        return self.do(schedule, self.edited(schedule, **fields)).effect

    def edited(self, schedule: int, **fields: object) -> Edit:
        """The wish for that."""
        values = {**self.definition(schedule).written(), **fields}
        return Edit(self.asked(), Definition.read(values, KNOWN), self.tasks)

    def do(self, schedule: int, wish: Operation) -> Did:
        """Do it, and see that its preview said the same."""
        shown = preview(self.store, schedule, wish)
        done = do(self.store, schedule, wish)
        assert done.effect == shown
        return done

    # what goes on by itself

    def tick(self, hour: float | None = None) -> Decided:
        """Decide and release at that hour."""
        if hour is not None:
            self.now = at(hour)
        decided = self.store.decide(self.now, self._plan)
        self.store.release(self.now)
        self.last_tick = self.now
        return decided

    def _plan(self, timer: Timer | Unreadable) -> Plan | Broken:
        assert isinstance(timer, Timer)
        return plan(timer, now=self.now, previous_tick=self.last_tick)

    def claim(self, node: str = "here") -> Sequence[Claim]:
        process = f"a worker of {node}"
        self.store.arrive(
            ProcessInfo(process, node, frozenset({"worker"}), "host", 1, "1", "2026a", frozenset(), {}), self.now
        )
        return self.store.claim(
            process, self.now, lanes={"default": 100}, known={"sweep": Terms()}, lease=timedelta(days=9)
        )

    def work(self, outcome: Outcome = Outcome.SUCCEEDED, node: str = "here") -> list[Claim]:
        """Run all that is queued for the node to this end, turn by turn."""
        worked: list[Claim] = []
        while claims := self.claim(node):
            ends = [End(held.run, held.token, self.now, self.now, Ending(outcome), Done(outcome)) for held in claims]
            self.store.finish(ends, self.now)
            self.store.release(self.now)
            worked += claims
        return worked

    # what is there

    def schedule(self, schedule: int) -> Schedule:
        return self.view(schedule).schedule

    def definition(self, schedule: int) -> Definition:
        return self.schedule(schedule).revision.definition

    def state(self, schedule: int) -> ScheduleState:
        return self.schedule(schedule).state

    def view(self, schedule: int) -> LockedSchedule:
        return self.store.locked_view(schedule)

    def runs(self, schedule: int, *states: RunState) -> list[SeenRun]:
        """The schedule's runs, those in one of these states if any are named."""
        return [run for run in self.store.seen_runs(schedule) if not states or run.state in states]

    def ran(self, schedule: int) -> list[datetime]:
        """The nominal times that became runs."""
        return sorted(run.nominal for run in self.runs(schedule) if run.nominal is not None)

    def asked_for(self, schedule: int) -> list[tuple[RunKind, datetime | None]]:
        """The runs that persons asked for: their kinds, and what they repeat."""
        return [(run.kind, run.for_nominal) for run in self.runs(schedule) if run.nominal is None]

    def dismissed(self, schedule: int) -> list[tuple[datetime, datetime, int | None, str]]:
        """The schedule's dismissals: after, until, count, reason."""
        return [(row.after, row.until, row.count, row.reason.value) for row in self.store.ledger(schedule).dismissals]
