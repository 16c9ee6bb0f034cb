"""From what a person typed to the timetable they mean: a schedule's, by its name, or one that is not saved anywhere."""

from dataclasses import dataclass

from klokker import timetable
from klokker.cli.finding import UnknownSchedule, find_schedule
from klokker.core.definition import Definition
from klokker.core.errors import InvalidTimetable
from klokker.core.timetables.contract import Timetable


@dataclass(frozen=True, slots=True)
class Meant:
    """A timetable, its text, the zone in which its moments are told, and what `H` is spread by."""

    timetable: Timetable
    when: str
    zone: str
    key: str


def what_is_meant(which: str, *, zone: str, key: str) -> Meant:
    """The timetable of the schedule of this name, or else the one that is written there, in `zone` and with `key`.

    Raises UnknownSchedule, InvalidTimetable.
    """
    try:
        schedule = find_schedule(which)
    except UnknownSchedule as unknown:
        try:
            return Meant(timetable(which, zone=zone, key=key), which, zone, key)
        except InvalidTimetable as malformed:
            # A single word is a name with a slip in it; anything else was meant as a timetable.
            raise (unknown if len(which.split()) == 1 and not which.startswith("@") else malformed) from None
    definition = Definition.from_json(schedule.revisions.get(number=schedule.revision).definition)
    return Meant(definition.timetable(), definition.when, definition.zone, definition.name)
