"""`klokker preview`: when a schedule, or a timetable that is not saved anywhere, runs next and ran last."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from klokker import timetable
from klokker.cli.columns import Column
from klokker.cli.faults import Refused
from klokker.cli.finding import UnknownSchedule, find_schedule, read_moment
from klokker.cli.moment import now as the_moment
from klokker.cli.output import AsJson, print_json, relative, say, table
from klokker.core.definition import Definition
from klokker.core.errors import FollowsCompletion, InvalidTimetable
from klokker.core.timetables.contract import Timetable

app = typer.Typer()

COLUMNS = (Column("LOCAL"), Column("UTC"), Column("OFFSET"), Column("", cut=True))


class NothingToPreview(Refused):
    """The timetable follows its runs, so its next moment is known only when the last one ended."""


@app.command()
def preview(
    which: Annotated[str, typer.Argument(metavar="NAME|TEXT", help="A schedule, or the text of a timetable.")],
    count: Annotated[int, typer.Option("--count", "-n", min=1, max=10_000, help="How many each way.")] = 10,
    zone: Annotated[str, typer.Option(help="The zone of a timetable given as text.")] = "UTC",
    at: Annotated[str, typer.Option("--from", help="From when: 2026-03-29T00:00, or +30d; now if left out.")] = "now",
    key: Annotated[str, typer.Option(help="What H is spread by, in a timetable given as text.")] = "",
    as_json: AsJson = False,
) -> None:
    """The next and the last moments, in local time and UTC, with a mark where the clocks change in between."""
    now = the_moment()
    table_of, zone_name = _timetable(which, zone, key)
    start = read_moment(at, now, zone_name)
    try:
        before = _before(table_of, start, count)
        after = _after(table_of, start, count)
    except FollowsCompletion as follows:
        raise NothingToPreview(str(follows)) from follows
    if as_json:
        print_json(
            {
                "previous": [_as_data(each, zone_name) for each in before],
                "next": [_as_data(each, zone_name) for each in after],
            }
        )
        return
    rows = _rows(before, after, zone_name, start)
    table(COLUMNS, rows, empty="It never runs.")
    if not after:
        say("No moment is left after this one.")


def _timetable(which: str, zone: str, key: str) -> tuple[Timetable, str]:
    try:
        schedule = find_schedule(which)
    except UnknownSchedule as unknown:
        try:
            return timetable(which, zone=zone, key=key), zone
        except InvalidTimetable as malformed:
            # A single word is a name with a slip in it; anything else was meant as a timetable.
            raise (unknown if len(which.split()) == 1 and not which.startswith("@") else malformed) from None
    definition = Definition.from_json(schedule.revisions.get(number=schedule.revision).definition)
    return definition.timetable(), definition.zone


def _after(of: Timetable, start: datetime, count: int) -> list[datetime]:
    found: list[datetime] = []
    at: datetime | None = start
    while len(found) < count and at is not None and (at := of.after(at)) is not None:
        found.append(at)
    return found


def _before(of: Timetable, start: datetime, count: int) -> list[datetime]:
    found: list[datetime] = []
    at = of.at_or_before(start)
    while at is not None and len(found) < count:
        found.append(at)
        at = of.at_or_before(at - timedelta(seconds=1))
    return found[::-1]


def _rows(before: Sequence[datetime], after: Sequence[datetime], zone: str, start: datetime) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    offset = None
    for at in (*before, *after):
        local = at.astimezone(ZoneInfo(zone))
        changed = offset is not None and local.utcoffset() != offset
        offset = local.utcoffset()
        remarks = [relative(at, start)] + (["← the clocks change before this"] if changed else [])
        rows.append(
            (
                local.strftime("%a %Y-%m-%d %H:%M:%S"),
                at.strftime("%Y-%m-%d %H:%M:%S"),
                local.strftime("%z"),
                "  ".join(remarks),
            )
        )
    return rows


def _as_data(at: datetime, zone: str) -> dict[str, Any]:
    local = at.astimezone(ZoneInfo(zone))
    return {"utc": at.astimezone(UTC), "local": local.isoformat(), "zone": zone}
