"""What a store must do, in these words: the contract that memory and Django's databases keep, and one suite proves.

A store decides nothing. The pure functions handed to `decide`, `change`, `rescue` and `prune` do; a store locks, calls
them with values, writes what they return in one transaction, and says who was first. It may call them again when the
database asks for a retry (deadlock, serialization failure), so they must not do anything but compute.

Lock order, everywhere: timers, then runs, each by id. Every verb survives an answer that was lost after COMMIT: said
twice, it does once.

All moments are aware UTC. `now` is handed in; only `Store.now` asks a clock, the database's.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from klokker.core.definition import Definition
from klokker.core.json_values import Json
from klokker.core.ledger import Ledger as Ledger
from klokker.core.ledger import LedgerDismissal as LedgerDismissal
from klokker.core.ledger import LedgerRun as LedgerRun
from klokker.core.ledger import Span as Span
from klokker.core.ledger import Tally as Tally
from klokker.core.lifecycle import Origin, RunKind, RunState, ScheduleState
from klokker.core.plan import Broken, Dismissal, Plan, Timer
from klokker.core.schedule import Schedule as Schedule
from klokker.core.verdict import Attempt, Ending, Terms, Verdict
from klokker.store.seen import SeenRun

# ── definitions ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class LockedSchedule:
    """A schedule with all its open timers, locked, for a change. `timers` carry revisions and unfinished runs as for a plan.

    Open is a timer whose span is not closed (`until` None) or not yet decided up to there. `closed`: its other spans.
    `nodes`: the names of all enrolled nodes. `name_taken`: whether another schedule bears the new name that was asked for.
    `dismissed`: the dismissals that reach past `dismissed_after`, if that was asked for; a rewind cuts them.
    """

    schedule: Schedule
    timers: Sequence[Timer]
    nodes: Collection[str]
    name_taken: bool = False
    closed: Sequence[Span] = ()
    dismissed: Sequence[LedgerDismissal] = ()


@dataclass(frozen=True, slots=True)
class NewRevision:
    """A revision to write. `changes` maps field names to [old, new] as JSON; `time_data` names the zone data in force."""

    definition: Definition
    holds_from: datetime
    by: str
    why: str
    changes: Mapping[str, Json] = field(default_factory=dict)
    time_data: str = ""


@dataclass(frozen=True, slots=True)
class TimerMove:
    """A timer of a changed schedule set to these values (all four are written).

    One that is set back remembers no end of a run in the time that has not come: what rests after completion would
    rest from there.
    """

    timer: int
    handled_until: datetime
    next_due: datetime | None
    until: datetime | None
    dismissals: tuple[Dismissal, ...] = ()


@dataclass(frozen=True, slots=True)
class NewTimer:
    """A timer to open: its occurrences are those after `since`, and it is looked at from `next_due` on.

    `runs_made` carries on the count of an earlier span of the node, so that "max runs" goes on counting.
    """

    node: str
    since: datetime
    next_due: datetime | None
    runs_made: int = 0


@dataclass(frozen=True, slots=True)
class Cut:
    """A dismissal shortened to `until` and `count` (None: not counted); one of which nothing is left is removed."""

    dismissal: int
    until: datetime
    count: int | None


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run that no tick plans: manual, backfill, dry run, enqueued. `schedule` None for enqueued ones.

    `takes_turn`: whether it waits for the turn of (schedule, node). `for_nominal`: which occurrence it repeats.
    `retry_of`: the run that a person asked to try again.
    """

    kind: RunKind
    task: str
    args: Sequence[Json]
    kwargs: Mapping[str, Json]
    planned: datetime
    node: str = ""
    schedule: int | None = None
    revision: int | None = None
    for_nominal: datetime | None = None
    start_before: datetime | None = None
    lane: str = "default"
    order: int = 0
    takes_turn: bool = False
    asked_by: str = ""
    retry_of: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What a person's wish comes to, computed beforehand, applied at once or not at all.

    `state` None leaves the state (with reason, until and by) as it is. `cancel`: unfinished runs asked to cancel, in
    the name of `by`. `starts_after_completion` None leaves that moment as it is. `runs`: their `schedule` is filled in,
    and the newest revision (the one that this change writes, too) where `revision` is None.
    """

    state: ScheduleState | None = None
    reason: str = ""
    paused_until: datetime | None = None
    by: str = ""
    origin: Origin | None = None
    revision: NewRevision | None = None
    timers: tuple[TimerMove, ...] = ()
    open: tuple[NewTimer, ...] = ()
    runs: tuple[NewRun, ...] = ()
    cancel: tuple[int, ...] = ()
    cut: tuple[Cut, ...] = ()
    starts_after_completion: datetime | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """A change that was written: the change itself, the number of the newest revision, and the runs that were made."""

    change: Change
    revision: int
    runs: Sequence["MadeRun"] = ()


@dataclass(frozen=True, slots=True)
class NewSchedule:
    """A schedule to create: its first revision (number 1) and its timers. A paused one's timers have no next due."""

    revision: NewRevision
    origin: Origin
    open: tuple[NewTimer, ...]
    state: ScheduleState = ScheduleState.ACTIVE
    reason: str = ""
    paused_until: datetime | None = None
    runs: tuple[NewRun, ...] = ()
    """Runs to make with it; their `schedule` and `revision` are filled in."""
    starts_after_completion: datetime | None = None


@dataclass(frozen=True, slots=True)
class NameTaken:
    """Another schedule, not retired, bears this name (compared without regard to case)."""

    name: str
    by: int


# ── calendars ───────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class NamedCalendar:
    """A calendar that is kept under its name: the text of its newest version, and that one's number.

    `declared_in`: the source that declares it, empty for a managed one. `fault`: why it cannot be read as it is stored.
    """

    name: str
    text: str
    version: int
    description: str = ""
    origin: Origin = Origin.MANAGED
    declared_in: str = ""
    removed: bool = False
    fault: str = ""


@dataclass(frozen=True, slots=True)
class LockedCalendar:
    """A calendar (None: there was never one of this name), and all schedules, not retired, that name it; locked, for a change.

    `known`: the names of all calendars, without the removed ones.
    """

    calendar: NamedCalendar | None
    schedules: Sequence[LockedSchedule]
    known: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class CalendarChange:
    """What a calendar is to be, and what becomes of schedules that name it, by id; applied at once or not at all.

    `text` None leaves the version as it is; else it is a new one, made `by` somebody, for the reason `why`.
    """

    description: str
    origin: Origin
    declared_in: str = ""
    removed: bool = False
    text: str | None = None
    by: str = ""
    why: str = ""
    schedules: Mapping[int, Change] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CalendarChanged:
    """A change that was written: the change itself (None: there was none to write), the newest version, what became of schedules."""

    change: CalendarChange | None
    version: int
    schedules: Mapping[int, Changed] = field(default_factory=dict)


# ── the ledger ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Glance:
    """What one SELECT tells an idle tick.

    `due`: `decide` would find a timer. `releasable`: `release` would move a run. `pause_expired`: `expired_pauses`
    would name a schedule. `retires`: `to_retire` would. `next_at`: when none of these holds, the earliest moment after
    now at which one of the first three may; None if there is none.
    """

    due: bool
    releasable: bool
    pause_expired: bool
    next_at: datetime | None
    retires: bool = False


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A due timer whose stored rows do not make sense; the planner answers with Broken."""

    timer: int
    schedule: int
    node: str
    fault: str


Planner = Callable[[Timer | Unreadable], Plan | Broken]


@dataclass(frozen=True, slots=True)
class MadeRun:
    """A run that a tick or a person made."""

    id: int
    schedule: int | None
    node: str
    nominal: datetime | None
    planned: datetime


@dataclass(frozen=True, slots=True)
class Decided:
    """What one batch of a tick came to. `looked_at` counts timers locked; 0 means nothing is due any more.

    `outrun`: timers that another scheduler decided first (their plans were thrown away).
    """

    looked_at: int
    runs: Sequence[MadeRun]
    dismissed: Sequence[tuple[int, Dismissal]]
    """(schedule id, dismissal)"""
    broken: Sequence[tuple[int, str]]
    """(schedule id, reason)"""
    spent: Sequence[int] = ()
    outrun: int = 0


@dataclass(frozen=True, slots=True)
class Claim:
    """A run held by a process: what an executor needs, and the token that a finish must show.

    `previous_nominal`: the nominal time of the last occurrence that became a run on this timer, for `run.window`.
    """

    run: int
    token: int
    attempt: Attempt
    kind: RunKind
    schedule: int | None
    schedule_name: str
    node: str
    lane: str
    task: str
    args: Sequence[Json]
    kwargs: Mapping[str, Json]
    nominal: datetime | None
    previous_nominal: datetime | None
    planned: datetime
    dry_run: bool
    started: datetime | None
    """When the attempt began; None for one claimed ahead, until `begin`."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a renewal tells a process about the claims it named: still its own, of which some were asked to cancel; which are gone."""

    mine: frozenset[int]
    cancel_asked: frozenset[int]
    lost: frozenset[int]


@dataclass(frozen=True, slots=True)
class End:
    """The end of an attempt, judged: what to write where (run, token) is still mine.

    `started` and `finished` are the attempt's; `after_completion` is settled by the store from the schedule's revision.
    """

    run: int
    token: int
    started: datetime
    finished: datetime
    ending: Ending
    verdict: Verdict
    log: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Finished:
    """What became of one End. `accepted` False: nothing was written; the token was no longer mine, or see `fault`.

    `retires`: the schedule that is to be retired because its run succeeded (after success: delete).
    `fault`: why the database refused this end by itself; empty otherwise. Its claim stands until it is rescued.
    """

    run: int
    accepted: bool
    retires: int | None = None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Expired:
    """A claim whose lease ran out, for the rescuer to judge."""

    run: int
    token: int
    attempt: Attempt
    schedule: int | None
    process: str
    node: str
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class Rescued:
    """A lost attempt and what became of its run."""

    run: int
    schedule: int | None
    process: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Lane:
    """A named queue: `limit` runs at once over all nodes (None: no limit)."""

    name: str
    limit: int | None = None
    paused: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """A named place, since when enrolled, until when (None: still)."""

    name: str
    since: datetime
    retired: datetime | None
    ticked_at: datetime | None


# ── what stands ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class ProcessInfo:
    """A running process of a node, as it introduces itself."""

    id: str
    node: str
    roles: frozenset[str]
    host: str
    pid: int
    version: str
    time_data: str
    tasks: frozenset[str]
    lanes: Mapping[str, int]


class Store(Protocol):
    """The verbs. Each is one transaction (or says otherwise); none sleeps; all are safe from several threads and processes."""

    def now(self) -> datetime:
        """The database's clock (SQLite and memory: the machine's, or the clock that was handed in)."""

    # definitions: for `operations` alone
    def create(self, new: NewSchedule) -> int | NameTaken:
        """Write a new schedule, its revision 1, timers and runs; the id, or who has the name already.

        Raises OlderCalendar when its definition carries another text of a calendar than the newest that is kept here.
        """

    def change(
        self,
        schedule: int,
        decide: Callable[[LockedSchedule], Change],
        *,
        new_name: str | None = None,
        dismissed_after: datetime | None = None,
    ) -> Changed:
        """Lock the schedule's timers, let `decide` compute, write what it returns.

        Runs that it makes wait for the next `release`. Raises NoSuchSchedule; NameInUse when the new revision bears a
        name that another schedule has (`decide` was told by `name_taken`); OlderCalendar when it carries a text of a
        calendar that is neither the newest nor the revision's before it; whatever `decide` raises passes through, and
        nothing is written.
        """

    def schedules(self, *, retired: bool = False) -> Sequence[Schedule]:
        """All schedules by name, without the retired ones unless asked."""

    def schedule(self, name: str) -> Schedule | None:
        """The schedule of this name (any case); `NAME#ID` names a retired one too."""

    def locked_view(
        self, schedule: int, *, new_name: str | None = None, dismissed_after: datetime | None = None
    ) -> LockedSchedule:
        """What `change` would hand to its function, read without locking: for previews. Raises NoSuchSchedule."""

    def calendars(self, *, removed: bool = False) -> Sequence[NamedCalendar]:
        """All calendars by name, without the removed ones unless asked."""

    def naming(self, calendar: str | None = None) -> Sequence[Schedule]:
        """The schedules, not retired, whose definitions carry a text of this calendar (None: of any), by name."""

    def change_calendar(
        self, name: str, decide: Callable[[LockedCalendar], CalendarChange | None], *, now: datetime
    ) -> CalendarChanged:
        """Lock the timers of all schedules that name the calendar, then it; let `decide` compute, write what it returns.

        None: nothing is written. Whatever `decide` raises passes through, and nothing is written.
        """

    def calendar_view(self, name: str) -> LockedCalendar:
        """What `change_calendar` would hand to its function, read without locking: for previews."""

    def expired_pauses(self, now: datetime) -> Sequence[int]:
        """Ids of paused schedules whose `paused_until` has come."""

    def to_retire(self) -> Sequence[int]:
        """Ids of schedules, not yet retired, of which a run succeeded that is to be the last (after success: delete).

        Scheduled, manual and backfill runs count; the newest revision's word does. `finish` names them too; a tick
        repeats what a finisher that died left undone.
        """

    # ticking
    def glance(self, now: datetime) -> Glance:
        """Is there anything for a tick to do? One SELECT; writes nothing."""

    def decide(
        self, now: datetime, planner: Planner, *, limit: int = 500, nodes: Collection[str] | None = None
    ) -> Decided:
        """Lock up to `limit` due timers (skipping locked ones), plan each, and write all plans by compare-and-set of `handled_until`.

        Due: `next_due` has come, and the schedule is active. The earliest due come first. `nodes` restricts to timers
        of these nodes ('' is "any one node"). Runs are made waiting; `release` follows, but one whose time and turn
        have come may be queued at once. A plan that closes the last open timer of a schedule leaves it spent.

        A schedule answered with Broken is marked so, its timers without a next due; so is one for which the planner
        raises an Exception. When the write itself fails on data, the batch is retried timer by timer and the culprit is
        marked broken. The others go on.
        """

    def release(self, now: datetime, *, next_tick: bool = False, limit: int = 1000) -> int:
        """Queue waiting runs whose time and turn have come, expire those past `start_before`; how many moved. Idempotent.

        `next_tick` also frees runs that wait for the first `klokker tick` begun after their attempt ended.
        Turns go to scheduled and manual runs before backfill, then by nominal or planned time, then id, among those
        whose time has come. A run that holds its turn (a retry, a snooze) needs only its time.
        Scheduled and backfill runs of paused schedules stay waiting; what a person asks for by name (manual, dry) goes on.
        A run expires, waiting or queued, when now is past its `start_before` and no attempt at it ever began.
        """

    # runs
    def enqueue(self, runs: Sequence[NewRun], *, now: datetime) -> Sequence[MadeRun]:
        """Make runs. In the host's transaction where there is one; those whose time and turn have come are queued at once.

        When they are committed, waiters are woken, unless others like them stand in the queue already.
        """

    def run(self, run: int) -> SeenRun | None:
        """The run as it stands; None when there is none of this id (any more)."""

    def covered(self, schedule: int, after: datetime, until: datetime) -> Collection[tuple[str, datetime]]:
        """(node, nominal) of the occurrences in (after, until] that need not run again.

        A run for it (scheduled, manual or backfill, by its nominal time or by what it repeats) has succeeded, or is not
        done yet. Runs that are pruned are not seen.
        """

    def recall(self, process: str, holding: Collection[int]) -> Sequence[Claim]:
        """Claims of `process` other than those of the runs it is `holding`: what a `claim` answered that did not arrive.

        To be asked after a `claim` that failed on the way. Writes nothing.
        """

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
        """Take queued runs for `process`, lane by lane, at most `lanes[lane]` of each, in the order: order, planned, id.

        `lanes` counts free slots; the lane's limit over all nodes is kept under races; paused lanes give nothing. Only
        tasks in `known`, and only runs of the process's node or of any node. Terms left open by the run are
        taken from `known` and written on it. Of repeatable tasks up to `ahead` more, over all these lanes, are claimed,
        unbegun; they count towards the lane's limit. A queued run past `start_before` ends as expired instead.
        Answers lane by lane, those begun first. `only`: none but these runs. Raises NoSuchProcess when `process` has
        not arrived.
        """

    def queued_lanes(self, node: str) -> Sequence[str]:
        """The lanes, by name, in which runs are queued that a process of this node may run. Writes nothing."""

    def begin(self, process: str, runs: Collection[tuple[int, int]], now: datetime) -> frozenset[int]:
        """Mark (run, token) pairs that were claimed ahead as started; the ids of those still mine. The first start stands."""

    def give_back(self, process: str, runs: Collection[tuple[int, int]], now: datetime) -> int:
        """Queue again what was claimed and has not begun; how many were still mine."""

    def progress(self, run: int, token: int, done: int | None, total: int | None, log: Sequence[str] = ()) -> bool:
        """Write progress (`done` None: the figures stay) and new log lines of a run, if it is still mine.

        `store.runlog` says how many lines are kept.
        """

    def finish(self, ends: Sequence[End], now: datetime) -> Sequence[Finished]:
        """Write the ends of attempts where the token is mine; a batch that fails on data falls back to one by one.

        A further attempt keeps the turn. "After completion" timers that wait for it (no next due, no other
        scheduled run unfinished) get their next due here, timer locked first.
        Finishing twice with the same token is accepted both times, and written once. What the database could not hold
        is made storable first (`store.edge`): the outcome stands.
        """

    def ask_cancel(self, runs: Collection[int], now: datetime, by: str) -> Mapping[int, RunState]:
        """Ask runs to cancel: what is not under way ends as cancelled at once; the state each was in before.

        Under way is a claimed run that has begun; its process hears of it with the next `renew`. A run between two
        attempts is not under way. Runs that do not exist are left out of the answer.
        """

    # processes and nodes
    def enrol(self, node: str, now: datetime) -> bool:
        """Make the node known; True if it is new (its timers are then opened by operations)."""

    def arrive(self, process: ProcessInfo, now: datetime) -> None:
        """Register a process, with a first heartbeat."""

    def renew(
        self,
        process: str,
        now: datetime,
        *,
        lease: timedelta,
        claims: Collection[tuple[int, int]] = (),
        ticked_at: datetime | None = None,
    ) -> Held:
        """Heartbeat: renew the leases of these (run, token) pairs; what became of them. Also notes the last tick.

        Only what the process names is renewed: a claim whose answer never reached it must not be kept alive.
        Raises NoSuchProcess when `process` has not arrived, or was silent for so long that it was forgotten.
        """

    def leave(self, process: str, now: datetime) -> None:
        """The process ends in order; what it still holds unbegun is given back. Said twice, or by one unknown, it does nothing."""

    def previous_tick(self, node: str) -> datetime | None:
        """When the node ticked last, over all its processes and `klokker tick`s; None if never."""

    def ticked(self, node: str, now: datetime) -> None:
        """Note an (otherwise idle) `klokker tick` of the node: one row."""

    def nodes(self) -> Sequence[Node]:
        """All nodes, retired ones too, by name."""

    def retire_node(self, node: str, now: datetime) -> bool:
        """Retire a node (its timers are closed by operations); whether it was enrolled."""

    def lanes(self) -> Sequence[Lane]:
        """The lanes that were configured, by name; a lane that runs only name has no limit."""

    def set_lane(self, lane: Lane) -> None:
        """Make or change a lane; holds from the next claim on."""

    def rescue(self, now: datetime, judge: Callable[[Expired], Verdict], *, limit: int = 100) -> Sequence[Rescued]:
        """End the attempts of claims whose lease ran out as lost, and do with the runs what `judge` says.

        A claim that had not begun is queued again instead: no attempt was lost, and it is not in the answer. A lease
        from a time that has not come is set right (`core.lease.set_right`), to be found when it runs out.
        """

    # keeping
    def ledger(self, schedule: int) -> Ledger:
        """Everything decided for one schedule (also a retired one), in one consistent read."""

    def prune(
        self,
        now: datetime,
        seal: Callable[[Ledger, datetime], Sequence[Tally] | None],
        *,
        limit: int = 1000,
    ) -> int:
        """Remove up to `limit` runs and dismissals past their `prune after`; how many rows went.

        Before the first row of a schedule's UTC day goes, the day is sealed: `seal(ledger, day)` proves it and returns
        the tallies that stand for the whole day from then on, rows that stay a while longer included; they are written
        in the same transaction. None: it does not prove, and keeps its rows. A scheduled run belongs to the day of its
        nominal time; a dismissal goes when every day that its window touches is sealed; runs outside the timetable
        stand outside the account and need no seal. Logs and attempts go with their runs. The last runs of a schedule
        (retention) stay unless it is retired; retired schedules of which only sealed tallies are left go too, and so do
        processes that hold nothing and were silent for a day.
        """

    def wait(self, timeout: float) -> bool:
        """Block until somebody wakes this store (new work, a stop) or `timeout` seconds pass; True if woken.

        Also once when the store has begun to hear others, for what they said before.
        """

    def wake(self) -> None:
        """Wake every waiter of this database, as far as it can be reached, once what was written is committed.

        A hint, the poll remains: that it could not be given is not raised.
        """
