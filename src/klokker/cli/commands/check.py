"""`klokker check`: is all well?"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Annotated, Any

import typer

from klokker.cli.columns import Column
from klokker.cli.exits import Exit
from klokker.cli.faults import UsageFault
from klokker.cli.lint_findings import as_data as as_lint_data
from klokker.cli.lint_findings import at_least, tell
from klokker.cli.moment import now as the_moment
from klokker.cli.option import TickEvery, read_tick
from klokker.cli.output import AsJson, print_json, relative, say, table, warn
from klokker.core.lint.finding import Severity
from klokker.engine.clock import MACHINE
from klokker.tasks.registry import registry
from klokker.watch.check import check
from klokker.watch.finding import Finding
from klokker.watch.survey import survey
from klokker.wiring.project import find_tasks, read_settings

app = typer.Typer(add_completion=False)

COLUMNS = (Column("WHAT"), Column("SINCE"), Column("WHY, AND WHAT WOULD HELP", wrap=True))

CROWD = 15
"""Findings of one kind that a table shows: where no worker runs, every schedule is late, and the cause should be seen."""


@app.command()
def check_all(
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing when all is well.")] = False,
    lint: Annotated[
        bool, typer.Option("--lint", help="Look for what is doubtful in the schedules too, as `klokker lint` does.")
    ] = False,
    tick_every: TickEvery = "",
    as_json: AsJson = False,
) -> None:
    """Judge whether all is well, and keep incidents of what is not. Exits 1 when something is wrong."""
    tick = read_tick("check", tick_every)
    if tick and not lint:
        raise UsageFault("check", "--tick-every goes with --lint")
    discovery = find_tasks(read_settings())
    for fault in discovery.faults:
        warn(str(fault))
    now = the_moment()
    checked = check(now, MACHINE.wall(), {task.name for task in registry})
    doubtful = survey(now, registry, tick) if lint else []
    well = not checked.findings and not discovery.faults and not at_least(doubtful, Severity.WARNING)
    if as_json:
        print_json(
            {
                "well": well,
                "findings": [_as_data(finding, checked.recorded.since) for finding in checked.findings],
                "closed": [
                    {"kind": incident.kind, "subject": incident.subject} for incident in checked.recorded.closed
                ],
                "task_modules": [{"module": fault.module, "reason": str(fault)} for fault in discovery.faults],
                **({"lint": as_lint_data(doubtful)} if lint else {}),
            }
        )
    elif checked.findings:
        table(COLUMNS, _rows(checked.findings, checked.recorded.since, now), empty="")
    elif well and not doubtful and not quiet:
        say("All is well.")
    if doubtful and not as_json and not (quiet and well):
        tell(doubtful, silenced=False)
    for incident in () if as_json else checked.recorded.closed:
        say(f"over: {f'{incident.kind} {incident.subject}'.rstrip()}, since {relative(incident.opened_at, now)}")
    raise typer.Exit(Exit.WELL if well else Exit.NOT_WELL)


def _rows(findings: Sequence[Finding], since: Mapping[str, datetime], now: datetime) -> Iterator[tuple[str, str, str]]:
    """A row for each finding; of a kind that there are very many of, the first ones and how many more there are."""
    # Judged kind by kind: those of one kind stand together.
    for kind, alike in groupby(findings, key=lambda finding: finding.kind):
        several = list(alike)
        shown = several if len(several) <= CROWD else several[: CROWD - 1]
        for finding in shown:
            yield (kind, relative(since.get(finding.key, now), now), finding.reason)
        if left := len(several) - len(shown):
            yield (kind, "", f"and {left} more; `klokker check --json` lists them all")


def _as_data(finding: Finding, since: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "subject": finding.subject,
        "reason": finding.reason,
        "since": since.get(finding.key),
        "details": dict(finding.details),
    }
