"""`klokker calendar`: calendars, and the schedules that go by them."""

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from klokker.cli.acting import NeedsYes, acting
from klokker.cli.calendars import CalendarWindow, Waits, Windows, as_data, lines, wait_as_data, waiting
from klokker.cli.columns import Column
from klokker.cli.faults import NotFound, UsageFault
from klokker.cli.moment import now as the_moment
from klokker.cli.output import AsJson, Yes, confirmed, console, counted, facts, moment, print_json, relative, say, table
from klokker.core.definition import Definition
from klokker.core.errors import InvalidTimetable
from klokker.core.timetables.zones import wall_clock
from klokker.django.models import CalendarVersion, Schedule
from klokker.django.store import DjangoStore
from klokker.moving.calendar_file import read_calendar_file
from klokker.operations.calendar import (
    AddCalendar,
    CalendarWish,
    EditCalendar,
    NoSuchCalendar,
    RemoveCalendar,
    do_calendar,
    preview_calendar,
)
from klokker.store.contract import NamedCalendar
from klokker.store.contract import Schedule as NamedSchedule
from klokker.wiring.project import read_settings

app = typer.Typer(add_completion=False)

COLUMNS = (
    Column("CALENDAR"),
    Column("VERSION", number=True),
    Column("NOW", cut=True),
    Column("SCHEDULES", number=True),
    Column("WAIT", number=True),
    Column("WHAT FOR", wrap=True, spare=True),
)
WINDOWS = (Column("FROM"), Column("UNTIL"), Column("FROM, UTC", spare=True), Column("UNTIL, UTC", spare=True))
SCHEDULES = (Column("SCHEDULE"), Column("STATE"), Column("HOW", wrap=True))
WAITS = (Column("SCHEDULE"), Column("HOW MANY", number=True), Column("SINCE"), Column("UNTIL"))
VERSIONS = (Column("VERSION", number=True), Column("MADE"), Column("BY"), Column("WHY", wrap=True))

Name = Annotated[str, typer.Argument(help="The calendar.")]
Words = Annotated[
    list[str] | None, typer.Argument(metavar="[TEXT]", help="Its text: `holidays NL`; - reads it from the input.")
]
FromFile = Annotated[
    Path | None, typer.Option("--file", "-f", help="Read the text from this file: lines, or an ICS file.")
]
Description = Annotated[str | None, typer.Option(help="What it is for.")]
Why = Annotated[str, typer.Option("--reason", "-r", help="Why; its version and each schedule's revision say so.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show what it would come to; change nothing.")]


@app.callback(invoke_without_command=True)
def by_itself(context: typer.Context) -> None:
    """Calendars by name, with versions. An edit of one is an edit of every schedule that names it. By itself: the list."""
    if context.invoked_subcommand is None:
        group: Any = context.command
        group.commands["list"].callback(as_json=False)


@app.command("list")
def list_calendars(as_json: AsJson = False) -> None:
    """The calendars: whether a window is on now, how many schedules name each, and what waits for its end."""
    store, now, zone = DjangoStore(), the_moment(), read_settings().zone
    naming = store.naming()
    rows = [
        (each, [schedule for schedule in naming if each.name in schedule.revision.definition.calendars])
        for each in store.calendars()
    ]
    waits = {each.name: waiting(store, each.name, schedules, now) for each, schedules in rows}
    if as_json:
        print_json({"calendars": [_listed(each, schedules, waits[each.name], now, zone) for each, schedules in rows]})
        return
    table(
        COLUMNS,
        (
            (
                each.name,
                str(each.version),
                _standing(each, now, zone),
                str(len(schedules)),
                _how_many(waits[each.name]),
                each.description,
            )
            for each, schedules in rows
        ),
        empty="No calendars yet: `klokker calendar add nl-holidays 'holidays NL'` makes one.",
    )


@app.command("show")
def show(
    name: Name,
    version: Annotated[int | None, typer.Option(help="As it was in this version.")] = None,
    zone: Annotated[str, typer.Option(help="On whose clocks, where the calendar names no zone of its own.")] = "",
    count: Annotated[int, typer.Option("--count", "-n", min=0, max=1000, help="How many of each list.")] = 5,
    as_json: AsJson = False,
) -> None:
    """One calendar: its text, its next windows, the schedules that name it, what waits for it now, its versions."""
    store, now, zone = DjangoStore(), the_moment(), zone or read_settings().zone
    wall_clock(zone)  # one that does not exist is no fault of the calendar's
    kept = {each.name: each for each in store.calendars(removed=True)}
    calendar = kept.get(name)
    if calendar is None:
        raise NoSuchCalendar(name, [each.name for each in kept.values() if not each.removed])
    schedules = store.naming(name)
    versions = list(CalendarVersion.objects.filter(calendar__name=name).order_by("-number"))
    text = calendar.text
    if version is not None:
        text = next((each.text for each in versions if each.number == version), None) or _no_version(name, version)
    fault, windows, upcoming = calendar.fault if version is None else "", None, []
    try:
        windows = Windows.of(name, text, zone)
        upcoming = windows.upcoming(now, count)
    except InvalidTimetable as unreadable:
        fault = fault or str(unreadable)
    waits = waiting(store, name, schedules, now)
    if as_json:
        data = _listed(calendar, schedules, waits, now, zone)
        data |= {"text": text, "shown_version": version or calendar.version, "fault": fault or None}
        data |= {"zone": windows.zone if windows else None, "windows": [_window(each) for each in upcoming]}
        data |= {
            "waits": [wait_as_data(each) for each in waits],
            "versions": [_version(each) for each in versions[:count]],
        }
        print_json({**data, "schedules": [_named(each) for each in schedules]})
        return
    shown_zone = windows.zone if windows else zone
    whose = "" if windows is None or windows.own else ", or those of the schedule that names it"
    facts(
        {
            "name": f"{calendar.name} (removed)" if calendar.removed else calendar.name,
            "what for": calendar.description,
            "version": f"{version or calendar.version} of {calendar.version}",
            "clocks": f"{shown_zone}{whose}",
            "declared in": calendar.declared_in,
            "now": _now(upcoming, now, shown_zone) if windows else "",
            "fault": fault and f"cannot be read: {fault}",
        }
    )
    _section("text")
    for line in text.splitlines()[: max(count, 1) * 8]:
        say(line)
    if (more := len(text.splitlines()) - max(count, 1) * 8) > 0:
        say(f"… and {counted(more, 'more line')}; --json shows all")
    if upcoming:
        _section("windows")
        table(WINDOWS, (_window_row(each, shown_zone) for each in upcoming), empty="")
    _section("schedules")
    table(
        SCHEDULES,
        ((each["name"], each["state"], each["how"]) for each in map(_named, schedules)),
        empty="No schedule names it.",
    )
    if waits:
        _section("waiting for its end")
        table(
            WAITS,
            (
                (
                    each.schedule,
                    "?" if each.count is None else str(each.count),
                    moment(each.since, each.zone),
                    f"{moment(each.until, each.zone)}  {relative(each.until, now)}",
                )
                for each in waits
            ),
            empty="",
        )
    _section("versions")
    table(
        VERSIONS,
        ((str(each.number), moment(each.made_at, shown_zone), each.by, each.why) for each in versions[:count]),
        empty="none is there",
    )


@app.command("add")
def add(
    name: Name,
    text: Words = None,
    file: FromFile = None,
    description: Description = None,
    why: Why = "",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """A new calendar: `klokker calendar add nl-holidays holidays NL`."""
    act = acting(why)
    wish = AddCalendar(act.asked, name, _text("add", text, file), description=description or "")
    _do(wish, dry_run=dry_run, yes=True, as_json=as_json)


@app.command("edit")
def edit(
    name: Name,
    text: Words = None,
    file: FromFile = None,
    description: Description = None,
    why: Why = "",
    expected: Annotated[
        int | None, typer.Option("--expect", help="Refuse if the newest version is another one by now.")
    ] = None,
    take_over: Annotated[
        bool, typer.Option("--take-over", help="One that a file declares: edit it here from now on.")
    ] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Give a calendar another text, and with it every schedule that names it. It starts nothing.

    What fell due before is decided as it stood. What each schedule will do then is shown first.
    """
    if text is None and file is None and description is None and not take_over:
        raise UsageFault(
            "calendar edit", "say what is to be: a TEXT, --file FILE, - for the input, or --description TEXT"
        )
    written = None if text is None and file is None else _text("edit", text, file)
    act = acting(why)
    wish = EditCalendar(act.asked, name, written, description, expected=expected, take_over=take_over)
    _do(wish, dry_run=dry_run, yes=yes, as_json=as_json)


@app.command("remove")
def remove(name: Name, why: Why = "", dry_run: DryRun = False, yes: Yes = False, as_json: AsJson = False) -> None:
    """Remove a calendar that no schedule names. Its versions are kept."""
    _do(RemoveCalendar(acting(why).asked, name), dry_run=dry_run, yes=yes, as_json=as_json, always_ask=True)


@app.command("apply")
def apply(name: Name, why: Why = "", dry_run: DryRun = False, yes: Yes = False, as_json: AsJson = False) -> None:
    """Give the newest text to schedules that carry an older one: `klokker check` finds them. It starts nothing."""
    _do(EditCalendar(acting(why or "applied").asked, name), dry_run=dry_run, yes=yes, as_json=as_json)


def _do(wish: CalendarWish, *, dry_run: bool, yes: bool, as_json: bool, always_ask: bool = False) -> None:
    store, zone = DjangoStore(), read_settings().zone
    if dry_run or not yes:
        effect = preview_calendar(store, wish)
        asks = effect.changes and (always_ask or bool(effect.schedules))
        if dry_run and as_json:
            print_json({**as_data(effect), "done": False})
        elif dry_run or asks:
            _say(lines(effect, _zones(effect.schedules), wish.asked.now, zone=zone, done=False))
        if dry_run:
            return
        if asks:
            what = f"the change of {counted(len(effect.schedules), 'schedule')}" if effect.schedules else "the removal"
            question = f"Edit {counted(len(effect.schedules), 'schedule')}?" if effect.schedules else "Remove it?"
            confirmed(question, yes=yes, refuse=lambda: NeedsYes(what))
    effect = do_calendar(store, wish)
    if as_json:
        print_json({**as_data(effect), "done": True})
    else:
        _say(lines(effect, _zones(effect.schedules), wish.asked.now, zone=zone, done=True))


def _say(told: Any) -> None:
    for line in told:
        say(line)


def _zones(effects: Sequence[Any]) -> dict[str, str]:
    ids = [effect.schedule for effect in effects]
    return dict(Schedule.objects.filter(pk__in=ids).values_list("name", "zone"))


# ── what was typed ──────────────────────────────────────────────────────────────────────────────────────────────────


class NoSuchVersion(NotFound):
    """The calendar has no version of this number. `name`, `number`."""

    def __init__(self, name: str, number: int) -> None:
        self.name, self.number = name, number
        super().__init__(
            f"calendar {name!r} has no version {number}; `klokker calendar show {name}` lists those it has"
        )


def _no_version(name: str, number: int) -> str:
    raise NoSuchVersion(name, number)


def _text(command: str, words: list[str] | None, file: Path | None) -> str:
    """The text that was typed, or that stands in the file or the input. Raises UsageFault, OSError."""
    if (words is None) == (file is None):
        raise UsageFault(
            f"calendar {command}", "say its TEXT, or --file FILE, or - to read it from the input; one of them"
        )
    if file is None and words != ["-"]:
        return " ".join(words or ())
    where = str(file) if file is not None else "the input"
    try:
        if file is None:
            return read_calendar_file(sys.stdin.buffer)
        with file.open("rb") as opened:
            return read_calendar_file(opened)
    except ValueError as unreadable:
        raise UsageFault(f"calendar {command}", f"{where}: {unreadable}") from None


# ── what is shown ───────────────────────────────────────────────────────────────────────────────────────────────────


def _section(heading: str) -> None:
    console().print(Text(f"\n{heading}", style="bold"))


def _standing(calendar: NamedCalendar, now: datetime, zone: str) -> str:
    try:
        windows = Windows.of(calendar.name, calendar.text, zone)
    except InvalidTimetable:
        return f"cannot be read; `klokker calendar show {calendar.name}`"
    return _now(windows.upcoming(now, 1), now, windows.zone)


def _now(upcoming: Sequence[CalendarWindow], now: datetime, zone: str) -> str:
    if not upcoming:
        return "no window is to come"
    first = upcoming[0]
    if first.begins is None or first.begins <= now:
        return f"in a window until {moment(first.ends, zone)}" if first.ends else "in a window, for ever"
    return f"no window until {moment(first.begins, zone)}"


def _how_many(waits: Sequence[Waits]) -> str:
    counts = [each.count for each in waits]
    return "" if not counts else "?" if None in counts else str(sum(count or 0 for count in counts))


def _window_row(window: CalendarWindow, zone: str) -> tuple[str, ...]:
    ever = ("since ever", "for ever")
    shown = [
        f"{moment(at, each)}" if at else word
        for each in (zone, "UTC")
        for at, word in zip((window.begins, window.ends), ever, strict=True)
    ]
    return tuple(shown)


def _named(schedule: NamedSchedule) -> dict[str, Any]:
    """A schedule that names the calendar, and how."""
    definition = schedule.revision.definition
    return {
        "name": definition.name,
        "state": schedule.state,
        "when": definition.when,
        "closed": str(definition.closed) if definition.closed else None,
        "how": _how(definition),
    }


def _how(definition: Definition) -> str:
    return "; ".join([definition.when, *([str(definition.closed)] if definition.closed else [])])


def _listed(
    calendar: NamedCalendar, schedules: Sequence[NamedSchedule], waits: Sequence[Waits], now: datetime, zone: str
) -> dict[str, Any]:
    """A calendar in a list, as docs/commands/json.md promises it."""
    try:
        first: Sequence[CalendarWindow] = Windows.of(calendar.name, calendar.text, zone).upcoming(now, 1)
        fault = calendar.fault
    except InvalidTimetable as unreadable:
        first, fault = (), calendar.fault or str(unreadable)
    within = bool(first) and (first[0].begins is None or first[0].begins <= now)
    counts = [each.count for each in waits]
    return {
        "name": calendar.name,
        "description": calendar.description,
        "version": calendar.version,
        "origin": calendar.origin,
        "declared_in": calendar.declared_in or None,
        "removed": calendar.removed,
        "fault": fault or None,
        "in_window": None if fault else within,
        "until": first[0].ends if within else first[0].begins if first else None,
        "schedules": [each.revision.definition.name for each in schedules],
        "waiting": None if None in counts else sum(count or 0 for count in counts),
    }


def _window(window: CalendarWindow) -> dict[str, Any]:
    return {"from": window.begins, "until": window.ends}


def _version(version: CalendarVersion) -> dict[str, Any]:
    return {
        "number": version.number,
        "made_at": version.made_at,
        "by": version.by,
        "why": version.why,
        "text": version.text,
    }
