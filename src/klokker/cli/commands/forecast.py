"""`klokker forecast`: how much will start over the next hours, days or weeks, and how busy that will be."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from klokker.cli.columns import Column
from klokker.cli.faults import UsageFault
from klokker.cli.finding import read_moment
from klokker.cli.forecast_picture import caption, picture
from klokker.cli.moment import now as the_moment
from klokker.cli.option import end_of, read_span
from klokker.cli.output import AsJson, counted, print_json, say, table, warn
from klokker.core.definition import Definition
from klokker.core.duration import rounded
from klokker.core.forecast import Course, Forecast, Load, forecast, total
from klokker.core.lifecycle import ScheduleState
from klokker.core.lint.case import Case, Ground, Subject
from klokker.core.lint.clocks import coming_changes
from klokker.core.timetables.zones import on_the_clocks_of, wall_clock
from klokker.django.history import mean_lengths
from klokker.django.models import Timer
from klokker.django.store import DjangoStore

app = typer.Typer(add_completion=False)

SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=366)
MOST_STEPS = 2000
HISTORY = timedelta(days=30)
"""Runs of so long ago still tell how long a schedule's runs take."""

SHOWN = 10

COLUMNS = (
    Column("FROM"),
    Column("STARTS", number=True),
    Column("BUSY", number=True),
    Column("AT ONCE", number=True),
)

CLOCKS = (Column("SCHEDULE", cut=True), Column("WHAT THE CLOCKS DO", wrap=True))


@app.command()
def show_forecast(
    span: Annotated[str, typer.Option("--for", help="How far: 1d, 7d, 30d; a year at most.")] = "7d",
    start: Annotated[str, typer.Option("--from", help="From when: 2026-12-01T00:00, or +7d; now if left out.")] = "now",
    step: Annotated[str, typer.Option(help="How long each line is: 1h, 1d; what suits the span if left out.")] = "",
    zone: Annotated[str, typer.Option(help="The zone in which moments are shown.")] = "UTC",
    svg: Annotated[Path | None, typer.Option(help="Also draw it into this file.")] = None,
    clocks: Annotated[
        bool, typer.Option("--clocks", help="Instead: what the next clock changes do to each schedule that they touch.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Starts are counted from the timetables; busy time is expected from how long runs took over the last thirty days.

    AT ONCE is how many runs go on at the same time, on average: a lane with fewer slots falls behind. Paused schedules are
    left out. What a clock change, an outage or overlap makes of it, `klokker simulate` plays.
    """
    wall_clock(zone)
    now = the_moment()
    begins = read_moment(start, now, zone).replace(second=0, microsecond=0)
    if clocks:
        _tell_clocks(begins, as_json=as_json)
        return
    length = read_span("forecast", "--for", span, SHORTEST, LONGEST)
    each = read_span("forecast", "--step", step, SHORTEST, length) if step else _suits(length)
    steps = -(-length // each)
    if steps > MOST_STEPS:
        raise UsageFault("forecast", f"--step makes {steps:,} lines of the span; {MOST_STEPS:,} are the most")
    end_of("forecast", begins, each * steps)
    courses, unreadable, asleep = _courses(now)
    told = forecast(courses, begins, each, steps)
    told.unforeseen |= unreadable
    if svg is not None:
        svg.write_text(_drawn(told, zone), encoding="utf-8")
    if as_json:
        print_json(_as_data(told, asleep))
        return
    _say(told, zone, asleep)
    if svg is not None:
        say(f"drawn into {svg}")


def _tell_clocks(begins: datetime, *, as_json: bool) -> None:
    """Of every schedule that is not retired: a paused one may be resumed by then."""
    ground = Ground(begins)
    standing = [each.revision for each in DjangoStore().schedules()]
    cases = [Case(Subject(each.definition, fault=each.fault), ground) for each in standing]
    touched = [found for case in cases for found in coming_changes(case)]
    touched.sort(key=lambda found: (str(found.details["on"]), found.schedules))
    if as_json:
        print_json(
            {
                "from": begins,
                "clock_changes": [
                    {
                        "schedule": each.schedules[0],
                        "code": each.code.value,
                        "on": each.details["on"],
                        "what": each.sentence,
                    }
                    for each in touched
                ],
            }
        )
        return
    table(CLOCKS, [(each.schedules[0], each.sentence) for each in touched], empty="No clock change touches a schedule.")


def _suits(length: timedelta) -> timedelta:
    return timedelta(hours=1) if length <= timedelta(days=2) else timedelta(days=1)


def _courses(now: datetime) -> tuple[list[Course], dict[str, str], int]:
    """What is active; what cannot be read, and why; and how many schedules sleep."""
    lengths, places = mean_lengths(now - HISTORY), _places()
    courses: list[Course] = []
    unreadable: dict[str, str] = {}
    asleep = 0
    for schedule in DjangoStore().schedules():
        revision = schedule.revision
        if schedule.state is ScheduleState.PAUSED:
            asleep += 1
        elif schedule.state is ScheduleState.BROKEN or revision.fault:
            unreadable[revision.definition.name] = revision.fault or schedule.reason
        elif schedule.state is ScheduleState.ACTIVE:
            courses += _course(revision.definition, places.get(schedule.id, {}), lengths.get(schedule.id))
    return courses, unreadable, asleep


def _course(definition: Definition, made: Mapping[str, int], takes: timedelta | None) -> Sequence[Course]:
    """One, or one for each place where its limit leaves something else."""
    most = definition.max_runs
    if most is None:
        return [Course(definition, tuple(made), takes)]
    return [Course(definition, (node,), takes, max(0, most - so_far)) for node, so_far in made.items()]


def _places() -> dict[int, dict[str, int]]:
    """Schedule → node → runs made there, of timers that go on."""
    places: dict[int, dict[str, int]] = {}
    for schedule, node, made in Timer.objects.filter(until__isnull=True).values_list("schedule", "node", "runs_made"):
        places.setdefault(schedule, {})[node] = made
    return places


def _say(told: Forecast, zone: str, asleep: int) -> None:
    whole = told.total
    say(f"{counted(len(told.schedules), 'schedule')}, {_whole(whole)}")
    rows = [
        (_shown(told.begins(number), zone), f"{load.starts:,}", _busy(load), _at_once(load, told.step))
        for number, load in enumerate(told.steps)
    ]
    table(COLUMNS, rows, empty="")
    span = told.step * len(told.steps)
    for heading, parts in (("LANE", told.lanes), ("NODE", told.nodes)):
        sums = {name or "any one": total(loads) for name, loads in parts.items()}
        say("")
        table(
            (Column(heading), *COLUMNS[1:]),
            [(name, f"{load.starts:,}", _busy(load), _at_once(load, span)) for name, load in _most(sums)],
            empty="Nothing will start.",
        )
    say("")
    table(
        (Column("BUSIEST SCHEDULES", cut=True), *COLUMNS[1:]),
        [(name, f"{load.starts:,}", _busy(load), _at_once(load, span)) for name, load in _most(told.schedules)[:SHOWN]],
        empty="No schedule is active.",
    )
    if told.unknown:
        say(
            f"Not known yet is how long runs of {counted(len(told.unknown), 'schedule')} take: they count as no time at all."
        )
    if asleep:
        say(f"Left out: {counted(asleep, 'paused schedule')}.")
    for name, why in told.unforeseen.items():
        warn(f"{name} cannot be foreseen: {why}")


def _most(loads: Mapping[str, Load]) -> list[tuple[str, Load]]:
    return sorted(loads.items(), key=lambda item: (-item[1].busy, -item[1].starts, item[0]))


def _whole(load: Load) -> str:
    """`290 starts, 12h of work`; of work, where any is known."""
    return f"{load.starts:,} starts" + (f", {rounded(load.busy)} of work" if load.busy else "")


def _shown(at: datetime, zone: str) -> str:
    return on_the_clocks_of(zone, at).strftime("%a %Y-%m-%d %H:%M")


def _busy(load: Load) -> str:
    return rounded(load.busy) if load.busy else ""


def _at_once(load: Load, step: timedelta) -> str:
    return f"{load.busy / step:.2f}" if load.busy else ""


def _drawn(told: Forecast, zone: str) -> str:
    """Busy time by lane; starts, where nothing is known of busy time."""
    known = bool(told.total.busy)
    lanes = {
        lane: [load.busy / timedelta(minutes=1) if known else float(load.starts) for load in loads]
        for lane, loads in told.lanes.items()
    }
    with_time = told.step < timedelta(days=1)
    captions = [
        caption(on_the_clocks_of(zone, told.begins(number)), with_time=with_time) for number in range(len(told.steps))
    ]
    title = f"{_whole(told.total)}, from {_shown(told.after, zone)} {zone}"
    return picture(title, "minutes of work" if known else "starts", captions, lanes)


def _as_data(told: Forecast, asleep: int) -> dict[str, Any]:
    def loads(each: Sequence[Load]) -> list[dict[str, Any]]:
        return [{"starts": load.starts, "busy": load.busy} for load in each]

    unknown = frozenset(told.unknown)
    return {
        "from": told.after,
        "step": told.step,
        "steps": loads(told.steps),
        "lanes": {lane: loads(each) for lane, each in told.lanes.items()},
        "nodes": [{"node": node or None, "steps": loads(each)} for node, each in told.nodes.items()],
        "schedules": [
            {"name": name, "starts": load.starts, "busy": load.busy, "known": name not in unknown}
            for name, load in told.schedules.items()
        ],
        "paused": asleep,
        "unforeseen": told.unforeseen,
    }
