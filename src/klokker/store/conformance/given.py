"""What the tests have in common: a schedule on the hour, a planner that needs no timetable, processes, claims, ends.

The planner is simple on purpose: a store is tested here, not a decision.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from klokker.core.definition import Definition, IfLost
from klokker.core.json_values import Json
from klokker.core.lifecycle import Origin, Outcome, RunKind, RunState
from klokker.core.plan import Broken, Dismissal, Plan, PlannedRun, Timer
from klokker.core.verdict import Done, Ending, Terms, Verdict
from klokker.store.conformance.bench import Bench
from klokker.store.contract import (
    Change,
    Changed,
    Claim,
    Decided,
    End,
    LockedSchedule,
    NewRevision,
    NewRun,
    NewSchedule,
    NewTimer,
    Planner,
    ProcessInfo,
    Store,
    TimerMove,
    Unreadable,
)
from klokker.store.seen import SeenRun

MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
LEASE = timedelta(seconds=30)

TASK = "chores.tidy"
ONCE_ONLY = Terms(repeatable=False)
REPEATABLE = Terms(repeatable=True, if_lost=IfLost.RETRY)


def at(hour: float) -> datetime:
    """So many hours after the tests' midnight."""
    return MIDNIGHT + hour * HOUR


def definition(name: str = "tidy") -> Definition:
    """A schedule on the hour."""
    return Definition(name=name, task=TASK, when="0 * * * *")


def revision(definition: Definition, holds_from: datetime = MIDNIGHT) -> NewRevision:
    return NewRevision(definition, holds_from, by="an editor", why="for the test")


def new_schedule(definition: Definition, nodes: Sequence[str] = ("",)) -> NewSchedule:
    """A schedule made at midnight, first due at one."""
    timers = tuple(NewTimer(node, MIDNIGHT, at(1)) for node in nodes)
    return NewSchedule(revision(definition), Origin.MANAGED, timers)


def schedule(store: Store, made_of: Definition | str = "tidy", nodes: Sequence[str] = ("",)) -> int:
    """The id of a new schedule: this definition, or the usual one by this name."""
    made = store.create(new_schedule(definition(made_of) if isinstance(made_of, str) else made_of, nodes))
    assert isinstance(made, int), made
    return made


def changed(store: Store, schedule: int, change: Change | Callable[[LockedSchedule], Change]) -> Changed:
    """Write this change."""
    if isinstance(change, Change):
        return store.change(schedule, lambda _: change)
    return store.change(schedule, change)


# ── deciding ────────────────────────────────────────────────────────────────────────────────────────────────────────


def hours_between(after: datetime, until: datetime) -> list[datetime]:
    """The full hours after `after`, up to and with `until`."""
    first = after.replace(minute=0, second=0, microsecond=0) + HOUR
    return [first + number * HOUR for number in range(max(0, (until - first) // HOUR + 1))]


def hourly(now: datetime, *, takes_turn: bool = True, start_within: timedelta | None = None) -> Planner:
    """Plans a run for each full hour up to now, missed or not."""
    return partial(_plan_hours, now=now, takes_turn=takes_turn, start_within=start_within)


def _plan_hours(
    timer: Timer | Unreadable, *, now: datetime, takes_turn: bool, start_within: timedelta | None
) -> Plan | Broken:
    if isinstance(timer, Unreadable):
        return Broken(timer.fault)
    newest = timer.revisions[-1].number
    runs = tuple(
        PlannedRun(newest, nominal, nominal, nominal + start_within if start_within else None, takes_turn)
        for nominal in hours_between(timer.handled_until, now)
        if nominal not in timer.decided_ahead
    )
    return Plan(runs, (), handled_until=now, next_due=hours_between(now, now + 2 * HOUR)[0])


def tick(store: Store, now: datetime, *, takes_turn: bool = True, start_within: timedelta | None = None) -> Decided:
    """Decide once with the hourly planner, then release."""
    decided = store.decide(now, hourly(now, takes_turn=takes_turn, start_within=start_within))
    store.release(now)
    return decided


def dismissing(dismissal: Dismissal) -> Planner:
    """Plans no run, and this dismissal."""
    next_due = hours_between(dismissal.until, dismissal.until + HOUR)[0]
    return lambda _: Plan((), (dismissal,), dismissal.until, next_due)


def seen_by_planner(bench: Bench, now: datetime) -> Timer:
    """What the planner is handed for the first timer that is due; the timer is then decided up to now."""
    seen: list[Timer] = []

    def planner(timer: Timer | Unreadable) -> Plan | Broken:
        assert isinstance(timer, Timer)
        seen.append(timer)
        return hourly(now)(timer)

    bench.store.decide(now, planner, limit=1)
    return seen[0]


def moved(timer: Timer, handled_until: datetime, *, next_due: datetime | None = None) -> TimerMove:
    """The timer set to these values, its span as it is."""
    return TimerMove(timer.id, handled_until, next_due, timer.until)


def handled_until(store: Store, schedule: int) -> datetime:
    """How far the schedule's first timer is decided."""
    return store.ledger(schedule).spans[0].handled_until


# ── runs ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def asked(schedule: int | None = None, kind: RunKind = RunKind.MANUAL, planned: datetime = MIDNIGHT) -> NewRun:
    """A run that a person asks for; without a schedule one that code enqueued."""
    kind = kind if schedule is not None else RunKind.ENQUEUED
    return NewRun(kind, TASK, (), {}, planned, schedule=schedule, takes_turn=kind in (RunKind.MANUAL, RunKind.BACKFILL))


def arrive(store: Store, process: str = "p1", node: str = "n1", now: datetime = MIDNIGHT) -> str:
    """A worker process of the node; its id."""
    roles = frozenset({"worker"})
    store.arrive(ProcessInfo(process, node, roles, "host", 1, "1.0", "2026a", frozenset({TASK}), {"default": 4}), now)
    return process


def claim(
    store: Store,
    now: datetime,
    process: str = "p1",
    *,
    lanes: Mapping[str, int] | None = None,
    known: Mapping[str, Terms] | None = None,
    ahead: int = 0,
) -> Sequence[Claim]:
    """Claims of at most 100 runs of the usual lane and task."""
    return store.claim(
        process,
        now,
        lanes={"default": 100} if lanes is None else lanes,
        known={TASK: ONCE_ONLY} if known is None else known,
        lease=LEASE,
        ahead=ahead,
    )


def one_claim(store: Store, now: datetime, process: str = "p1", terms: Terms = ONCE_ONLY) -> Claim:
    """The single claim that is to be had."""
    (only,) = claim(store, now, process, known={TASK: terms})
    return only


def end(
    claim: Claim,
    now: datetime,
    outcome: Outcome = Outcome.SUCCEEDED,
    *,
    verdict: Verdict | None = None,
    result: Json = None,
    counts: Mapping[str, int] | None = None,
    error: str = "",
    log: Sequence[str] = (),
) -> End:
    """The end of this claim's attempt; for good, unless a verdict says otherwise."""
    ending = Ending(outcome, result, counts or {}, error)
    return End(claim.run, claim.token, claim.started or now, now, ending, verdict or Done(outcome), log)


def finish(store: Store, *ends: End) -> list[bool]:
    """Which of these ends were accepted."""
    return [each.accepted for each in store.finish(ends, ends[-1].finished)]


def queued_run(bench: Bench, now: datetime = MIDNIGHT) -> int:
    """A schedule with one queued manual run; the run's id."""
    (made,) = bench.store.enqueue([asked(schedule(bench.store), planned=now)], now=now)
    return made.id


def begun_run(bench: Bench, now: datetime = MIDNIGHT, terms: Terms = ONCE_ONLY) -> Claim:
    """A claim of `queued_run` by a process that has arrived."""
    queued_run(bench, now)
    return one_claim(bench.store, now, arrive(bench.store, now=now), terms)


def states(runs: Sequence[SeenRun]) -> list[RunState]:
    return [run.state for run in runs]
