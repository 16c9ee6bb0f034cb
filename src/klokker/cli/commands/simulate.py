"""`klokker simulate`: what would become of a file of schedules, played in memory before anything is saved."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import typer

from klokker.cli.columns import Column
from klokker.cli.exits import Exit
from klokker.cli.faults import UsageFault
from klokker.cli.finding import read_moment
from klokker.cli.knowing import known_anyway
from klokker.cli.option import end_of, read_span
from klokker.cli.output import AsJson, moment, print_json, say, table, warn
from klokker.core.definition import Definition
from klokker.core.duration import rounded
from klokker.core.ledger import LedgerDismissal
from klokker.core.moments import Window
from klokker.core.placement import PlacementKind
from klokker.engine.clock import MACHINE
from klokker.executors.contract import Assignment
from klokker.moving.declared import read_file
from klokker.operations.occurrences import stated_moments
from klokker.simulation.hosts import NO_POLL
from klokker.simulation.playing import Part
from klokker.simulation.summary import Fate, Summary, in_order, summary
from klokker.simulation.world import ROOM, World
from klokker.tasks.registry import registry
from klokker.wiring.project import find_tasks, read_settings

app = typer.Typer(add_completion=False)

LONGEST = timedelta(days=366)


COLUMNS = (
    Column("SCHEDULE", cut=True),
    Column("DUE", number=True),
    Column("= RUNS", number=True),
    Column("+ DISMISSED", number=True),
    Column("CAUGHT UP", number=True),
    Column("LONGEST WAIT", number=True),
    Column("OF THEM", wrap=True),
)


@app.command()
def simulate(
    file: Annotated[Path, typer.Argument(help="A TOML file of schedules.")],
    start: Annotated[
        str, typer.Option("--from", help="When it begins: 2026-03-28T00:00, or -7d; now if left out.")
    ] = "now",
    span: Annotated[str, typer.Option("--for", help="How long it goes on; a year at most.")] = "7d",
    down: Annotated[
        list[str] | None,
        typer.Option(
            "--down", metavar="A..B", help="The machines are off from A to B; spans count from the start: +1d..+2d."
        ),
    ] = None,
    tick_every: Annotated[
        str, typer.Option(help="Run by `klokker tick` in the system's cron, so often; by the service if left out.")
    ] = "",
    runs_take: Annotated[
        list[str] | None,
        typer.Option("--runs-take", metavar="SPAN|NAME=SPAN", help="How long each run takes, or each of one schedule."),
    ] = None,
    slots: Annotated[
        int,
        typer.Option(min=1, show_default=False, help="Runs at once, in each lane of each node; no limit if left out."),
    ] = ROOM,
    each: Annotated[bool, typer.Option("--each", help="Every run and every dismissal, by time.")] = False,
    as_json: AsJson = False,
) -> None:
    """Play the schedules of a file in memory, with the code that decides for real, and print what became of them.

    Nothing is saved, and no task is called. Give it an outage, a slow task, or a coarse tick, and see what would be caught
    up, what dismissed, and why. The account is proved as it is for real.
    """
    declared = read_file(file, known_anyway())
    begins = read_moment(start, MACHINE.wall().replace(microsecond=0))
    # A process that has nothing to wait for looks so far ahead.
    ends = end_of("simulate", begins, read_span("simulate", "--for", span, timedelta(seconds=1), LONGEST), 2 * NO_POLL)
    outages = _outages(down or (), begins, ends)
    every = read_span("simulate", "--tick-every", tick_every, timedelta(minutes=1), LONGEST) if tick_every else None
    names = [definition.name for definition in declared.definitions]
    settings = read_settings()
    for fault in find_tasks(settings).faults:
        warn(str(fault))
    with World(
        start=begins,
        script=_script(runs_take or (), names),
        nodes=_nodes(declared.definitions),
        tick_every=every,
        slots=slots,
        known=registry.terms(settings.executor),
    ) as world:
        for definition in declared.definitions:
            if (from_then_on := _from(definition, begins, ends)) is not None:
                world.add(from_then_on)
        for outage in outages:
            world.until(outage.after)
            with world.down():
                world.until(outage.until)
        world.until(ends)
    summaries = [summary(world, name) for name in world.names]
    if as_json:
        print_json(_as_data(world, begins, summaries, each=each))
    else:
        _say(world, begins, outages, every, summaries, each=each)
    raise typer.Exit(Exit.WELL if all(one.exact for one in summaries) else Exit.NOT_WELL)


# ── what was asked for ──────────────────────────────────────────────────────────────────────────────────────────────


def _outages(texts: Iterable[str], begins: datetime, ends: datetime) -> list[Window]:
    outages: list[Window] = []
    for text in texts:
        first, dots, last = text.partition("..")
        if not dots:
            raise UsageFault(
                "simulate", f"--down must be two moments with two dots between them, as in +1d..+2d; got {text!r}"
            )
        outage = Window(read_moment(first, begins), read_moment(last, begins))
        if not begins <= outage.after < outage.until <= ends:
            raise UsageFault(
                "simulate",
                f"--down must lie between {begins.isoformat()} and {ends.isoformat()}, and go forward; got {text!r}",
            )
        outages.append(outage)
    outages.sort(key=lambda outage: outage.after)
    for before, following in pairwise(outages):
        if following.after < before.until:
            raise UsageFault(
                "simulate", f"--down must not overlap: the machines are off already at {following.after.isoformat()}"
            )
    return outages


def _script(texts: Iterable[str], names: Sequence[str]) -> "_Lengths":
    usual, of_one = timedelta(0), {}
    for text in texts:
        name, equals, length = text.rpartition("=")
        if not equals:
            usual = read_span("simulate", "--runs-take", length, timedelta(0), LONGEST)
        elif name in names:
            of_one[name] = read_span("simulate", "--runs-take", length, timedelta(0), LONGEST)
        else:
            raise UsageFault("simulate", f"--runs-take names {name!r}, which the file does not declare")
    return _Lengths(usual, of_one)


class _Lengths:
    """A script in which every run succeeds, after the time that was said for its schedule."""

    def __init__(self, usual: timedelta, of_one: Mapping[str, timedelta]) -> None:
        self._usual, self._of_one = usual, of_one

    def __call__(self, assignment: Assignment) -> Part:
        return Part(self._of_one.get(assignment.schedule, self._usual))


def _nodes(definitions: Iterable[Definition]) -> tuple[str, ...]:
    """All that are named, and one at least."""
    placements = [definition.placement for definition in definitions]
    named = {node for placement in placements if placement.kind is PlacementKind.NAMED for node in placement.nodes}
    return tuple(sorted(named)) or ("here",)


# ── what became of it ───────────────────────────────────────────────────────────────────────────────────────────────


def _from(definition: Definition, begins: datetime, ends: datetime) -> Definition | None:
    """The schedule without the moments of its `at …` that have passed when the play begins; None where none is left."""
    passed = stated_moments(definition, begins)
    if not passed:
        return definition
    left = list(definition.timetable().between(begins, ends))
    what = f"{definition.name}: {len(passed)} of the moments of its `at` lie before the play"
    if not left:
        warn(f"{what}, and none in it: it is left out.")
        return None
    warn(f"{what}; the others are played.")
    return replace(definition, when=f"at {', '.join(each.isoformat() for each in left)}")


def _say(
    world: World,
    begins: datetime,
    outages: Sequence[Window],
    every: timedelta | None,
    summaries: Sequence[Summary],
    *,
    each: bool,
) -> None:
    by = f"`klokker tick` every {rounded(every)}" if every else "the service"
    say(f"{moment(begins)} to {moment(world.now)}, by {by} on {', '.join(world.nodes)}")
    for outage in outages:
        say(f"off from {moment(outage.after)} to {moment(outage.until)}")
    if each:
        for at, name, what in in_order(world):
            zone = world.schedule(name).revision.definition.zone
            say(f"{moment(at, zone)}  {name}  {_told(what, zone)}")
        say("")
    rows = [
        (
            one.name,
            f"{one.due:,}",
            f"{one.runs:,}",
            f"{sum(one.dismissed.values()):,}",
            f"{one.caught_up:,}",
            rounded(one.longest_wait) if one.runs else "",
            _of_them(one),
        )
        for one in summaries
    ]
    table(COLUMNS, rows, empty="The file declares no schedules.")
    due, runs = sum(one.due for one in summaries), sum(one.runs for one in summaries)
    dismissed = sum(sum(one.dismissed.values()) for one in summaries)
    verdict = "exact" if all(one.exact for one in summaries) else "NOT EXACT"
    say(f"{due:,} due = {runs:,} runs + {dismissed:,} dismissed: {verdict}")


def _told(what: Fate | LedgerDismissal, zone: str) -> str:
    if isinstance(what, LedgerDismissal):
        count = f"{what.count:,}" if what.count is not None else "some"
        return f"{count} dismissed since {moment(what.after, zone)}: {what.reason}"
    waited = f", {rounded(what.waited)} late" if what.waited else ""
    caught_up = ", caught up" if what.caught_up else ""
    return f"{what.run.outcome or what.run.state}{waited}{caught_up}"


def _of_them(one: Summary) -> str:
    unusual = {outcome.value: count for outcome, count in one.outcomes.items() if outcome.value != "succeeded"}
    parts = {reason.value: count for reason, count in one.dismissed.items()} | unusual
    parts |= {"unfinished": one.unfinished, "undecided": one.undecided, "waiting": one.waiting}
    return ", ".join(f"{count:,} {word}" for word, count in parts.items() if count)


def _as_data(world: World, begins: datetime, summaries: Sequence[Summary], *, each: bool) -> dict[str, Any]:
    data: dict[str, Any] = {
        "from": begins,
        "until": world.now,
        "exact": all(one.exact for one in summaries),
        "schedules": [
            {
                "name": one.name,
                "due": one.due,
                "runs": one.runs,
                "caught_up": one.caught_up,
                "dismissed": {reason.value: count for reason, count in one.dismissed.items()},
                "outcomes": {outcome.value: count for outcome, count in one.outcomes.items()},
                "unfinished": one.unfinished,
                "undecided": one.undecided,
                "waiting": one.waiting,
                "longest_wait": one.longest_wait,
                "exact": one.exact,
            }
            for one in summaries
        ],
    }
    if each:
        data["each"] = [_one(at, name, what) for at, name, what in in_order(world)]
    return data


def _one(at: datetime, name: str, what: Fate | LedgerDismissal) -> dict[str, Any]:
    if isinstance(what, LedgerDismissal):
        return {"name": name, "after": what.after, "until": at, "count": what.count, "reason": what.reason.value}
    run = what.run
    return {
        "name": name,
        "nominal": at,
        "node": run.node,
        "started": run.started,
        "finished": run.finished,
        "outcome": run.outcome.value if run.outcome else None,
        "caught_up": what.caught_up,
    }
