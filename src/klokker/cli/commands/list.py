"""`klokker list`: the schedules, and when each runs next."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import typer

from klokker.cli.columns import Column
from klokker.cli.moment import now as the_moment
from klokker.cli.output import AsJson, print_json, relative, table, warn
from klokker.core.lifecycle import ScheduleState
from klokker.django.reading import ListedSchedule, closed_now, is_broken, schedules, why
from klokker.tasks.registry import registry
from klokker.wiring.project import find_tasks, read_settings

app = typer.Typer(add_completion=False)

NOT_FOUND = "task not found in registry"

COLUMNS = (
    Column("NAME"),
    Column("STATE"),
    Column("NEXT"),
    Column("LAST"),
    Column("WHEN", cut=True, spare=True),
    Column("TASK", cut=True, spare=True),
)
"""On a narrow terminal TASK goes first, then WHEN: `klokker show` has them. Whether it goes well, and when, stays."""


@app.command()
def list_schedules(
    search: Annotated[str, typer.Argument(help="Only those whose name, task or description holds this.")] = "",
    state: Annotated[ScheduleState | None, typer.Option(help="Only those in this state.")] = None,
    owner: Annotated[str, typer.Option(help="Only those of this owner.")] = "",
    lane: Annotated[str, typer.Option(help="Only those of this lane.")] = "",
    task: Annotated[str, typer.Option(help="Only those of this task.")] = "",
    retired: Annotated[bool, typer.Option("--retired", help="Retired ones too.")] = False,
    as_json: AsJson = False,
) -> None:
    """The schedules by name: state, timetable, next and last run."""
    found = schedules(search=search, state=state, owner=owner, lane=lane, task=task, retired=retired)
    now = the_moment()
    closed = closed_now(now)
    if as_json:
        print_json({"schedules": [as_data(each, closed) for each in found]})
        return
    find_tasks(read_settings())
    asked = search or state or owner or lane or task
    table(
        COLUMNS,
        (
            (
                str(each.row),
                "closed" if each.row.pk in closed else each.row.state,
                _next(each, now),
                _last(each, now),
                when(each),
                named(each.row.task),
            )
            for each in found
        ),
        empty="No schedule fits."
        if asked
        else "No schedules yet: `klokker sync FILE` makes those that a file declares.",
    )
    if broken := sum(is_broken(each.row) for each in found):
        warn(f"{broken} broken; `klokker show NAME` says why.")
    if lost := sum(each.row.task not in registry and each.row.state != ScheduleState.RETIRED for each in found):
        warn(f"{lost} of them: {NOT_FOUND} of this process; `klokker check` says whether any other knows them.")


def when(each: ListedSchedule) -> str:
    """The timetable, with its zone where that is not UTC."""
    return each.row.when if each.row.zone == "UTC" else f"{each.row.when} ({each.row.zone})"


def named(task: str) -> str:
    """The task's name, and whether nothing here registers it. The project's tasks have been found."""
    return task if task in registry else f"{task} ({NOT_FOUND})"


def as_data(each: ListedSchedule, closed: Mapping[int, datetime | None]) -> dict[str, Any]:
    """A schedule in a list, as docs/commands/json.md promises it. `closed`: those that are closed now."""
    row = each.row
    return {
        "name": str(row),
        "id": row.pk,
        "state": row.state,
        "reason": why(row),
        "paused_until": row.paused_until,
        "task": row.task,
        "when": row.when,
        "zone": row.zone,
        "lane": row.lane,
        "owner": row.owner,
        "labels": row.labels,
        "origin": row.origin,
        "revision": row.revision,
        "since": row.since,
        "next_due": each.next_due,
        "last_started": each.last_started,
        "last_finished": each.last_finished,
        "last_outcome": each.last_outcome or None,
        "closed": row.pk in closed,
        "closed_until": closed.get(row.pk),
        "nodes": [node or None for node in each.nodes],
    }


def _next(each: ListedSchedule, now: datetime) -> str:
    if each.row.state == ScheduleState.PAUSED:
        return f"until {relative(each.row.paused_until, now)}" if each.row.paused_until else ""
    return relative(each.next_due, now)


def _last(each: ListedSchedule, now: datetime) -> str:
    return f"{each.last_outcome} {relative(each.last_finished, now)}" if each.last_outcome else ""
