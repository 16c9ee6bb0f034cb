"""The verbs of the contract, said to a database. Each verb's statements stand in the module of its kind."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from klokker.core.lifecycle import RunState
from klokker.core.verdict import Terms, Verdict
from klokker.django import settings
from klokker.django.store import (
    calendar_changes,
    calendars,
    claiming,
    deciding,
    definitions,
    ending,
    fleet,
    glancing,
    keeping,
    making,
    pruning,
    releasing,
    rescuing,
    schedules,
    seeing,
)
from klokker.django.store.connection import Connection, HostConnection, OwnConnection
from klokker.django.store.database import Database
from klokker.django.store.news import news
from klokker.django.waking import Bell, Waiting
from klokker.django.waking.silent import NoBell
from klokker.django.waking.sqlite import SocketBell
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
    Tally,
)
from klokker.store.seen import SeenRun
from klokker.store.unavailable import StoreUnavailable

Answer = TypeVar("Answer")


class DjangoStore:
    """A Store on the database that `alias` names (by default the one of KLOKKER_DATABASE_ALIAS).

    With `own_connections` each thread has a connection apart from the host's, with the settings that the engine needs;
    without, the host's, so that what is written commits or vanishes with the host's transaction.
    `clock` is asked by `now` in place of the database's clock.
    """

    def __init__(
        self,
        alias: str | None = None,
        *,
        own_connections: bool = False,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        alias = alias or settings.database_alias()
        connection: Connection = (
            OwnConnection(alias, settings.synchronous()) if own_connections else HostConnection(alias)
        )
        self._db = Database(connection, connections[alias].vendor)
        self._clock = clock
        self._waiting = Waiting(self._bell(connections[alias]))

    def close_thread(self) -> None:
        """Close this thread's connection, if it is our own; the next verb opens a new one."""
        self._db.connection.let_go()

    def close(self) -> None:
        """Close what is open, in all threads."""
        self._waiting.close()
        self._db.connection.close()

    def now(self) -> datetime:
        return self._clock() if self._clock else self._verb(self._db.now)

    # definitions

    def create(self, new: NewSchedule) -> int | NameTaken:
        return self._write(lambda: definitions.create(self._db, new, self._moment()))

    def change(
        self,
        schedule: int,
        decide: Callable[[LockedSchedule], Change],
        *,
        new_name: str | None = None,
        dismissed_after: datetime | None = None,
    ) -> Changed:
        return self._write(
            lambda: definitions.change(
                self._db, schedule, decide, self._moment(), new_name=new_name, dismissed_after=dismissed_after
            )
        )

    def schedules(self, *, retired: bool = False) -> Sequence[Schedule]:
        return self._verb(lambda: schedules.listed(self._db, retired=retired))

    def schedule(self, name: str) -> Schedule | None:
        return self._verb(lambda: schedules.by_name(self._db, name))

    def locked_view(
        self, schedule: int, *, new_name: str | None = None, dismissed_after: datetime | None = None
    ) -> LockedSchedule:
        return self._read(
            lambda: definitions.view(self._db, schedule, new_name=new_name, dismissed_after=dismissed_after)
        )

    def calendars(self, *, removed: bool = False) -> Sequence[NamedCalendar]:
        return self._verb(lambda: calendars.calendars(self._db, removed=removed))

    def naming(self, calendar: str | None = None) -> Sequence[Schedule]:
        return self._verb(lambda: schedules.naming(self._db, calendar))

    def change_calendar(
        self, name: str, decide: Callable[[LockedCalendar], CalendarChange | None], *, now: datetime
    ) -> CalendarChanged:
        return self._write(lambda: calendar_changes.change(self._db, name, decide, now))

    def calendar_view(self, name: str) -> LockedCalendar:
        return self._read(lambda: calendar_changes.view(self._db, name))

    def expired_pauses(self, now: datetime) -> Sequence[int]:
        return self._verb(lambda: glancing.expired_pauses(self._db, now))

    def to_retire(self) -> Sequence[int]:
        return self._verb(lambda: glancing.to_retire(self._db))

    # ticking

    def glance(self, now: datetime) -> Glance:
        return self._verb(lambda: glancing.glance(self._db, now))

    def decide(
        self, now: datetime, planner: Planner, *, limit: int = 500, nodes: Collection[str] | None = None
    ) -> Decided:
        return self._verb(lambda: deciding.decide(self._db, now, planner, limit=limit, nodes=nodes))

    def release(self, now: datetime, *, next_tick: bool = False, limit: int = 1000) -> int:
        return self._verb(lambda: releasing.release(self._db, now, next_tick=next_tick, limit=limit))

    # runs

    def enqueue(self, runs: Sequence[NewRun], *, now: datetime) -> Sequence[MadeRun]:
        def enqueued() -> tuple[Sequence[MadeRun], bool]:
            seeds = making.seeds_of(self._db, runs, now)
            told = news(self._db, seeds, now)
            return making.make(self._db, seeds, now).runs, told

        made, told = self._write(enqueued)
        if told:
            self.wake()
        return made

    def run(self, run: int) -> SeenRun | None:
        return self._read(lambda: seeing.run(self._db, run))

    def covered(self, schedule: int, after: datetime, until: datetime) -> Collection[tuple[str, datetime]]:
        return self._verb(lambda: seeing.covered(self._db, schedule, after, until))

    def recall(self, process: str, holding: Collection[int]) -> Sequence[Claim]:
        return self._verb(lambda: claiming.recall(self._db, process, holding, self._moment()))

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
        return self._verb(
            lambda: claiming.claim(
                self._db, process, now, lanes=lanes, known=known, lease=lease, ahead=ahead, only=only
            )
        )

    def queued_lanes(self, node: str) -> Sequence[str]:
        return self._verb(lambda: claiming.queued_lanes(self._db, node))

    def begin(self, process: str, runs: Collection[tuple[int, int]], now: datetime) -> frozenset[int]:
        return self._verb(lambda: claiming.begin(self._db, process, runs, now))

    def give_back(self, process: str, runs: Collection[tuple[int, int]], now: datetime) -> int:
        return self._verb(lambda: claiming.give_back(self._db, process, runs, now))

    def progress(self, run: int, token: int, done: int | None, total: int | None, log: Sequence[str] = ()) -> bool:
        return self._verb(lambda: claiming.progress(self._db, run, token, done, total, log))

    def finish(self, ends: Sequence[End], now: datetime) -> Sequence[Finished]:  # noqa: ARG002 — an end bears its own time
        return self._verb(lambda: ending.finish_each(self._db, ends))

    def ask_cancel(self, runs: Collection[int], now: datetime, by: str) -> Mapping[int, RunState]:
        return self._write(lambda: ending.ask_cancel(self._db, runs, now, by))

    # processes and nodes

    def enrol(self, node: str, now: datetime) -> bool:
        return self._verb(lambda: fleet.enrol(self._db, node, now))

    def arrive(self, process: ProcessInfo, now: datetime) -> None:
        self._verb(lambda: fleet.arrive(self._db, process, now))

    def renew(
        self,
        process: str,
        now: datetime,
        *,
        lease: timedelta,
        claims: Collection[tuple[int, int]] = (),
        ticked_at: datetime | None = None,
    ) -> Held:
        return self._write(lambda: fleet.renew(self._db, process, now, lease=lease, claims=claims, ticked_at=ticked_at))

    def leave(self, process: str, now: datetime) -> None:
        self._write(lambda: fleet.leave(self._db, process, now))

    def previous_tick(self, node: str) -> datetime | None:
        return self._verb(lambda: fleet.previous_tick(self._db, node))

    def ticked(self, node: str, now: datetime) -> None:
        self._verb(lambda: fleet.ticked(self._db, node, now))

    def nodes(self) -> Sequence[Node]:
        return self._verb(lambda: fleet.nodes(self._db))

    def retire_node(self, node: str, now: datetime) -> bool:
        return self._verb(lambda: fleet.retire_node(self._db, node, now))

    def lanes(self) -> Sequence[Lane]:
        return self._verb(lambda: fleet.lanes(self._db))

    def set_lane(self, lane: Lane) -> None:
        self._verb(lambda: fleet.set_lane(self._db, lane))

    def rescue(self, now: datetime, judge: Callable[[Expired], Verdict], *, limit: int = 100) -> Sequence[Rescued]:
        return self._verb(lambda: rescuing.rescue(self._db, now, judge, limit))

    # keeping

    def ledger(self, schedule: int) -> Ledger:
        return self._read(lambda: keeping.ledger(self._db, schedule))

    def prune(
        self, now: datetime, seal: Callable[[Ledger, datetime], Sequence[Tally] | None], *, limit: int = 1000
    ) -> int:
        return self._verb(lambda: pruning.prune(self._db, now, seal, limit))

    # waking

    def wait(self, timeout: float) -> bool:
        return self._waiting.wait(timeout)

    def wake(self) -> None:
        self._db.connection.after_commit(self._ring)

    def _ring(self) -> None:
        # What it is about has been committed: that a hint cannot be given is no failure of that. The poll remains.
        with suppress(StoreUnavailable):
            self._verb(self._waiting.ring)

    def _bell(self, wrapper: BaseDatabaseWrapper) -> Bell:
        if wrapper.vendor == "postgresql":
            # psycopg is there only where PostgreSQL is used.
            from klokker.django.waking.postgres import NoticeBell

            return NoticeBell(wrapper.get_connection_params, self._notify)
        name = str(wrapper.settings_dict["NAME"])
        return NoBell() if ":memory:" in name or "mode=memory" in name else SocketBell(name)

    def _notify(self, channel: str, payload: str) -> None:
        values = {"channel": channel, "payload": payload}
        self._db.plain_rows("SELECT pg_notify(%(channel)s, %(payload)s)", values)

    # how a verb is said

    def _verb(self, work: Callable[[], Answer]) -> Answer:
        return self._db.verb(work)

    def _write(self, work: Callable[[], Answer]) -> Answer:
        """In one transaction."""

        def whole() -> Answer:
            with self._db.transaction():
                return work()

        return self._db.verb(whole)

    def _read(self, work: Callable[[], Answer]) -> Answer:
        """All of one moment's state."""

        def whole() -> Answer:
            with self._db.connection.snapshot():
                return work()

        return self._db.verb(whole)

    def _moment(self) -> datetime:
        """The time of day, within a verb that is not handed one."""
        return self._clock() if self._clock else self._db.now()
