"""What is due, and whose turn is it? The duty that decides.

A tick first glances: one SELECT, and when nothing is due it has written nothing. Otherwise it decides all that is due
under one frozen now, in batches, and then releases the waiting runs whose time and turn have come. Any number of
tickers may tick at once: the store's compare-and-set says who was first.
"""

import logging
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from klokker.core.errors import KlokkerError
from klokker.core.plan import Broken, Plan, Timer, plan
from klokker.engine.pace import Pace
from klokker.events import (
    ClockBehind,
    OccurrencesDismissed,
    RunsPlanned,
    ScheduleBroken,
    ScheduleSpent,
    TickFinished,
    emit,
)
from klokker.store.contract import Decided, Glance, MadeRun, Store, Unreadable

BEHIND = timedelta(minutes=1)
"""A now further than this before what was handled already is told as an event."""

BREATH = timedelta(seconds=1)
"""The rest after a tick that found something due and could do nothing about it."""

RELEASED_AT_ONCE = 1000

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ticked:
    """What a tick came to: timers looked at, runs made, dismissals written, runs released; and when to look again."""

    timers: int = 0
    runs: int = 0
    dismissals: int = 0
    released: int = 0
    again_at: datetime | None = None


class Ticker:
    """Decides for all nodes, or for `nodes` only ('' is "any one node"); ticks count as those of `node`.

    `frees_next_tick`: this is the tick for which runs wait that are to be tried again "at the next tick".
    `resume` and `retire` are operations on a schedule: for one whose pause has ended, and for one whose last run has
    succeeded while nobody was left to retire it. `on_work` is called when runs were queued.
    """

    name = "ticker"
    decides = True

    def __init__(
        self,
        store: Store,
        *,
        node: str,
        monotonic: Callable[[], float],
        resume: Callable[[int, datetime], object],
        retire: Callable[[int, datetime], object],
        on_work: Callable[[], object] = lambda: None,
        nodes: Collection[str] | None = None,
        frees_next_tick: bool = False,
        longest_rest: timedelta = timedelta(seconds=5),
    ) -> None:
        self.longest_rest = longest_rest
        self._store = store
        self._node = node
        self._monotonic = monotonic
        self._resume = resume
        self._retire = retire
        self._on_work = on_work
        self._nodes = nodes
        self._frees_next_tick = frees_next_tick
        self._pace = Pace(monotonic, target=0.1, size=500, least=20, most=1000)
        self._last_tick: datetime | None = None
        self._expected: datetime | None = None

    @property
    def last_tick(self) -> datetime | None:
        """The frozen now of the newest tick that went well; None before the first."""
        return self._last_tick

    def run_once(self, now: datetime) -> Ticked:
        """One tick."""
        began = self._monotonic()
        ticked = self._tick(now)
        self._last_tick = now
        emit(
            TickFinished(
                node=self._node,
                now=now,
                timers=ticked.timers,
                runs=ticked.runs,
                dismissals=ticked.dismissals,
                released=ticked.released,
                took=timedelta(seconds=self._monotonic() - began),
            )
        )
        return ticked

    def _tick(self, now: datetime) -> Ticked:
        # Woken by the very moment that the last glance named, there is no need to ask whether something is due.
        expected = self._expected is not None and self._expected <= now
        seen = Glance(True, True, False, None) if expected else self._store.glance(now)
        if not (_asks(seen) or self._frees_next_tick):
            self._expected = seen.next_at
            return Ticked(again_at=seen.next_at)
        self._operate(seen, now)
        timers, runs, dismissals, moved = self._decide_all(now)
        released = self._release_all(now)
        if runs or released:
            self._on_work()
        left = self._store.glance(now)
        if _asks(left):
            self._expected = None
            again_at = now if expected or moved or released else now + BREATH
            return Ticked(timers, runs, dismissals, released, again_at)
        self._expected = left.next_at
        return Ticked(timers, runs, dismissals, released, left.next_at)

    def _operate(self, seen: Glance, now: datetime) -> None:
        """Resume what is no longer to be paused, retire what a finisher that died left standing."""
        if seen.pause_expired:
            for schedule in self._store.expired_pauses(now):
                self._resume(schedule, now)
        if seen.retires:
            for schedule in self._store.to_retire():
                self._retire(schedule, now)

    def _decide_all(self, now: datetime) -> tuple[int, int, int, int]:
        previous = self._last_tick or self._store.previous_tick(self._node)
        timers = runs = dismissals = moved = 0
        while True:
            planner = _Planner(now, previous)
            with self._pace.measured() as size:
                decided = self._store.decide(now, planner, limit=size, nodes=self._nodes)
            planner.tell(decided)
            timers += decided.looked_at
            runs += len(decided.runs)
            dismissals += len(decided.dismissed)
            batch_moved = len(decided.runs) + len(decided.dismissed) + len(decided.broken) + len(decided.spent)
            moved += batch_moved
            if decided.looked_at < size or not batch_moved:
                return timers, runs, dismissals, moved

    def _release_all(self, now: datetime) -> int:
        total = 0
        while True:
            released = self._store.release(now, next_tick=self._frees_next_tick, limit=RELEASED_AT_ONCE)
            total += released
            if released < RELEASED_AT_ONCE:
                return total


def _asks(seen: Glance) -> bool:
    return seen.due or seen.releasable or seen.pause_expired or seen.retires


class _Planner:
    """Plans the timers of one batch, and afterwards tells what came of it.

    The store may ask twice for the same timer, so nothing is told while planning.
    """

    def __init__(self, now: datetime, previous_tick: datetime | None) -> None:
        self._now = now
        self._previous_tick = previous_tick
        self._names: dict[int, str] = {}
        self._behind: dict[int, ClockBehind] = {}
        self._raised: dict[int, Exception] = {}

    def __call__(self, timer: Timer | Unreadable) -> Plan | Broken:
        if isinstance(timer, Unreadable):
            return Broken(timer.fault)
        name = timer.revisions[-1].definition.name
        self._names[timer.schedule] = name
        if timer.handled_until - self._now > BEHIND:
            self._behind[timer.schedule] = ClockBehind(
                schedule=timer.schedule, name=name, now=self._now, handled_until=timer.handled_until
            )
        try:
            return plan(timer, now=self._now, previous_tick=self._previous_tick)
        except KlokkerError as error:
            return Broken(str(error))
        except Exception as error:  # noqa: BLE001 — a fault of ours: this one is shown with it, every other one goes on
            self._raised[timer.schedule] = error
            return Broken(f"{type(error).__name__}: {error}")

    def tell(self, decided: Decided) -> None:
        """Say what the batch came to, now that it is committed."""
        for behind in self._behind.values():
            emit(behind)
        for schedule, error in self._raised.items():
            _log.error("Planning schedule %s (%s) raised.", schedule, self._names[schedule], exc_info=error)
        for (schedule, node), made in _by_timer(decided.runs):
            nominal = [run.nominal for run in made if run.nominal is not None]
            emit(
                RunsPlanned(
                    schedule=schedule,
                    name=self._names.get(schedule, ""),
                    node=node,
                    runs=tuple(run.id for run in made),
                    first=min(nominal),
                    last=max(nominal),
                )
            )
        for schedule, dismissal in decided.dismissed:
            emit(
                OccurrencesDismissed(
                    schedule=schedule,
                    name=self._names.get(schedule, ""),
                    node="",
                    reason=dismissal.reason,
                    after=dismissal.after,
                    until=dismissal.until,
                    count=dismissal.count,
                    goes_on=dismissal.extends is not None,
                )
            )
        for schedule, reason in decided.broken:
            emit(ScheduleBroken(schedule=schedule, name=self._names.get(schedule, ""), reason=reason))
        for schedule in decided.spent:
            emit(ScheduleSpent(schedule=schedule, name=self._names.get(schedule, "")))


def _by_timer(runs: Iterable[MadeRun]) -> Iterable[tuple[tuple[int, str], list[MadeRun]]]:
    def timer(run: MadeRun) -> tuple[int, str]:
        assert run.schedule is not None, "a tick makes runs of schedules only"
        return run.schedule, run.node

    for key, made in groupby(sorted(runs, key=timer), key=timer):
        yield key, list(made)
