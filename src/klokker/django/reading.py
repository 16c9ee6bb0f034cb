"""What do people look at? The records put together for a look, in a number of queries that does not grow with the rows.

For the faces alone: command line, console, API. Nothing here locks or writes.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q, QuerySet

from klokker.core.definition import Definition, UnreadableDefinition
from klokker.core.errors import TimetableError
from klokker.core.lifecycle import RunState, ScheduleState
from klokker.core.moments import epoch_second, from_epoch
from klokker.django.models import Process, Revision, Run, Schedule, Timer


@dataclass(frozen=True, slots=True)
class ListedSchedule:
    """A schedule with what its timers know: when it is due next, and how its last finished run went."""

    row: Schedule
    next_due: datetime | None
    last_started: datetime | None
    last_finished: datetime | None
    last_outcome: str
    nodes: tuple[str, ...]


def schedules(
    *,
    search: str = "",
    state: ScheduleState | None = None,
    owner: str = "",
    lane: str = "",
    task: str = "",
    retired: bool = False,
) -> list[ListedSchedule]:
    """Schedules by name, with their timers: two queries."""
    found: QuerySet[Schedule] = Schedule.objects.order_by("name", "pk")
    if search:
        found = found.filter(Q(name__icontains=search) | Q(task__icontains=search) | Q(description__icontains=search))
    for field, value in (("owner", owner), ("lane", lane), ("task", task)):
        if value:
            found = found.filter(**{field: value})
    if state is not None:
        found = found.filter(state=state)
    elif not retired:
        found = found.exclude(state=ScheduleState.RETIRED)
    rows = list(found)
    timers = _timers(rows)
    return [listed(row, timers[row.pk]) for row in rows]


def listed(row: Schedule, timers: Sequence[Timer]) -> ListedSchedule:
    """One schedule with its timers put together."""
    ended = [timer for timer in timers if timer.last_finished]
    last = max(ended, key=lambda timer: timer.last_finished or timer.since, default=None)
    return ListedSchedule(
        row,
        min((timer.next_due for timer in timers if timer.next_due), default=None),
        last.last_started if last else None,
        last.last_finished if last else None,
        last.last_outcome if last else "",
        tuple(sorted({timer.node for timer in timers if timer.until is None})),
    )


def closed_now(now: datetime) -> dict[int, datetime | None]:
    """The active schedules that are closed now, by id: until when, None for ever. Those alone that a closing changes anything for."""
    newest = Revision.objects.filter(schedule__state=ScheduleState.ACTIVE, number=F("schedule__revision"))
    found: dict[int, datetime | None] = {}
    for schedule, stored in newest.exclude(definition__calendars={}).values_list("schedule_id", "definition"):
        if not isinstance(stored, dict) or not stored.get("closed"):
            continue
        try:
            closings = Definition.from_json(stored).closings()
            closing = closings.at(epoch_second(now)) if closings is not None else None
        except (TimetableError, UnreadableDefinition):
            continue
        if closing is not None:
            found[schedule] = None if closing.endless else from_epoch(closing.opens)
    return found


def is_broken(row: Schedule) -> bool:
    """Is it broken; or in a state that is none of ours, which nothing decides either?"""
    return row.state == ScheduleState.BROKEN or row.state not in set(ScheduleState)


def why(row: Schedule) -> str:
    """Why it is paused or broken; empty otherwise."""
    if row.state in set(ScheduleState):
        return row.reason
    return f"its state must be {' or '.join(ScheduleState)}; `klokker resume {row.name}` repairs it"


def _timers(rows: Sequence[Schedule]) -> dict[int, list[Timer]]:
    found: dict[int, list[Timer]] = defaultdict(list)
    # A long list of ids is slower than all timers, and SQLite takes 32 766 at the most.
    timers = Timer.objects.filter(schedule__in=rows) if len(rows) <= 1000 else Timer.objects.all()
    for timer in timers:
        found[timer.schedule_id].append(timer)
    return found


def runs(
    *,
    schedule: Schedule | None = None,
    state: RunState | None = None,
    outcome: str = "",
    lane: str = "",
    node: str = "",
    task: str = "",
    since: datetime | None = None,
    limit: int = 50,
) -> list[Run]:
    """The newest runs that fit, newest first: one query."""
    found = Run.objects.select_related("schedule").order_by("-pk")
    if schedule is not None:
        found = found.filter(schedule=schedule)
    for field, value in (("state", state), ("outcome", outcome), ("lane", lane), ("node", node), ("task", task)):
        if value:
            found = found.filter(**{field: value})
    if since is not None:
        found = found.filter(planned__gte=since)
    return list(found[:limit])


def known_tasks(heard_since: datetime) -> set[str]:
    """The tasks that some living process knows: one whose heartbeat is not older than `heard_since`."""
    alive = Process.objects.filter(left_at__isnull=True, heartbeat__gte=heard_since)
    return _union(alive.values_list("tasks", flat=True))


def _union(lists: Iterable[Sequence[str]]) -> set[str]:
    return {name for names in lists for name in names}
