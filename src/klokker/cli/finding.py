"""From what a person typed to the row they mean."""

import re
from datetime import UTC, datetime, timedelta

from klokker.cli.faults import NotFound
from klokker.core.duration import duration
from klokker.core.errors import KlokkerError
from klokker.core.lifecycle import ScheduleState
from klokker.core.spelling import near
from klokker.core.timetables.zones import wall_clock
from klokker.django.models import Run, Schedule

RETIRED_NAME = re.compile(r"(.+)#([0-9]{1,4000})")


NUMBER = re.compile(r"[0-9]{1,4000}")
"""What may be the number of a run or a schedule: as many digits as Python reads, far more than a database has."""


class UnknownSchedule(NotFound):
    """No schedule has this name. `known` are those whose names come near."""

    def __init__(self, name: str, close: list[str]) -> None:
        self.name = name
        self.close = close
        meant = f"; did you mean {', '.join(close)}?" if close else "; `klokker list` shows them all"
        super().__init__(f"there is no schedule {name!r}{meant}")


class UnknownRun(NotFound):
    """No run has this number."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"there is no run {number}; it may have been pruned. `klokker runs` shows those that are kept")


class NotAMoment(KlokkerError):
    """Text that names no moment."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(
            f"{text[:100]!r} names no moment; write 2026-11-21T03:00 (in the schedule's zone, UTC where there is none), "
            "2026-11-21T03:00+01:00, a span back from now such as -2h, or one ahead such as +2h"
        )


def find_schedule(name: str) -> Schedule:
    """The schedule of this name, in any case; `NAME#ID` names a retired one. Raises UnknownSchedule."""
    found = Schedule.objects.filter(name_key=name.casefold()).first()
    if found is None and (retired := RETIRED_NAME.fullmatch(name)):
        found = Schedule.objects.filter(pk=int(retired[2]), state=ScheduleState.RETIRED).first()
    if found is None:
        names = list(Schedule.objects.filter(name_key__isnull=False).values_list("name", flat=True)[:10_000])
        raise UnknownSchedule(name, near(name, names))
    return found


def find_run(number: int) -> Run:
    """The run of this number. Raises UnknownRun."""
    found = Run.objects.filter(pk=number).first()
    if found is None:
        raise UnknownRun(number)
    return found


def read_moment(text: str, now: datetime, zone: str = "UTC") -> datetime:
    """A moment as people type it: ISO 8601 (in `zone` unless it says otherwise), `now`, or `+2h`, `-30m` from now.

    What the clocks of the zone skip is the moment after the gap, what they repeat the first of the two. Raises NotAMoment.
    """
    if text == "now":
        return now
    try:
        if text[:1] in ("+", "-"):
            length: timedelta = duration(text[1:])
            return now + length if text[0] == "+" else now - length
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
        wall = moment.replace(tzinfo=UTC, microsecond=0)
        (second,) = wall_clock(zone).happenings(int(wall.timestamp()))
        return datetime.fromtimestamp(second, UTC) + timedelta(microseconds=moment.microsecond)
    except (KlokkerError, ValueError, OverflowError):
        raise NotAMoment(text) from None
