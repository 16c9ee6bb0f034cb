"""What closings make of a schedule's moments, and what waits for the opening."""

from datetime import datetime
from typing import Any

from klokker.cli.output import moment
from klokker.core.definition import Definition, UnreadableDefinition
from klokker.core.errors import TimetableError
from klokker.core.foresight import Prospect, prospect
from klokker.core.lifecycle import ScheduleState
from klokker.core.undecided import Undecided
from klokker.django.models import Schedule
from klokker.django.store.store import DjangoStore
from klokker.operations.occurrences import undecided


def closed_remark(definition: Definition | None, at: datetime) -> list[str]:
    """That the occurrence at this moment is dismissed, or waits; nothing where it runs."""
    if definition is None or definition.closed is None:
        return []
    try:
        found = prospect(definition, at)
    except TimetableError as fault:
        return [f"closed: {fault}"]
    if found.dismissed:
        return [f"closed ({definition.closed.calendar}): is dismissed"]
    if found.opens is not None:
        return [f"closed ({definition.closed.calendar}): waits until {moment(found.opens, definition.zone)}"]
    return []


def prospect_as_data(definition: Definition | None, at: datetime) -> dict[str, Any]:
    """The same as data. Raises TimetableError."""
    found = Prospect() if definition is None else prospect(definition, at)
    return {"dismissed": found.dismissed, "waits_until": found.opens}


def waiting_for_opening(schedule: Schedule, definition: Definition | UnreadableDefinition, now: datetime) -> Undecided:
    """What waits for the end of a closing; nothing under a pause, which dismisses it, or while the schedule is broken."""
    if isinstance(definition, UnreadableDefinition) or schedule.state != ScheduleState.ACTIVE:
        return Undecided()
    return undecided(DjangoStore().locked_view(schedule.pk).timers, now)


def waiting_in_words(behind: Undecided, zone: str) -> str:
    """How many wait, since when and until when; empty where none does."""
    if behind.since is None or behind.opens is None:
        return ""
    count = "some" if behind.waiting is None else behind.waiting
    return f"{count} for the opening at {moment(behind.opens, zone)}, the first since {moment(behind.since, zone)}"


def waiting_as_data(behind: Undecided) -> dict[str, Any] | None:
    """The same as data; None where nothing waits."""
    if behind.since is None:
        return None
    return {"count": behind.waiting, "since": behind.since, "until": behind.opens}
