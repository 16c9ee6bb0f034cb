"""Is somebody there to do the work? Schedulers, workers, nodes, their clocks."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.db.models import Count, F, Min

from klokker.core.duration import rounded
from klokker.core.lifecycle import RunState, ScheduleState
from klokker.django.models import Lane, Node, Process, Run, Schedule, Timer
from klokker.watch.finding import Finding, Kind

LIVING = timedelta(minutes=1)
"""A process whose heartbeat is older gives no sign of life any more."""

FORGOTTEN = timedelta(days=7)
"""So long is a process that fell silent spoken of."""

OVERDUE = timedelta(minutes=2)
"""A timer that was due so long ago, and was not decided, has no scheduler."""

SKEW = timedelta(minutes=1)
"""Two clocks may differ so much before it is an incident."""


def living(now: datetime) -> list[Process]:
    """The processes that gave a sign of life lately and have not left."""
    return list(Process.objects.filter(left_at__isnull=True, heartbeat__gte=now - LIVING))


def silent_nodes(now: datetime, alive: Iterable[Process]) -> Iterator[Finding]:
    """Processes that fell silent without leaving, on nodes that nobody else carries."""
    carried = {process.node for process in alive}
    gone = Process.objects.filter(left_at__isnull=True, heartbeat__lt=now - LIVING, heartbeat__gte=now - FORGOTTEN)
    retired = set(Node.objects.filter(retired__isnull=False).values_list("name", flat=True))
    heard: dict[str, datetime] = {}
    for process in gone:
        if process.node not in carried and process.node not in retired:
            heard[process.node] = max(process.heartbeat, heard.get(process.node, process.heartbeat))
    for node, heartbeat in sorted(heard.items()):
        ago = rounded(now - heartbeat)
        yield Finding(
            Kind.SILENT, node, f"node {node} fell silent {ago} ago; start it, or `klokker node retire {node}`"
        )


def no_scheduler(now: datetime, alive: Iterable[Process]) -> Iterator[Finding]:
    """Timers that nobody decides."""
    due = Timer.objects.filter(next_due__lt=now - OVERDUE, schedule__state=ScheduleState.ACTIVE)
    overdue = due.aggregate(count=Count("pk"), first=Min("next_due"))
    if overdue["count"]:
        ticking = any("scheduler" in process.roles for process in alive)
        help_ = (
            "the scheduler does not keep up"
            if ticking
            else "no scheduler runs: start `klokker serve` or `klokker beat`"
        )
        since = rounded(now - overdue["first"])
        yield Finding(
            Kind.NO_SCHEDULER, "", f"{overdue['count']} timers are due and undecided, the first since {since}; {help_}"
        )


def unattended_lanes(now: datetime, alive: Iterable[Process]) -> Iterator[Finding]:
    """Lanes in which runs wait that no living worker takes."""
    served = {lane for process in alive for lane in process.lanes}
    paused = set(Lane.objects.filter(paused=True).values_list("name", flat=True))
    queued = (
        Run.objects.filter(state=RunState.QUEUED, planned__lt=now - LIVING).values("lane").annotate(count=Count("pk"))
    )
    for row in queued.order_by("lane"):
        lane, count = row["lane"], row["count"]
        if lane in paused:
            yield Finding(
                Kind.NO_WORKER, lane, f"lane {lane} is paused and {count} runs wait in it; `klokker lane resume {lane}`"
            )
        elif lane not in served:
            reason = (
                f"no worker serves lane {lane}, and {count} runs wait in it; start `klokker worker --lanes {lane}:1`"
            )
            yield Finding(Kind.NO_WORKER, lane, reason)


def unknown_tasks(known: Iterable[str]) -> Iterator[Finding]:
    """Tasks that schedules or queued runs name and that neither this process nor a living worker knows."""
    known = set(known)
    named: dict[str, list[str]] = {}
    standing = Schedule.objects.exclude(state__in=(ScheduleState.RETIRED, ScheduleState.SPENT))
    for task, name in standing.order_by("name").values_list("task", "name"):
        if task not in known:
            named.setdefault(task, []).append(name)
    for task in (
        Run.objects.filter(state=RunState.QUEUED, schedule__isnull=True).values_list("task", flat=True).distinct()
    ):
        if task not in known:
            named.setdefault(task, [])
    for task, names in sorted(named.items()):
        whose = f"schedule {', '.join(names[:3])}{' …' if len(names) > 3 else ''}" if names else "a queued run"
        reason = f"{task}: task not found in registry, named by {whose}; its runs wait until a process knows it (KLOKKER_TASKS)"
        yield Finding(Kind.UNKNOWN_TASK, task, reason, {"schedules": list(names)})


def wrong_clocks(now: datetime, machine: datetime) -> Iterator[Finding]:
    """A machine whose clock differs from the database's, and timers that were decided under a clock ahead of now."""
    skew = machine - now
    if abs(skew) > SKEW:
        which = "ahead of" if skew > timedelta(0) else "behind"
        yield Finding(
            Kind.WRONG_CLOCK,
            "this machine",
            f"this machine's clock is {rounded(abs(skew))} {which} the database's",
        )
    ahead = Timer.objects.filter(handled_until__gt=now + SKEW, schedule__state=ScheduleState.ACTIVE)
    # A span that was closed where it began holds nothing: there is nothing to rewind.
    ahead = ahead.exclude(until=F("handled_until"), since=F("handled_until"))
    if count := ahead.count():
        reason = f"{count} timers were decided under a clock that was ahead; `klokker rewind --all` if it is right now"
        yield Finding(Kind.WRONG_CLOCK, "timers", reason)
