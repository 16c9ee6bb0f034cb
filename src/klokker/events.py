"""What happened? Facts as frozen records, told to whoever subscribed. They hold no sentences: `logs.py` words them.

A duty that did something says so once, with `emit(RunLost(...))`, after its commit. Subscribers are plain callables,
called at once, in the emitting thread, in the order in which they came. One that raises stops neither the engine nor the
other subscribers; its first failure of each kind is logged with its traceback.

All moments are aware UTC. Runs and schedules are meant by their ids; `name` is the schedule's, empty where there is none.
Each event has a wording in `logs.py` and a place in docs/events.md; a test walks the classes.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from types import TracebackType
from typing import TypeAlias

from klokker.core.lifecycle import DismissalReason, Outcome

# ── telling ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened."""


Subscriber: TypeAlias = Callable[[Event], object]


class Subscription:
    """One subscriber's place in the row. `close()`, or leaving it as a context manager, gives the place up."""

    def __init__(self, subscriber: Subscriber) -> None:
        self.subscriber = subscriber
        self._complained: frozenset[type[Exception]] = frozenset()

    def tell(self, event: Event) -> None:
        try:
            self.subscriber(event)
        except Exception as error:  # noqa: BLE001 — a subscriber is anybody's code; the engine must outlive it
            self._complain(error, event)

    def _complain(self, error: Exception, event: Event) -> None:
        if type(error) in self._complained:
            return
        self._complained |= {type(error)}
        _log.error(
            "The subscriber %r raised %s on %s. It is told of further events, but further errors of this type are not "
            "logged. Repair the subscriber.",
            self.subscriber,
            type(error).__name__,
            type(event).__name__,
            exc_info=error,
        )

    def close(self) -> None:
        global _row
        with _changing:
            _row = tuple(each for each in _row if each is not self)

    def __enter__(self) -> "Subscription":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


_log = logging.getLogger(__name__)

# The row is replaced, never changed: `emit` walks the one it found while others come and go.
_row: tuple[Subscription, ...] = ()
_changing = Lock()


def subscribe(subscriber: Subscriber) -> Subscription:
    """Tell `subscriber` of every event from now on, until the subscription is closed."""
    global _row
    subscription = Subscription(subscriber)
    with _changing:
        _row = (*_row, subscription)
    return subscription


def emit(event: Event) -> None:
    """Tell all subscribers. Never raises for what they do."""
    for subscription in _row:
        subscription.tell(event)


# ── deciding ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsPlanned(Event):
    """A tick made runs of one schedule, for the nominal times `first` to `last`."""

    schedule: int
    name: str
    node: str
    runs: tuple[int, ...]
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OccurrencesDismissed(Event):
    """Occurrences in the window (`after`, `until`] will not run. `count` None: not counted.

    `goes_on`: the ones before them were dismissed for the same reason, and it was told then.
    """

    schedule: int
    name: str
    node: str
    reason: DismissalReason
    after: datetime
    until: datetime
    count: int | None
    goes_on: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleBroken(Event):
    """A definition cannot be evaluated; nothing of this schedule is decided until it is repaired."""

    schedule: int
    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSpent(Event):
    """A timetable, or the schedule's max runs, is used up."""

    schedule: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TickFinished(Event):
    """One pass over what was due at `now`. Counts: timers looked at, runs made, dismissals written, waiting runs released."""

    node: str
    now: datetime
    timers: int
    runs: int
    dismissals: int
    released: int
    took: timedelta

    @property
    def idle(self) -> bool:
        """Was there nothing to do?"""
        return not (self.timers or self.released)


# ── clocks ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockLeapt(Event):
    """The clock moved by `leap` against the monotonic one (negative: back). Nothing is decided until both agree again."""

    process: str
    now: datetime
    leap: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSettled(Event):
    """The clocks have agreed for a minute again; deciding goes on."""

    process: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockBehind(Event):
    """It is earlier than what was already handled, so nothing is decided for this schedule."""

    schedule: int
    name: str
    now: datetime
    handled_until: datetime


# ── runs ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class RunClaimed(Event):
    """A process took a queued run. `token` is the fencing token of this claim."""

    run: int
    task: str
    name: str
    process: str
    lane: str
    attempt: int
    token: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Event):
    """An attempt began."""

    run: int
    task: str
    name: str
    process: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProgressed(Event):
    """An attempt that goes on has said how far it is; told at most once a second. `total` None: it does not know."""

    run: int
    task: str
    name: str
    done: int
    total: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished(Event):
    """A run is done, with this outcome. `error` is empty for one that succeeded; `took` is the last attempt's time."""

    run: int
    task: str
    name: str
    attempt: int
    outcome: Outcome
    took: timedelta
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRetried(Event):
    """An attempt ended otherwise than by success, and a further one follows at `again_at`."""

    run: int
    task: str
    name: str
    attempt: int
    outcome: Outcome
    again_at: datetime
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSnoozed(Event):
    """The task asked for later; the same attempt begins anew at `until`."""

    run: int
    task: str
    name: str
    attempt: int
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLost(Event):
    """A lease ran out with no finish. `again_at` None: the run is done, with the outcome lost."""

    run: int
    schedule: int | None
    process: str
    again_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOverrun(Event):
    """An attempt ignores its timeout or its cancellation and cannot be killed; it keeps its turn until it returns."""

    run: int
    task: str
    name: str
    process: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EndRefused(Event):
    """An attempt's end was not written: its run had been taken from its process, or the database refused it (`fault`)."""

    run: int
    process: str
    token: int
    outcome: Outcome | None
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildKilled(Event):
    """The child process that ran an attempt was killed. `why`: what its run was asked to end for, in words."""

    run: int
    pid: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildDied(Event):
    """A child process ended by itself while it ran an attempt. `exit_code` is negative for a signal."""

    run: int
    pid: int
    exit_code: int | None


# ── tasks ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskModuleSkipped(Event):
    """A module of tasks raised while it was imported; its tasks are unknown to this process."""

    module: str
    location: str
    error: BaseException


# ── processes, nodes, keeping ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessStarted(Event):
    """A process of the engine began its duties."""

    process: str
    node: str
    roles: tuple[str, ...]
    pid: int
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessDraining(Event):
    """A process was asked to stop: it claims nothing more and waits for what runs."""

    process: str
    running: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessStopped(Event):
    """A process ended in order."""

    process: str
    node: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSilent(Event):
    """A process gave no heartbeat since `heartbeat`, and did not say that it would stop."""

    process: str
    node: str
    heartbeat: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseNotRenewed(Event):
    """A process could not renew its leases in time and ends what it runs, before others begin it anew."""

    process: str
    runs: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeEnrolled(Event):
    """A node is known from now on."""

    node: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewerSchema(Event):
    """The database was migrated by a newer version; this process stops claiming."""

    process: str
    found: str
    known: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyFailed(Event):
    """One pass of a duty (ticker, worker, heart, …) raised; it is tried again."""

    process: str
    duty: str
    error: Exception


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyRecovered(Event):
    """A duty that had failed `failures` times in a row passed again."""

    process: str
    duty: str
    failures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned(Event):
    """Finished runs and dismissals past their retention went into the tally."""

    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DayNotProven(Event):
    """A UTC day of a schedule keeps its rows past their retention, since its account does not prove. `day`: its first moment."""

    schedule: int
    name: str
    day: datetime
    why: str
