"""`klokker preview`: when a schedule, or a timetable that is not saved anywhere, runs next and ran last."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Annotated, Any

import typer

from klokker.cli.closings import closed_remark, prospect_as_data
from klokker.cli.columns import Column
from klokker.cli.exits import Exit
from klokker.cli.faults import Refused, UsageFault
from klokker.cli.finding import read_moment
from klokker.cli.matches import tell_fleet, tell_match
from klokker.cli.meant import Meant, Which, one_text, what_is_meant
from klokker.cli.moment import now as the_moment
from klokker.cli.output import AsJson, print_json, relative, say, table
from klokker.core.errors import FollowsCompletion
from klokker.core.timetables.contract import Timetable
from klokker.core.timetables.zones import on_the_clocks_of
from klokker.core.words.explain import LANGUAGES, language_of

app = typer.Typer(add_completion=False)

MOST = 10_000
"""Moments that one call lists."""
COLUMNS = (Column("LOCAL"), Column("UTC"), Column("OFFSET"), Column("", cut=True))


class NothingToPreview(Refused):
    """The timetable follows its runs: which moments it will have, or had, its text alone does not tell."""


EARLIEST = datetime.min.replace(tzinfo=UTC)
"""Where the calendar begins: nothing can be asked about what lies before."""


@app.command()
def preview(
    which: Which = [],  # noqa: B006 — Typer copies it
    count: Annotated[int, typer.Option("--count", "-n", min=1, max=10_000, help="How many each way.")] = 10,
    zone: Annotated[str, typer.Option(help="The zone of a timetable given as text.")] = "UTC",
    at: Annotated[str, typer.Option("--from", help="From when: 2026-03-29T00:00, or +30d; now if left out.")] = "now",
    between: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="FROM UNTIL", help="All moments from one to another, both included."),
    ] = None,
    matches: Annotated[
        str, typer.Option(metavar="MOMENT", help="Is this moment one of them, and why? Without a NAME: whose is it?")
    ] = "",
    lang: Annotated[
        str, typer.Option(help=f"The language in which --matches says why: {', '.join(LANGUAGES)}.")
    ] = "en",
    key: Annotated[str, typer.Option(help="What H is spread by, in a timetable given as text.")] = "",
    as_json: AsJson = False,
) -> None:
    """The next and the last moments, in local time and UTC, with a mark where the clocks change in between."""
    language_of(lang)  # refused here, whatever else is asked for
    now = the_moment()
    text = one_text(which, "preview")
    if not text:
        if not matches:
            raise UsageFault("preview", "name a schedule or write a timetable; only --matches goes without")
        raise typer.Exit(Exit.WELL if tell_fleet(read_moment(matches, now, zone), as_json=as_json) else Exit.NOT_WELL)
    meant = what_is_meant(text, zone=zone, key=key)
    try:
        if matches:
            found = tell_match(meant, read_moment(matches, now, meant.zone), lang, as_json=as_json)
            raise typer.Exit(Exit.WELL if found else Exit.NOT_WELL)
        if between:
            opens, closes = (read_moment(each, now, meant.zone) for each in between)
            _tell_between(meant, opens, closes, as_json=as_json)
        else:
            _tell_nearest(meant, read_moment(at, now, meant.zone), count, as_json=as_json)
    except FollowsCompletion as follows:
        raise NothingToPreview(str(follows)) from follows


def _tell_nearest(meant: Meant, start: datetime, count: int, *, as_json: bool) -> None:
    remark = ""
    try:
        before = _before(meant.timetable, start, count)
        after = _after(meant.timetable, start, count)
    except FollowsCompletion:
        before, after = [], _after(meant.timetable, start, 1)
        remark = "It follows its own runs: this is when it runs next if a run ends at the moment that was asked for."
    if as_json:
        print_json(
            {
                "previous": [_as_data(each, meant) for each in before],
                "next": [_as_data(each, meant) for each in after],
            }
        )
        return
    table(COLUMNS, _rows([*before, *after], meant, start), empty="It never runs.")
    if before and not after:
        say("No moment is left after this one.")
    if remark:
        say(remark)


def _tell_between(meant: Meant, opens: datetime, closes: datetime, *, as_json: bool) -> None:
    if closes < opens:
        raise UsageFault("preview", "the second moment of --between lies before the first")
    # A window leaves its start out; a moment that falls on it was meant too.
    first = max(opens, EARLIEST + timedelta(microseconds=1)) - timedelta(microseconds=1)
    found = list(islice(meant.timetable.between(first, closes), MOST))
    left = len(found) == MOST and meant.timetable.after(found[-1]) is not None
    if as_json:
        print_json({"between": [_as_data(each, meant) for each in found], "complete": not left})
        return
    table(COLUMNS, _rows(found, meant, opens), empty="It has no moment in this window.")
    if left:
        say(f"Only the first {MOST:,} are shown.")


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
        at = of.at_or_before(at - timedelta(seconds=1)) if at - EARLIEST >= timedelta(seconds=1) else None
    return found[::-1]


def _rows(moments: Sequence[datetime], meant: Meant, start: datetime) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    offset = None
    for at in moments:
        local = on_the_clocks_of(meant.zone, at)
        changed = offset is not None and local.utcoffset() != offset
        offset = local.utcoffset()
        remarks = [relative(at, start), *closed_remark(meant.definition, at)]
        remarks += ["← the clocks change before this"] if changed else []
        rows.append(
            (
                local.strftime("%a %Y-%m-%d %H:%M:%S"),
                at.strftime("%Y-%m-%d %H:%M:%S"),
                local.strftime("%z"),
                "  ".join(remarks),
            )
        )
    return rows


def _as_data(at: datetime, meant: Meant) -> dict[str, Any]:
    local = on_the_clocks_of(meant.zone, at)
    return {
        "utc": at.astimezone(UTC),
        "local": local.isoformat(),
        "zone": meant.zone,
        **prospect_as_data(meant.definition, at),
    }
