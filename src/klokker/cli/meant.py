"""From what a person typed to the timetable they mean: a schedule's, by its name, or one that is not saved anywhere."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import typer
from django.db import DatabaseError

from klokker import timetable
from klokker.cli.faults import UsageFault
from klokker.cli.finding import find_schedule
from klokker.cli.knowing import known_anyway
from klokker.cli.migrating import see_schema
from klokker.core.definition import Definition, UnreadableDefinition
from klokker.core.errors import InvalidTimetable, KlokkerError
from klokker.core.timetables.contract import Timetable

Which = Annotated[list[str], typer.Argument(metavar="NAME|TEXT", help="A schedule, or the text of a timetable.")]


@dataclass(frozen=True, slots=True)
class Meant:
    """A timetable, its text, the zone in which its moments are told, and what `H` is spread by.

    `definition`: that of the schedule whose timetable it is, if it is one's.
    """

    timetable: Timetable
    when: str
    zone: str
    key: str
    definition: Definition | None = None


_ONE_WORD = ("@", "RRULE:", "DTSTART:", "DTSTART;", "EXDATE:")


def one_text(words: Sequence[str], command: str) -> str:
    """What was typed without quotes is one text all the same. Raises UsageFault if the shell made files of a `*` in it."""
    # `Path.exists` raises where a word is longer than any name of a file.
    files = [word for word in words if os.path.exists(word)]
    if len(words) > 1 and files:
        raise UsageFault(
            command,
            f"the shell put names of files ({', '.join(files[:2])}, …) in the place of *; write the timetable in quotes: "
            f"klokker {command} '0 3 * * *'",
        )
    return " ".join(words)


def what_is_meant(which: str, *, zone: str, key: str) -> Meant:
    """The timetable of the schedule of this name, or else the one that is written there, in `zone` and with `key`.

    Raises UnknownSchedule, InvalidTimetable, UnreadableDefinition, and what is wrong with the database if it cannot be a timetable either.
    """
    try:
        # A timetable that is not saved anywhere needs no database.
        see_schema()
        schedule = find_schedule(which)
    except (KlokkerError, DatabaseError) as unknown:
        known = known_anyway()
        try:
            found = timetable(which, zone=zone, key=key, calendars=known.calendars, places=known.places)
            return Meant(found, which, zone, key)
        except InvalidTimetable as malformed:
            # A single word is a name with a slip in it, unless it begins as a timetable of one word does.
            raise (malformed if len(which.split()) != 1 or which.upper().startswith(_ONE_WORD) else unknown) from None
    revision = schedule.revisions.filter(number=schedule.revision).first()
    if revision is None:
        raise UnreadableDefinition(f"revision {schedule.revision} of {schedule} is not there")
    definition = Definition.from_json(revision.definition)
    return Meant(definition.timetable(), definition.when, definition.zone, definition.name, definition)
