"""`klokker logs`: what a run logged; with --follow, as it comes."""

from typing import Annotated

import typer

from klokker.cli.faults import NotFound
from klokker.cli.finding import NUMBER, find_run, find_schedule
from klokker.cli.output import AsJson, print_json, say, warn
from klokker.core.lifecycle import RunState
from klokker.django.models import Run, RunLog
from klokker.engine.rest import EventRest

app = typer.Typer(add_completion=False)

LOOK_EVERY = 0.5
"""Seconds between two looks at a log that is followed."""

LANDMARK = 20
"""So many lines, the last shown, tell where a log that lost its middle goes on."""


class NeverRan(NotFound):
    """The schedule has no run of which a log is kept."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"{name!r} has no run yet, or they have been pruned")


@app.command()
def show_log(
    which: Annotated[str, typer.Argument(metavar="RUN|NAME", help="A run's number, or a schedule: its newest run.")],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the run is done.")] = False,
    as_json: AsJson = False,
) -> None:
    """The lines that a run logged."""
    run = find_run(int(which)) if NUMBER.fullmatch(which) else _newest(which)
    if as_json:
        print_json({"run": run.pk, "state": run.state, "lines": _lines(run), "error": run.error or None})
        return
    warn(f"run {run.pk} of {run.schedule or run.task}: {run.outcome or run.state}")
    shown = _print_news([], _lines(run))
    rest = EventRest()
    while follow and run.state != RunState.DONE:
        rest.wait(LOOK_EVERY)
        # The state first: lines that a run wrote before it was done are then all in the log that is read after it.
        run.refresh_from_db()
        shown = _print_news(shown, _lines(run))
    if run.error:
        for line in run.error.rstrip().splitlines():
            say(line)
    elif not shown:
        warn("nothing was logged" + ("" if run.state == RunState.DONE else " yet"))
    if follow:
        warn(f"run {run.pk}: {run.outcome}")


def _newest(name: str) -> Run:
    run = Run.objects.filter(schedule=find_schedule(name), started__isnull=False).order_by("-pk").first()
    if run is None:
        raise NeverRan(name)
    return run


def _lines(run: Run) -> list[str]:
    log = RunLog.objects.filter(run=run).first()
    if log is None:
        return []
    gap = [f"… {log.left_out} bytes left out …"] if log.left_out else []
    return [*log.head.splitlines(), *gap, *log.tail.splitlines()]


def _print_news(shown: list[str], lines: list[str]) -> list[str]:
    """Print what of `lines` was not shown yet, and answer `lines`. The middle of a long log makes room for its end."""
    fresh = lines[len(shown) :] if lines[: len(shown)] == shown else lines[_after(shown[-LANDMARK:], lines) :]
    for line in fresh:
        say(line)
    return lines


def _after(landmark: list[str], lines: list[str]) -> int:
    """Where in `lines` the text after `landmark` begins; 0 if the landmark itself is gone."""
    for start in range(len(lines) - len(landmark), -1, -1):
        if lines[start : start + len(landmark)] == landmark:
            return start + len(landmark)
    return 0
