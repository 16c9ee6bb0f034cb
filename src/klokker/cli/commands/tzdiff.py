"""`klokker tzdiff`: which schedules would run at other moments under other time zone data."""

import zoneinfo
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from klokker.cli.columns import Column
from klokker.cli.exits import Exit
from klokker.cli.faults import UsageFault
from klokker.cli.finding import read_moment
from klokker.cli.moment import now as the_moment
from klokker.cli.option import end_of, read_span
from klokker.cli.output import AsJson, moment, print_json, say, table, warn
from klokker.core.definition import Definition, forget_timetables
from klokker.core.errors import TimetableError
from klokker.core.examination import rests
from klokker.core.lifecycle import ScheduleState
from klokker.core.moments import Window, epoch_second
from klokker.core.timetables.calendar_text import read_calendar
from klokker.core.timetables.moved import Moves, Offsets, differing, moves, occurrences, offsets, together
from klokker.core.timetables.zones import forget_zones, wall_clock
from klokker.django.store import DjangoStore
from klokker.wiring.time_data import time_data

app = typer.Typer(add_completion=False)

COLUMNS = (
    Column("SCHEDULE", cut=True),
    Column("ZONE"),
    Column("GONE", number=True),
    Column("NEW", number=True),
    Column("THE FIRST", wrap=True),
)


@dataclass(frozen=True, slots=True)
class _Compared:
    """What came of a comparison: where the readings of each zone differ, and which schedules move; `zones`: each one's."""

    window: Window
    version: str
    other: Path
    apart: Mapping[str, Sequence[Window]]
    moved: Mapping[str, Moves]
    zones: Mapping[str, str]


@app.command()
def compare(
    other: Annotated[Path, typer.Argument(metavar="FOLDER", help="Other time zone data: a folder of compiled zones.")],
    span: Annotated[str, typer.Option("--for", help="How far ahead; ten years at most.")] = "366d",
    start: Annotated[str, typer.Option("--from", help="From when: 2026-12-01T00:00, or +7d; now if left out.")] = "now",
    as_json: AsJson = False,
) -> None:
    """Compare the data in use here with other data, and list each schedule that would run at other moments.

    Before an update the other data is the new one; after it, the old one, kept aside. Exits 1 if any schedule moves.
    """
    begins = read_moment(start, the_moment())
    length = read_span("tzdiff", "--for", span, timedelta(days=1), timedelta(days=3660))
    window = Window(begins, end_of("tzdiff", begins, length))
    version = time_data()
    here = _Reading(_definitions(), window)
    with _data_of(other):
        there = _Reading(here.definitions, window)
        last = epoch_second(window.until)
        both = sorted(here.offsets.keys() & there.offsets.keys())
        apart = {zone: differing(here.offsets[zone], there.offsets[zone], last) for zone in both}
        then = there.occurrences(apart)
    now = here.occurrences(apart)
    moved = {name: changed for name in now.keys() & then.keys() if (changed := moves(now[name], then[name]))}
    zones = {definition.name: definition.zone for definition in here.definitions}
    touched = {each.name for each in here.definitions if any(apart.get(zone, True) for zone in _zones_of(each))}
    for name in sorted(touched - (now.keys() & then.keys())):
        warn(f"{name} cannot be compared; `klokker show {name}` says what is wrong with it.")
    compared = _Compared(window, version, other, apart, moved, zones)
    if as_json:
        print_json(_as_data(compared))
    else:
        _say(compared)
    raise typer.Exit(Exit.NOT_WELL if moved else Exit.WELL)


def _definitions() -> list[Definition]:
    """Of all schedules that plan, or will when they are resumed or repaired, and that can be read.

    Those that rest after completion follow their runs, whatever the clocks show.
    """
    idle = (ScheduleState.RETIRED, ScheduleState.SPENT)
    standing = [each for each in DjangoStore().schedules() if each.state not in idle]
    return [each.revision.definition for each in standing if not each.revision.fault and not rests(each.revision)]


class _Reading:
    """Schedules under the data that is in use while this is made and asked: the offsets of their zones, and what they yield."""

    def __init__(self, definitions: Sequence[Definition], window: Window) -> None:
        self.definitions = definitions
        first, last = epoch_second(window.after), epoch_second(window.until)
        self.offsets: dict[str, Offsets] = {}
        for zone in sorted({zone for definition in definitions for zone in _zones_of(definition)}):
            with suppress(TimetableError):  # a zone that the data does not have: its schedules are named later
                self.offsets[zone] = offsets(wall_clock(zone), first, last)

    def occurrences(self, windows: Mapping[str, Sequence[Window]]) -> dict[str, tuple[datetime, ...]]:
        """Of each schedule whose zone has windows in which it may differ; without those that cannot be evaluated."""
        found = {}
        for definition in self.definitions:
            zones = _zones_of(definition)
            apart = together(windows[zone] for zone in zones) if zones <= windows.keys() else ()
            with suppress(TimetableError):
                if apart:
                    found[definition.name] = occurrences(definition.timetable(), apart)
        return found


def _zones_of(definition: Definition) -> frozenset[str]:
    """Its own, and those on whose clocks calendars are that it names."""
    zones = {definition.zone}
    for text in definition.calendars.values():
        with suppress(TimetableError):
            zones |= {part.zone for part in read_calendar(text).parts if part.zone is not None}
    return frozenset(zones)


@contextmanager
def _data_of(folder: Path) -> Iterator[None]:
    """Zones are read from this folder for a while. Raises UsageFault if it holds none."""
    if not (folder / "UTC").is_file():
        raise UsageFault(
            "tzdiff",
            f"FOLDER holds no time zone data: {folder} has no zone UTC. Such a folder is for example new/tzdata/zoneinfo "
            "after `pip install --target new tzdata`",
        )
    before = zoneinfo.TZPATH
    _read_from(str(folder.resolve()), *before)
    try:
        yield
    finally:
        _read_from(*before)


def _read_from(*folders: str) -> None:
    zoneinfo.reset_tzpath(to=folders)
    forget_zones()
    forget_timetables()


def _say(compared: _Compared) -> None:
    differ = sum(1 for windows in compared.apart.values() if windows)
    version = compared.version or "the data in use"
    say(f"{version} beside {compared.other}: {differ} of {len(compared.apart)} zones in use differ")
    rows = [
        (name, compared.zones[name], str(len(changes.gone)), str(len(changes.new)), _first(changes))
        for name, changes in sorted(compared.moved.items())
    ]
    table(COLUMNS, rows, empty="No schedule moves.")


def _first(changes: Moves) -> str:
    told = [("gone", changes.gone), ("new", changes.new)]
    return ", ".join(f"{word} {moment(moments[0])}" for word, moments in told if moments)


def _as_data(compared: _Compared) -> dict[str, Any]:
    return {
        "from": compared.window.after,
        "until": compared.window.until,
        "time_data": compared.version,
        "zones": {
            zone: [{"from": each.after, "until": each.until} for each in windows]
            for zone, windows in compared.apart.items()
            if windows
        },
        "schedules": [
            {"name": name, "zone": compared.zones[name], "gone": changes.gone, "new": changes.new}
            for name, changes in sorted(compared.moved.items())
        ],
    }
