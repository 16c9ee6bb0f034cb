"""Does the work go well? Schedules that are broken or failing, runs that are late, stuck or overrun."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.db.models import F

from klokker.core.duration import rounded
from klokker.core.lifecycle import Outcome, RunKind, RunState, ScheduleState
from klokker.django.models import Run, Schedule
from klokker.django.reading import why
from klokker.watch.finding import Finding, Kind

STUCK_AT_LEAST = timedelta(minutes=10)
HISTORY = 100
"""So many earlier runs tell how long a schedule usually takes."""

LATE_AFTER = timedelta(minutes=1)
"""A run that is queued and has not begun so long after its planned time is late."""

SHOWN = 50
"""Of each kind so many are named; the rest is counted."""


def broken() -> Iterator[Finding]:
    """Schedules whose definition cannot be evaluated, or that are in no state of ours."""
    sound = [state for state in ScheduleState if state is not ScheduleState.BROKEN]
    for row in Schedule.objects.exclude(state__in=sound).order_by("name"):
        yield Finding(Kind.BROKEN, row.name, f"{row.name} is {row.state}: {why(row)}")


def failing() -> Iterator[Finding]:
    """Schedules whose last finished scheduled run did not succeed, and no retry of it did."""
    standing = Schedule.objects.filter(state=ScheduleState.ACTIVE, timers__last_outcome__gt="")
    bad = standing.exclude(timers__last_outcome=Outcome.SUCCEEDED).distinct().order_by("name")
    for schedule in bad:
        ended = Run.objects.filter(schedule=schedule, kind=RunKind.SCHEDULED, state=RunState.DONE)
        last = ended.order_by("-finished", "-pk").first()
        if last is None or last.outcome == Outcome.SUCCEEDED:
            continue
        if Run.objects.filter(retry_of=last.pk, outcome=Outcome.SUCCEEDED).exists():
            continue
        said = last.error.strip().splitlines()
        why = f": {said[-1][:200]}" if said else ""
        yield Finding(
            Kind.FAILING, schedule.name, f"{schedule.name}: run {last.pk} {last.outcome}{why}", {"run": last.pk}
        )


def late(now: datetime) -> Iterator[Finding]:
    """Schedules with queued runs whose time came a while ago."""
    waiting = (
        Run.objects.filter(state=RunState.QUEUED, planned__lt=now - LATE_AFTER)
        .order_by("planned")
        .select_related("schedule")
    )
    seen: dict[str, tuple[int, timedelta]] = {}
    for run in waiting[: SHOWN * 20]:
        subject = run.schedule.name if run.schedule else run.task
        count, longest = seen.get(subject, (0, timedelta(0)))
        seen[subject] = (count + 1, max(longest, now - run.planned))
    for subject, (count, longest) in sorted(seen.items()):
        runs = "1 run" if count == 1 else f"{count} runs"
        yield Finding(Kind.LATE, subject, f"{subject}: {runs} should have begun, the first {rounded(longest)} ago")


def stuck(now: datetime) -> Iterator[Finding]:
    """Runs that take much longer than their schedule usually does."""
    candidates = Run.objects.filter(state=RunState.CLAIMED, started__lt=now - STUCK_AT_LEAST).select_related("schedule")
    for run in candidates.order_by("pk")[:SHOWN]:
        taken, usual = now - (run.started or now), usual_length(run)
        if taken > max(3 * usual, STUCK_AT_LEAST):
            subject = run.schedule.name if run.schedule else run.task
            reason = f"run {run.pk} of {subject} has run for {rounded(taken)}; `klokker logs {run.pk}`, `klokker cancel {run.pk}`"
            yield Finding(Kind.STUCK, str(run.pk), reason, {"run": run.pk, "usually": usual.total_seconds()})


def stray() -> Iterator[Finding]:
    """Runs in a state that is none of ours: nothing moves them, and they may hold their schedule's turn."""
    unfinished = Run.objects.exclude(state=RunState.DONE).exclude(state__in=[*RunState])
    for run in unfinished.select_related("schedule").order_by("pk")[:SHOWN]:
        subject = run.schedule.name if run.schedule else run.task
        reason = f"run {run.pk} of {subject} is in the state {run.state!r}, which is none; `klokker cancel {run.pk}`"
        yield Finding(Kind.STUCK, str(run.pk), reason, {"run": run.pk})


def overrun() -> Iterator[Finding]:
    """Runs that ignore their timeout or a wish to cancel."""
    for run in (
        Run.objects.filter(overrun_since__isnull=False).exclude(state=RunState.DONE).select_related("schedule")[:SHOWN]
    ):
        subject = run.schedule.name if run.schedule else run.task
        reason = f"run {run.pk} of {subject} ignores its timeout or a wish to cancel; only ending its process stops it"
        yield Finding(Kind.OVERRUN, str(run.pk), reason, {"run": run.pk, "process": run.claimed_by})


def usual_length(run: Run) -> timedelta:
    """The 95th percentile of how long the run's schedule (or task) took lately; zero without history."""
    history = Run.objects.filter(
        state=RunState.DONE, outcome=Outcome.SUCCEEDED, started__isnull=False, finished__isnull=False
    )
    history = history.filter(schedule=run.schedule) if run.schedule else history.filter(task=run.task)
    return usual_of(
        history.order_by("-pk").annotate(took=F("finished") - F("started")).values_list("took", flat=True)[:HISTORY]
    )


def usual_of(lengths: Iterable[timedelta]) -> timedelta:
    """The 95th percentile of these lengths; zero where there are none."""
    ordered = sorted(lengths)
    return ordered[min(len(ordered) - 1, len(ordered) * 95 // 100)] if ordered else timedelta(0)
