"""One time of one timetable: when its run is planned, when it counts as missed, and until when its run may begin.

An occurrence is identified by (schedule, node, nominal time); the nominal time is the UTC moment after gaps and folds
are resolved. Overlap is judged at nominal time, lateness from planned time.
"""

from datetime import datetime, timedelta

from klokker.core.catchup import CatchUpKind
from klokker.core.definition import Definition
from klokker.core.moments import epoch_second

ROOM_AT_MOST = timedelta(minutes=15)
"""However rarely a node ticks, what is later than this (and than its grace) is missed."""

_MICROSECOND = timedelta(microseconds=1)


def planned(definition: Definition, node: str, nominal: datetime) -> datetime:
    """When the run of this occurrence may begin at the earliest: its nominal time and the schedule's jitter."""
    return nominal + definition.jitter.delay(definition.name, node) if definition.jitter.span else nominal


def room(previous_tick: datetime | None, now: datetime) -> timedelta:
    """How late the newest occurrence may be decided, if its grace is not longer: twice the time since the node's previous tick.

    At most 15 minutes, and as much if the node never ticked before. Without it, a schedule that is due between two
    rare ticks would be missed each time.
    """
    return ROOM_AT_MOST if previous_tick is None else min(ROOM_AT_MOST, 2 * (now - previous_tick))


def last_missed(definition: Definition, node: str, tolerated: timedelta, now: datetime) -> int:
    """The last second (since 1970) whose occurrence is missed `now`: more than `tolerated` after its planned time."""
    # In microseconds, because a thousand years of grace lead out of the calendar.
    late = (tolerated + definition.jitter.delay(definition.name, node)) // _MICROSECOND
    return (_microseconds(now) - late - 1) // 1_000_000


def oldest_within(span: timedelta, now: datetime) -> int:
    """The first second (since 1970) whose occurrence lies no more than `span` before `now`."""
    return -((span // _MICROSECOND - _microseconds(now)) // 1_000_000)


def start_before(definition: Definition, nominal: datetime, planned: datetime, now: datetime) -> datetime | None:
    """Until when the run of an occurrence that is kept `now` may begin, where late is worse than never; else None.

    With catch-up `none` that is its grace after its planned time, with `within` its span after its nominal time.
    """
    kind, span = definition.catch_up.kind, definition.catch_up.span
    if kind not in (CatchUpKind.NONE, CatchUpKind.WITHIN):
        return None
    deadline = planned + definition.grace
    if span is not None:
        deadline = max(deadline, nominal + span)
    # Only the wider room of the newest one keeps what is past that; its run must have some time to begin.
    return deadline if deadline >= now else now + definition.grace


def _microseconds(moment: datetime) -> int:
    return epoch_second(moment) * 1_000_000 + moment.microsecond
