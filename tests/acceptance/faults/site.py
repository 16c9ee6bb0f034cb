"""Where things go wrong: a real database, and the duties of real processes on it, stepped by hand under a clock in the test's hand."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.db import connections

from klokker.core.account import Account, account
from klokker.core.definition import Definition
from klokker.core.lease import Lease
from klokker.core.lifecycle import RunState
from klokker.core.schedule import Schedule
from klokker.django.models import Run
from klokker.django.store import DjangoStore
from klokker.engine.clock import Clock, Source
from klokker.engine.gate import Gate
from klokker.engine.heart import Heart
from klokker.engine.pruner import Pruner
from klokker.engine.rescuer import Rescuer
from klokker.engine.ticker import Ticked, Ticker
from klokker.engine.worker import Worker
from klokker.executors.contract import Executor
from klokker.executors.inline import Inline
from klokker.operations.asking import Asked
from klokker.operations.catalogue import RegisteredTasks
from klokker.operations.create import Create, create
from klokker.operations.edit import Edit
from klokker.operations.operation import Done, Operation, do
from klokker.operations.pause import ExpirePause
from klokker.operations.retire import RetireAfterSuccess
from klokker.simulation.clock import ManualClock
from klokker.store.contract import ProcessInfo, Store
from klokker.store.seen import SeenRun
from klokker.tasks.decorator import task
from klokker.tasks.registry import Registry
from klokker.wiring.preparing import prepared
from klokker.wiring.time_data import time_data

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
AN_INSTANT = timedelta(milliseconds=20)
"""What passes between two passes of a busy worker."""


class Member:
    """One process: a scheduler and a worker in one, with the duties that the engine gives it. Tasks run in this thread."""

    def __init__(
        self,
        store: Store,
        registry: Registry,
        clock: ManualClock | Source,
        *,
        name: str,
        node: str = "n1",
        lanes: dict[str, int] | None = None,
    ) -> None:
        self.store, self.name, self.machine = store, name, clock
        lanes = lanes or {"default": 4}
        info = ProcessInfo(name, node, frozenset({"scheduler", "worker"}), "host", 1, "1", "", frozenset(), lanes)
        self.gate = Gate()
        now = store.now if isinstance(clock, ManualClock) else clock.wall
        self.clock = Clock(now, source=clock, gate=self.gate, process=name)
        ready = replace(prepared(store, registry), monotonic=clock.monotonic)

        def hire(_name: str, _slots: int) -> Executor:
            return Inline(ready)

        def asked(now: datetime) -> Asked:
            return Asked("klokker", now, "", time_data())

        def resume(schedule: int, now: datetime) -> object:
            return do(store, schedule, ExpirePause(asked(now)))

        def retire(schedule: int, now: datetime) -> object:
            return do(store, schedule, RetireAfterSuccess(asked(now)))

        self.worker = Worker(
            store,
            process=name,
            lanes=lanes,
            known=registry.terms("inline"),
            hire=hire,
            clock=self.clock,
            gate=self.gate,
            retire=retire,
        )
        self.ticker = Ticker(store, node=node, monotonic=clock.monotonic, resume=resume, retire=retire)
        self.rescuer = Rescuer(store, patience=timedelta(0))
        self.pruner = Pruner(store, monotonic=clock.monotonic, time_data=time_data())
        self.heart = Heart(
            store,
            info,
            clock=self.clock,
            gate=self.gate,
            lease=Lease(),
            holder=self.worker,
            ticked_at=lambda: self.ticker.last_tick,
        )
        store.enrol(node, self.clock.now())
        store.arrive(info, self.clock.now())

    def beat(self) -> None:
        """Look at the clock, renew what is held."""
        self.heart.run_once(self.clock.now())

    def tick(self) -> Ticked | None:
        """Decide, if the gate lets this process decide."""
        return self.ticker.run_once(self.clock.now()) if self.gate.is_open() else None

    def rescue(self) -> int:
        return self.rescuer.run_once(self.clock.now()).lost if self.gate.is_open() else 0

    def prune(self) -> int:
        """All that may go; how many rows went."""
        gone = 0
        while step := self.pruner.run_once(self.clock.now()).rows:
            gone += step
        return gone

    def work(self) -> int:
        """Run all that is queued; how many ends the store took."""
        taken = 0
        while True:
            self.worker.wake()
            worked = self.worker.run_once(self.clock.now())
            taken += worked.ended
            if not worked.claimed and not self.worker.busy:
                return taken
            if isinstance(self.machine, ManualClock):
                self.machine.advance(AN_INSTANT)

    def round(self) -> None:
        """What each duty does in a while: beat, decide, rescue, work."""
        self.beat()
        self.tick()
        self.rescue()
        self.work()


class Site:
    """A database, a registry of tasks, and members that come and go."""

    def __init__(self, alias: str, url: str, clock: ManualClock | None = None) -> None:
        self.alias, self.url = alias, url
        self.clock = clock or ManualClock()
        self.registry = Registry()
        self._stores: list[DjangoStore] = []
        self._numbers = count(1)
        self.store = self.another_store()

        @task(name="note", registry=self.registry)
        def note() -> None:
            """Nothing to be done."""

    def another_store(self) -> DjangoStore:
        """The same database through a connection of its own."""
        store = DjangoStore(self.alias, own_connections=True, clock=self.clock.wall)
        self._stores.append(store)
        return store

    def member(self, *, store: Store | None = None, **given: Any) -> Member:
        """A process that begins now."""
        mine: dict[str, Any] = {"name": f"p{next(self._numbers)}", "clock": self.clock}
        return Member(store or self.another_store(), self.registry, **mine | given)

    def close(self) -> None:
        for store in self._stores:
            with suppress(Exception):
                store.close()

    @property
    def now(self) -> datetime:
        return self.clock.wall()

    @property
    def vendor(self) -> str:
        """`sqlite` or `postgresql`."""
        return connections[self.alias].vendor

    def live(self, span: timedelta, *members: Member, every: timedelta = MINUTE / 2) -> None:
        """Let `span` pass while these processes live."""
        ends = self.clock.monotonic() + span.total_seconds()
        while left := max(timedelta(seconds=ends - self.clock.monotonic()), timedelta(0)):
            self.clock.advance(min(every, left))
            for member in members:
                member.round()

    # schedules

    def asked(self, why: str = "for the test") -> Asked:
        return Asked("an editor", self.now, why, time_data())

    def schedule(self, name: str = "tidy", when: str = "* * * * *", **fields: Any) -> int:
        """A new schedule of the task `note`, unless told."""
        definition = Definition.read({"name": name, "task": "note", "when": when, **fields})
        return create(self.store, Create(self.asked(), definition, RegisteredTasks(self.registry))).schedule

    def do(self, schedule: int, wish: Operation) -> Done:
        return do(self.store, schedule, wish)

    def edit(self, schedule: int, **fields: Any) -> Done:
        """The schedule with these fields changed."""
        old = self.store.locked_view(schedule).schedule.revision.definition
        new = Definition.read({**old.written(), **fields})
        return self.do(schedule, Edit(self.asked(), new, RegisteredTasks(self.registry)))

    def seen(self, schedule: int) -> Schedule:
        return self.store.locked_view(schedule).schedule

    # what came of them

    def runs(self, schedule: int | None, *states: RunState) -> Sequence[SeenRun]:
        """The schedule's runs by id, those in one of these states if any is named."""
        ids = Run.objects.using(self.alias).filter(schedule=schedule).order_by("pk").values_list("pk", flat=True)
        seen = [run for id_ in ids if (run := self.store.run(id_)) is not None]
        return [run for run in seen if not states or run.state in states]

    def nominals(self, schedule: int) -> list[datetime]:
        """The occurrences that became runs, in their order."""
        found = Run.objects.using(self.alias).filter(schedule=schedule, nominal__isnull=False)
        return sorted(nominal for nominal in found.values_list("nominal", flat=True) if nominal is not None)

    def account(self, schedule: int) -> Account:
        return account(self.store.ledger(schedule), now=self.now, time_data=time_data())

    def proven(self, schedule: int) -> Account:
        """The account, which must be exact."""
        found = self.account(schedule)
        assert found.exact, "\n".join(map(str, (*found.lines, *found.findings)))
        return found


def minutes(start: datetime, number: int) -> list[datetime]:
    """The `number` whole minutes after `start`."""
    first = start.replace(second=0, microsecond=0)
    return [first + place * MINUTE for place in range(1, number + 1)]
