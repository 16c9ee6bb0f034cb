"""A world of schedules under a hand: real decisions, real operations and a real ledger, in which time passes when it is told to.

    world = World(start=datetime(2026, 3, 27, tzinfo=UTC))
    world.create("nightly", when="30 2 * * *", zone="Europe/Amsterdam")
    world.advance(timedelta(days=3))
    assert world.fired("nightly") == [...]

Nothing is slept through and no task is called: attempts play a `Part` each, by default one that takes no time and succeeds.
Where an attempt ends at the very moment at which something falls due, the end comes first.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count

from klokker.core.account import Account, account
from klokker.core.definition import Definition
from klokker.core.errors import KlokkerError
from klokker.core.known import Known
from klokker.core.ledger import LedgerDismissal
from klokker.core.schedule import Schedule
from klokker.core.verdict import Terms
from klokker.operations.asking import Asked
from klokker.operations.calendar import AddCalendar, CalendarEffect, EditCalendar, do_calendar
from klokker.operations.create import Create, create
from klokker.operations.edit import Edit
from klokker.operations.effect import Effect
from klokker.operations.node import enrol_node
from klokker.operations.operation import Operation, do
from klokker.operations.pause import Pause, Resume, expire_pause
from klokker.operations.retire import Retire, retire_after_success
from klokker.simulation.clock import START, ManualClock
from klokker.simulation.hosts import CronEntry, Host, Service, Setting, first
from klokker.simulation.playing import Part, Script
from klokker.store.contract import Decided, Planner
from klokker.store.memory.store import MemoryStore
from klokker.store.seen import SeenRun

ROOM = 10_000
"""Slots of each lane, where nothing is said: nothing waits for room."""

PATIENCE = 1_000_000
"""Looks at one moment, after which something seems to move for ever. A month of minutes, caught up at once, takes 100 000."""


class NoSuchName(KlokkerError):
    """No schedule of the world has this name. `name`, and `known`, those that there are."""

    def __init__(self, name: str, known: Collection[str]) -> None:
        self.name, self.known = name, tuple(known)
        super().__init__(f"the world has no schedule {name!r}; it has {', '.join(self.known) or 'none'}")


class TimeStands(KlokkerError):
    """Something happens again and again at one moment, and time does not pass. `moment`."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment
        super().__init__(f"at {moment.isoformat()} something happens for ever: does a part snooze for no time at all?")


class World:
    """Schedules, and the machines that serve them. All moments are aware. Close it, or use it as a context.

    `script` says what each attempt plays. `tick_every`: decided and run by `klokker tick` in the system's cron, so often;
    without it by the service, at once. `slots`: of each lane, on each node. `known`: the terms of tasks, by name; any other
    task has the usual ones. `patience`: so often is one moment looked at before TimeStands is raised. `calendars` and
    `places`: what names in timetables stand for, as text.
    """

    def __init__(
        self,
        *,
        start: datetime = START,
        script: Script = lambda _: Part(),
        nodes: Sequence[str] = ("here",),
        tick_every: timedelta | None = None,
        slots: int = ROOM,
        known: Mapping[str, Terms] | None = None,
        patience: int = PATIENCE,
        calendars: Mapping[str, str] | None = None,
        places: Mapping[str, str] | None = None,
    ) -> None:
        self.clock = ManualClock(start)
        self.store = _Watched(self.clock.wall)
        self.nodes = tuple(nodes)
        self._every = tick_every
        self._slots = slots
        self._patience = patience
        self._known = dict(known or {})
        self._lanes = {"default": slots}
        numbers = count(1)
        self._setting = Setting(
            store=self.store,
            clock=self.clock,
            script=script,
            known=self._known,
            lanes=self._lanes,
            resume=lambda schedule, now: expire_pause(self.store, schedule, now),
            retire=lambda schedule, now: retire_after_success(self.store, schedule, now),
            name=lambda node: f"{node}/{next(numbers)}",
        )
        for node in self.nodes:
            enrol_node(self.store, node, self._asked("the world begins"))
        self._places = dict(places or {})
        for name, text in (calendars or {}).items():
            self.calendar(name, text)
        self._hosts: list[Host] = []
        self._ids: dict[str, int] = {}
        self._come_up()

    @property
    def now(self) -> datetime:
        """The moment it is, UTC."""
        return self.clock.wall()

    # ── what people do ──────────────────────────────────────────────────────────────────────────────────────────────

    def create(self, name: str, when: str = "", **fields: object) -> Effect:
        """A new schedule; `fields` as a file of schedules has them. Raises InvalidDefinition, NameInUse."""
        return self.add(self._read({"name": name, "task": "any.task", "when": when, **fields}))

    def add(self, definition: Definition) -> Effect:
        """A new schedule, read already."""
        self._learn(definition)
        made = create(self.store, Create(self._asked("created"), definition, ANY_TASK))
        self._ids[definition.name] = made.schedule
        return made.effect

    def edit(self, name: str, /, **fields: object) -> Effect:
        """The schedule with these fields changed. Raises InvalidDefinition."""
        definition = self._read({**self.schedule(name).revision.definition.written(), **fields})
        self._learn(definition)
        effect = self._do(name, Edit(self._asked("edited"), definition, ANY_TASK))
        self._ids[definition.name] = self._ids.pop(name)
        return effect

    def calendar(self, name: str, text: str) -> CalendarEffect:
        """The calendar with this text, and with it every schedule that names it. Raises InvalidTimetable, CalendarDoesNotFit."""
        there = any(calendar.name == name for calendar in self.store.calendars())
        asked = self._asked("edited" if there else "made")
        return do_calendar(
            self.store, EditCalendar(asked, name, text=text) if there else AddCalendar(asked, name, text)
        )

    def pause(self, name: str, why: str = "paused", until: datetime | None = None) -> Effect:
        """Pause the schedule, until it is resumed or the moment has come."""
        return self._do(name, Pause(self._asked(why), until))

    def resume(self, name: str) -> Effect:
        """End its pause."""
        return self._do(name, Resume(self._asked("resumed")))

    def retire(self, name: str) -> Effect:
        """Retire it; what became of it can still be asked."""
        return self._do(name, Retire(self._asked("retired")))

    def _do(self, name: str, wish: Operation) -> Effect:
        return do(self.store, self._id(name), wish).effect

    # ── time ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def advance(self, span: timedelta) -> None:
        """Let `span` pass. All that falls due is decided and run meanwhile, at its end included."""
        self.until(self.now + span)

    def until(self, moment: datetime) -> None:
        """Let time pass up to this moment. Raises ValueError for one that has passed, TimeStands."""
        if moment < self.now:
            raise ValueError(f"{moment.isoformat()} has passed: it is {self.now.isoformat()}")
        self._settle()
        while (at := self._next_at()) is not None and at <= moment:
            self.clock.advance(at - self.now)
            self._settle()
        if moment > self.now:
            self.clock.advance(moment - self.now)

    @contextmanager
    def down(self) -> Iterator[None]:
        """The machines are off: what ran is lost, and nothing is decided until the block ends."""
        self.close()
        try:
            yield
        finally:
            self._come_up()

    def close(self) -> None:
        """Switch the machines off for good; what became of it can still be asked."""
        for host in self._hosts:
            host.drop()
        self._hosts.clear()

    def __enter__(self) -> "World":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _come_up(self) -> None:
        every = self._every
        for node in self.nodes:
            self._hosts.append(CronEntry(self._setting, node, every) if every else Service(self._setting, node))

    def _next_at(self) -> datetime | None:
        at = first(*(host.next_at() for host in self._hosts))
        # All that could be done now has been done: whoever has another look in mind must let some time pass.
        return None if at is None else max(at, self.now + timedelta.resolution)

    def _settle(self) -> None:
        """All that is to be done at this moment."""
        heed = True
        for _ in range(self._patience):
            # All hosts, whatever the first one came to.
            worked = [host.work(heed=heed) for host in self._hosts]
            heed = False
            if any(worked):
                continue
            ticked = [host.tick() for host in self._hosts]
            if not any(ticked):
                return
            heed = True
        raise TimeStands(self.now)

    # ── what became of it ───────────────────────────────────────────────────────────────────────────────────────────

    def schedule(self, name: str) -> Schedule:
        """The schedule as it stands, retired or not. Raises NoSuchName."""
        return self.store.locked_view(self._id(name)).schedule

    def fired(self, name: str) -> list[datetime]:
        """The nominal times that became runs, in order; on several nodes, each as often as there were runs."""
        return sorted(run.nominal for run in self.runs(name) if run.nominal is not None)

    def runs(self, name: str) -> Sequence[SeenRun]:
        """Its runs, in the order in which they were made."""
        return self.store.seen_runs(self._id(name))

    def dismissed(self, name: str) -> Sequence[LedgerDismissal]:
        """What was dismissed, and why."""
        return self.store.ledger(self._id(name)).dismissals

    def decided_at(self, run: int) -> datetime | None:
        """When this run of a schedule was decided on; None for one that somebody asked for."""
        return self.store.decided_at.get(run)

    def account(self, name: str) -> Account:
        """The proof that all that was expected was decided."""
        return account(self.store.ledger(self._id(name)), now=self.now)

    @property
    def names(self) -> tuple[str, ...]:
        """All schedules that there were, in the order of their creation."""
        return tuple(self._ids)

    def _id(self, name: str) -> int:
        try:
            return self._ids[name]
        except KeyError:
            raise NoSuchName(name, self._ids) from None

    def _read(self, fields: Mapping[str, object]) -> Definition:
        """With what names stand for here and now."""
        calendars = {calendar.name: calendar.text for calendar in self.store.calendars()}
        return Definition.read(fields, Known(calendars, self._places))

    def _learn(self, definition: Definition) -> None:
        """Whoever works here knows every task, and serves every lane."""
        self._known.setdefault(definition.task, Terms())
        self._lanes.setdefault(definition.lane, self._slots)

    def _asked(self, why: str) -> Asked:
        return Asked("the simulation", self.now, why)


class _AnyTask:
    """A catalogue to which every task is unknown: any name will do, and any arguments fit."""

    def task(self, name: str) -> None:  # noqa: ARG002
        return None


ANY_TASK = _AnyTask()


class _Watched(MemoryStore):
    """A memory store that remembers when each run was decided on."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__(clock)
        self.decided_at: dict[int, datetime] = {}

    def decide(
        self, now: datetime, planner: Planner, *, limit: int = 500, nodes: Collection[str] | None = None
    ) -> Decided:
        decided = super().decide(now, planner, limit=limit, nodes=nodes)
        self.decided_at.update((run.id, now) for run in decided.runs)
        return decided
