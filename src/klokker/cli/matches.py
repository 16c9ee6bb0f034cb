"""What fires at one moment? Of one timetable: whether, why, and its nearest moments; of the fleet: which schedules."""

from datetime import datetime
from typing import Any

from django.db.models import F

from klokker.cli.closings import closed_remark, prospect_as_data
from klokker.cli.columns import Column
from klokker.cli.meant import Meant
from klokker.cli.output import moment as shown
from klokker.cli.output import print_json, say, table
from klokker.core.definition import Definition, UnreadableDefinition
from klokker.core.duration import rounded
from klokker.core.errors import FollowsCompletion, TimetableError
from klokker.core.lifecycle import ScheduleState
from klokker.core.words.explain import language_of
from klokker.core.words.matching import match
from klokker.django.models import Revision, Schedule

COLUMNS = (Column("SCHEDULE"), Column("LOCAL"), Column("WHEN", cut=True), Column("TASK", cut=True))


def tell_match(meant: Meant, at: datetime, lang: str, *, as_json: bool) -> bool:
    """Print whether the moment is one of the timetable's, and why in this language; return it. Raises FollowsCompletion."""
    words = language_of(lang)
    found = match(meant.timetable, at, meant.zone, lang=lang)
    if as_json:
        print_json(
            {
                "moment": at,
                "matches": found.yes,
                "why": found.why,
                "previous": found.before,
                "next": found.after,
                **prospect_as_data(meant.definition if found.yes else None, at),
            }
        )
        return found.yes
    say(f"{shown(at, meant.zone)}: {words.yes if found.yes else words.no}; {found.why}.")
    if found.yes:
        for remark in closed_remark(meant.definition, at):
            say(f"{remark}.")
    for name, nearest, far in ((words.before, found.before, words.ago), (words.after, found.after, words.ahead)):
        apart = "" if nearest is None else far.format(length=rounded(abs(nearest - at)))
        say(f"{name}: {words.none if nearest is None else f'{shown(nearest, meant.zone)} ({apart})'}")
    return found.yes


def tell_fleet(at: datetime, *, as_json: bool) -> bool:
    """Print the active schedules that have an occurrence at this moment; return whether there are any."""
    found: list[dict[str, Any]] = []
    current = {revision.schedule_id: revision for revision in _current()}
    for schedule in Schedule.objects.filter(state=ScheduleState.ACTIVE).order_by("name_key"):
        try:
            definition = Definition.from_json(current[schedule.pk].definition)
            if definition.timetable().at_or_before(at) != at:
                continue
        except (FollowsCompletion, TimetableError, UnreadableDefinition):
            continue  # it has no moments of its own, or is broken: `check` and `lint` say so
        found.append(
            {
                "name": schedule.name,
                "when": definition.when,
                "zone": definition.zone,
                "task": definition.task,
            }
        )
    if as_json:
        print_json({"moment": at, "schedules": found})
    else:
        rows = [(each["name"], shown(at, each["zone"]), each["when"], each["task"]) for each in found]
        table(COLUMNS, rows, empty="No active schedule has an occurrence at this moment.")
    return bool(found)


def _current() -> list[Revision]:
    """The revision in force of each active schedule."""
    return list(
        Revision.objects.filter(schedule__state=ScheduleState.ACTIVE, number=F("schedule__revision")).only(
            "schedule_id", "definition"
        )
    )
