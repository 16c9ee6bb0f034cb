"""`klokker tick`: decide what is due, run it here, and exit: for the system's cron."""

import getpass
import os
import shlex
import sys
from contextlib import closing
from typing import Annotated

import typer
from django.db.models import QuerySet

from klokker.cli.columns import Column
from klokker.cli.exits import Exit
from klokker.cli.faults import Refused
from klokker.cli.migrating import see_schema
from klokker.cli.moment import now as the_moment
from klokker.cli.output import AsJson, counted, moment, print_json, say, table, warn
from klokker.cli.working import ready_database, told, working_here
from klokker.core.lifecycle import RunState, ScheduleState
from klokker.django.models import Node, Run, Timer
from klokker.engine.here import RanHere, TickSummary
from klokker.wiring.compose import here
from klokker.wiring.host import enrol_here
from klokker.wiring.running import nurse_of
from klokker.wiring.settings import PREFIX

app = typer.Typer(add_completion=False)


class UnknownNode(Refused):
    """No node of this name has enrolled."""

    def __init__(self, node: str, known: list[str]) -> None:
        self.node = node
        self.known = known
        enrolled = f"enrolled are {', '.join(known)}" if known else "none is enrolled yet"
        super().__init__(f"there is no node {node!r}; {enrolled}. Say --enrol to make it one")


@app.command()
def tick(
    node: Annotated[str, typer.Option("--node", "-n", help="Decide for this node, and run what may run on it.")] = "",
    quiet: Annotated[bool, typer.Option("-c", "--cron", help="Silent but for errors, which go to stderr.")] = False,
    dry_run: Annotated[
        bool, typer.Option("-d", "--dry-run", help="List what is due and queued; write nothing.")
    ] = False,
    enrol: Annotated[bool, typer.Option("--enrol", help="Make the node known, if it is not.")] = False,
    print_cron: Annotated[
        bool, typer.Option("--print-cron", help="Print an entry for the system's cron, and leave.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Decide what is due for this node, then run all that is queued for it, one after another. Exits 1 if one failed."""
    if print_cron:
        _print_cron(node)
        return
    settings = told(node=node)
    if dry_run:
        see_schema()
        if node:
            _see_node(node)
        _list(settings.node, as_json)
        return
    ready_database()
    # The name of this machine may enrol by itself; one that was typed may be a slip.
    if node and not enrol:
        _see_node(node)
    with closing(nurse_of(settings)) as nurse:
        if settings.executor == "processes" and _anything(settings.node):
            # It prepares while this process finds its tasks and decides.
            nurse.start()
        with working_here(settings, "ERROR" if quiet else "WARNING", nurse=nurse) as parts:
            enrol_here(parts)
            summary = here(parts, inline=settings.executor == "inline").tick()
    if as_json:
        print_json(_as_data(summary))
    elif not quiet:
        _say(summary)
    for ran in summary.ran:
        if ran.failed:
            again = f"; again at {moment(ran.again_at)}" if ran.again_at else ""
            warn(f"klokker: run {ran.run} of {ran.name or ran.task} {ran.outcome}: {_last_line(ran)}{again}")
    raise typer.Exit(Exit.NOT_WELL if summary.failed else Exit.WELL)


def _see_node(node: str) -> None:
    """Raises UnknownNode."""
    known = list(Node.objects.filter(retired__isnull=True).order_by("name").values_list("name", flat=True))
    if node not in known:
        raise UnknownNode(node, known)


def _say(summary: TickSummary) -> None:
    for ran in summary.ran:
        again = f"; again at {moment(ran.again_at)}" if ran.again_at else ""
        say(f"run {ran.run} of {ran.name or ran.task}: {ran.outcome or 'snoozed'}{again}")
    ticked = summary.ticked
    say(f"{counted(ticked.runs, 'run')} made, {counted(ticked.dismissals, 'dismissal')}, {len(summary.ran)} ran here")


def _last_line(ran: RanHere) -> str:
    lines = ran.error.strip().splitlines()
    return lines[-1] if lines else "it left no error"


def _as_data(summary: TickSummary) -> dict[str, object]:
    return {
        "now": summary.now,
        "runs_made": summary.ticked.runs,
        "dismissals": summary.ticked.dismissals,
        "lost": summary.lost,
        "ran": [
            {
                "run": ran.run,
                "schedule": ran.name or None,
                "task": ran.task,
                "outcome": ran.outcome,
                "again_at": ran.again_at,
                "error": ran.error,
            }
            for ran in summary.ran
        ],
        "failed": summary.failed,
    }


def _due(node: str) -> QuerySet[Timer]:
    return Timer.objects.filter(next_due__lte=the_moment(), schedule__state=ScheduleState.ACTIVE, node__in=("", node))


def _queued(node: str) -> QuerySet[Run]:
    return Run.objects.filter(state=RunState.QUEUED, node__in=("", node))


def _anything(node: str) -> bool:
    """Will there probably be something to run?"""
    return _queued(node).exists() or _due(node).exists()


def _list(node: str, as_json: bool) -> None:
    timers = list(_due(node).select_related("schedule").order_by("next_due"))
    queued = list(_queued(node).select_related("schedule").order_by("lane", "order", "planned", "pk"))
    if as_json:
        print_json(
            {
                "due": [
                    {"schedule": str(timer.schedule), "node": timer.node or None, "since": timer.next_due}
                    for timer in timers
                ],
                "queued": [
                    {"run": run.pk, "schedule": str(run.schedule) if run.schedule else None, "task": run.task}
                    for run in queued
                ],
            }
        )
        return
    table(
        (Column("WHAT"), Column("SCHEDULE"), Column("SINCE"), Column("TASK")),
        [
            *(("due", str(timer.schedule), moment(timer.next_due), timer.schedule.task) for timer in timers),
            *(("queued", str(run.schedule or ""), moment(run.planned), run.task) for run in queued),
        ],
        empty="Nothing is due or queued.",
    )


HANDED_ON = ("DJANGO_SETTINGS_MODULE", "PYTHONPATH")
"""What else, beside Klokker's own settings, a command needs that cron starts with an empty environment."""


def _print_cron(node: str) -> None:
    python, program = shlex.quote(sys.executable), shlex.quote(os.path.abspath(sys.argv[0]))
    # Inside a project we were started as `python manage.py klokker …`.
    command = f"{python} {program} klokker" if sys.argv[1:2] == ["klokker"] else program
    where = f" -n {shlex.quote(node)}" if node else ""
    print("# For /etc/cron.d; in a crontab of a user's own, leave the user's name out.")
    print("# Decide and run what is due, every five minutes; only errors are mailed.")
    for name, value in sorted(os.environ.items()):
        if name in HANDED_ON or (name.startswith(PREFIX) and not name.startswith(f"{PREFIX}TEST_")):
            print(f"{name}={value}")
    # To cron a percent sign means a new line.
    line = f"{command} tick -c{where}".replace("%", "\\%")
    print(f"*/5 * * * * {getpass.getuser()} {line}")
