"""`klokker lint`: what is doubtful in one schedule or in all of them, before it does harm."""

from typing import Annotated

import typer

from klokker.cli.exits import Exit
from klokker.cli.finding import find_schedule
from klokker.cli.lint_findings import as_data, at_least, tell
from klokker.cli.moment import now as the_moment
from klokker.cli.option import TickEvery, read_tick
from klokker.cli.output import AsJson, print_json, warn
from klokker.core.lint.finding import Severity
from klokker.tasks.registry import registry
from klokker.watch.survey import survey
from klokker.wiring.project import find_tasks, read_settings

app = typer.Typer(add_completion=False)


@app.command()
def lint_schedules(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="One schedule; all of them if left out.")] = "",
    tick_every: TickEvery = "",
    fail_on: Annotated[
        Severity, typer.Option(help="Exit 1 when something at least so bad is found.")
    ] = Severity.WARNING,
    silenced: Annotated[bool, typer.Option("--silenced", help="Show what schedules silence, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """What is doubtful in schedules: never fires, fires too often, is not what it seems. Exits 1 by how bad it is."""
    tick = read_tick("lint", tick_every)
    wanted = find_schedule(name).name if name else ""
    for fault in find_tasks(read_settings()).faults:
        warn(str(fault))
    findings = [each for each in survey(the_moment(), registry, tick) if not wanted or wanted in each.schedules]
    bad = at_least(findings, fail_on)
    if as_json:
        print_json({"well": not bad, "findings": as_data(findings)})
    else:
        tell(findings, silenced=silenced)
    raise typer.Exit(Exit.NOT_WELL if bad else Exit.WELL)
