"""What does each event say, under which stable name, and how loudly?

The name (`run.lost`) is for searching and for alerts: it does not change when the sentence does. docs/events.md lists them.
DEBUG is the machinery at work, INFO what an operator may want to follow, WARNING what deserves a look, ERROR what must not
stay as it is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from logging import DEBUG, ERROR, INFO, WARNING
from typing import Protocol, TypeVar

from klokker import events
from klokker.core.duration import duration_text
from klokker.core.errors import KlokkerError
from klokker.core.lifecycle import DismissalReason, Outcome
from klokker.core.text import words_of
from klokker.events import Event


@dataclass(frozen=True, slots=True)
class Line:
    """An event, said: stable name, level of `logging`, one sentence, and the exception whose traceback belongs to it."""

    name: str
    level: int
    sentence: str
    error: BaseException | None = None


Said = tuple[int, str]
E = TypeVar("E", bound=Event)

NAMES: dict[type[Event], str] = {}
"""The stable name of each kind of event."""

_WORDINGS: dict[type[Event], Callable[[Event], Said]] = {}


def said(event: Event) -> Line:
    """The line that `event` makes. Raises KeyError for a kind that has no wording here; a test sees to it that there is none."""
    level, sentence = _WORDINGS[type(event)](event)
    error = getattr(event, "error", None)
    if isinstance(event, events.TaskModuleSkipped) or isinstance(error, KlokkerError):
        # Of a module the location is said, and the way to it is Python's own import machinery; our own errors say it all.
        error = None
    return Line(NAMES[type(event)], level, sentence, error if isinstance(error, BaseException) else None)


def _of(kind: type[E], name: str) -> Callable[[Callable[[E], Said]], Callable[[E], Said]]:
    def words(wording: Callable[[E], Said]) -> Callable[[E], Said]:
        def checked(event: Event) -> Said:
            assert isinstance(event, kind)
            return wording(event)

        NAMES[kind], _WORDINGS[kind] = name, checked
        return wording

    return words


# ── deciding ────────────────────────────────────────────────────────────────────────────────────────────────────────


@_of(events.RunsPlanned, "runs.planned")
def _(event: events.RunsPlanned) -> Said:
    when = _moment(event.first) if event.first == event.last else f"{_moment(event.first)} to {_moment(event.last)}"
    return DEBUG, f"Planned {_many(len(event.runs), 'run')} of {_schedule(event)}{_on(event.node)} for {when}."


@_of(events.OccurrencesDismissed, "occurrences.dismissed")
def _(event: events.OccurrencesDismissed) -> Said:
    # A task that takes longer than its timetable allows is dismissed time and again: that is told when it begins.
    level = WARNING if event.reason is DismissalReason.MISSED else DEBUG if event.goes_on else INFO
    number = "Occurrences, not counted," if event.count is None else _many(event.count, "occurrence")
    return level, (
        f"{number} of {_schedule(event)}{_on(event.node)} after {_moment(event.after)}, up to {_moment(event.until)}, "
        f"will not run: {event.reason}."
    )


@_of(events.ScheduleBroken, "schedule.broken")
def _(event: events.ScheduleBroken) -> Said:
    return ERROR, f"{_the_schedule(event)} is broken, nothing of it is decided until it is repaired: {event.reason}"


@_of(events.ScheduleSpent, "schedule.spent")
def _(event: events.ScheduleSpent) -> Said:
    return INFO, f"{_the_schedule(event)} is spent: its timetable or its max runs are used up."


@_of(events.TickFinished, "tick.finished")
def _(event: events.TickFinished) -> Said:
    if event.idle:
        return DEBUG, f"Tick{_on(event.node)} at {_moment(event.now)}: nothing was due."
    return DEBUG, (
        f"Tick{_on(event.node)} at {_moment(event.now)}: looked at {_many(event.timers, 'timer')}, made "
        f"{_many(event.runs, 'run')} and {_many(event.dismissals, 'dismissal')}, released {event.released}, in "
        f"{duration_text(event.took)}."
    )


# ── clocks ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@_of(events.ClockLeapt, "clock.leapt")
def _(event: events.ClockLeapt) -> Said:
    return ERROR, (
        f"The clock leapt by {duration_text(event.leap)} to {_moment(event.now)}; {event.process} decides nothing until "
        "it has been steady for a minute."
    )


@_of(events.ClockSettled, "clock.settled")
def _(event: events.ClockSettled) -> Said:
    return INFO, f"The clock is steady again at {_moment(event.now)}; {event.process} goes on deciding."


@_of(events.ClockBehind, "clock.behind")
def _(event: events.ClockBehind) -> Said:
    behind = duration_text(event.handled_until - event.now)
    return ERROR, (
        f"{_the_schedule(event)} is handled until {_moment(event.handled_until)}, which is {behind} ahead of the clock; nothing "
        f"of it is decided until then. If the clock was wrong before and is right now: klokker rewind {event.name}"
    )


# ── runs ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@_of(events.RunClaimed, "run.claimed")
def _(event: events.RunClaimed) -> Said:
    return DEBUG, f"Process {event.process} claimed {_run(event)} from lane {event.lane}, attempt {event.attempt}."


@_of(events.RunStarted, "run.started")
def _(event: events.RunStarted) -> Said:
    return INFO, f"{_run(event)} started in {event.process}, attempt {event.attempt}."


@_of(events.RunProgressed, "run.progressed")
def _(event: events.RunProgressed) -> Said:
    total = f" of {event.total:,}" if event.total is not None else ""
    return DEBUG, f"{_run(event)} has done {event.done:,}{total}."


@_of(events.RunFinished, "run.finished")
def _(event: events.RunFinished) -> Said:
    level = {Outcome.SUCCEEDED: INFO, Outcome.CANCELLED: INFO, Outcome.EXPIRED: WARNING}.get(event.outcome, ERROR)
    after = f" after {duration_text(event.took)}, attempt {event.attempt}" if event.attempt else ""
    return level, f"{_run(event)} {_ended(event.outcome)}{after}{_because(event.error)}."


@_of(events.RunRetried, "run.retried")
def _(event: events.RunRetried) -> Said:
    return WARNING, (
        f"{_run(event)} {_ended(event.outcome)} at attempt {event.attempt} and is tried again, not before "
        f"{_moment(event.again_at)}{_because(event.error)}."
    )


@_of(events.RunSnoozed, "run.snoozed")
def _(event: events.RunSnoozed) -> Said:
    return INFO, f"{_run(event)} asked for later and begins anew at {_moment(event.until)}."


@_of(events.RunLost, "run.lost")
def _(event: events.RunLost) -> Said:
    then = f"it is tried again, not before {_moment(event.again_at)}" if event.again_at else "it is not tried again"
    return ERROR, f"Run {event.run} was lost: {event.process} held it and gave no more sign of life; {then}."


@_of(events.RunOverrun, "run.overrun")
def _(event: events.RunOverrun) -> Said:
    return ERROR, (
        f"{_run(event)} was to end at {_moment(event.since)} and goes on in {event.process}, where it cannot be killed; it "
        "keeps its turn until it returns. Let the task look at run.cancelled, or run it under processes."
    )


@_of(events.EndRefused, "run.end_refused")
def _(event: events.EndRefused) -> Said:
    how = _ended(event.outcome) if event.outcome else "asked for later"
    if event.fault:
        return ERROR, (
            f"Run {event.run} {how} in {event.process}, and the database refused to keep that: {event.fault}. "
            "It stays claimed until its lease runs out, and then counts as lost."
        )
    return WARNING, (
        f"Run {event.run} {how} in {event.process} after it had been taken from it; this end was not written."
    )


@_of(events.ChildKilled, "child.killed")
def _(event: events.ChildKilled) -> Said:
    return WARNING, f"Child {event.pid} was killed while it ran run {event.run}{_because(event.why)}."


@_of(events.ChildDied, "child.died")
def _(event: events.ChildDied) -> Said:
    match event.exit_code:
        case None:
            how = ""
        case code if code < 0:
            how = f" by signal {-code}"
        case code:
            how = f" with exit code {code}"
    return ERROR, f"Child {event.pid} died{how} while it ran run {event.run}."


# ── tasks ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@_of(events.TaskModuleSkipped, "task_module.skipped")
def _(event: events.TaskModuleSkipped) -> Said:
    where = f" at {event.location}" if event.location else ""
    return ERROR, (
        f"The task module {event.module} raised {type(event.error).__name__}{where}: {words_of(event.error)}. This process knows none "
        f"of its tasks; `python -c 'import {event.module}'` shows the whole traceback."
    )


# ── processes, nodes, keeping ───────────────────────────────────────────────────────────────────────────────────────


@_of(events.ProcessStarted, "process.started")
def _(event: events.ProcessStarted) -> Said:
    roles = ", ".join(event.roles)
    return (
        INFO,
        f"Process {event.process}{_on(event.node)} started as {roles}, pid {event.pid}, Klokker {event.version}.",
    )


@_of(events.ProcessDraining, "process.draining")
def _(event: events.ProcessDraining) -> Said:
    return INFO, f"Process {event.process} stops: it claims nothing more and waits for {_many(event.running, 'run')}."


@_of(events.ProcessStopped, "process.stopped")
def _(event: events.ProcessStopped) -> Said:
    return INFO, f"Process {event.process}{_on(event.node)} stopped."


@_of(events.ProcessSilent, "process.silent")
def _(event: events.ProcessSilent) -> Said:
    return ERROR, f"Process {event.process}{_on(event.node)} has been silent since {_moment(event.heartbeat)}."


@_of(events.LeaseNotRenewed, "lease.not_renewed")
def _(event: events.LeaseNotRenewed) -> Said:
    runs = ", ".join(str(run) for run in event.runs[:20]) + (", …" if len(event.runs) > 20 else "")
    return ERROR, (
        f"Process {event.process} could not renew its leases in time and ends what it runs ({runs}), before others begin it anew."
    )


@_of(events.NodeEnrolled, "node.enrolled")
def _(event: events.NodeEnrolled) -> Said:
    return INFO, f"Node {event.node} is enrolled."


@_of(events.NewerSchema, "schema.newer")
def _(event: events.NewerSchema) -> Said:
    return ERROR, (
        f"The database was migrated to {event.found} by a newer version, this one knows {event.known}; {event.process} "
        "claims nothing more. Upgrade it."
    )


@_of(events.DutyFailed, "duty.failed")
def _(event: events.DutyFailed) -> Said:
    if isinstance(event.error, KlokkerError):
        return ERROR, f"The {event.duty} of {event.process} failed, and is tried again: {event.error}"
    return ERROR, f"The {event.duty} of {event.process} raised {type(event.error).__name__}; it is tried again."


@_of(events.DutyRecovered, "duty.recovered")
def _(event: events.DutyRecovered) -> Said:
    return INFO, f"The {event.duty} of {event.process} passes again, after {_many(event.failures, 'failure')}."


@_of(events.Pruned, "rows.pruned")
def _(event: events.Pruned) -> Said:
    return (INFO if event.rows else DEBUG), f"Pruned {_many(event.rows, 'row')} past their retention."


@_of(events.DayNotProven, "day.not_proven")
def _(event: events.DayNotProven) -> Said:
    return WARNING, (
        f"{_the_schedule(event)}: the account of {event.day:%Y-%m-%d} does not prove ({event.why}). That day's rows stay "
        "until it does; `klokker account` shows what differs."
    )


# ── parts of sentences ──────────────────────────────────────────────────────────────────────────────────────────────


class _OfSchedule(Protocol):
    @property
    def schedule(self) -> int: ...
    @property
    def name(self) -> str: ...


class _OfRun(Protocol):
    @property
    def run(self) -> int: ...
    @property
    def task(self) -> str: ...
    @property
    def name(self) -> str: ...


def _schedule(event: _OfSchedule) -> str:
    return f"schedule {event.name}" if event.name else f"schedule #{event.schedule}"


def _the_schedule(event: _OfSchedule) -> str:
    return f"S{_schedule(event)[1:]}"


def _run(event: _OfRun) -> str:
    return f"Run {event.run} of {event.name} ({event.task})" if event.name else f"Run {event.run} of {event.task}"


def _on(node: str) -> str:
    return f" on {node}" if node else ""


def _many(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _ended(outcome: Outcome) -> str:
    return {Outcome.CANCELLED: "was cancelled", Outcome.LOST: "was lost"}.get(outcome, outcome.value)


def _because(error: str) -> str:
    # The last line of a traceback says what went wrong; the whole of it is kept with the run.
    lines = error.strip().splitlines()
    return f": {lines[-1][:300].rstrip('.')}" if lines else ""
