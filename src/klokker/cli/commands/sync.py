"""`klokker sync`: make the schedules what a file says; the plan is shown first."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from klokker.cli.acting import NeedsYes, acting
from klokker.cli.calendars import as_data as calendar_as_data
from klokker.cli.calendars import lines as calendar_lines
from klokker.cli.exits import Exit
from klokker.cli.knowing import known_anyway
from klokker.cli.output import AsJson, Yes, confirmed, counted, print_json, say
from klokker.core.definition import Definition
from klokker.django.models import Schedule
from klokker.moving.declared import read_file
from klokker.moving.sync import SyncPlan, apply_sync, calendar_edits, plan_sync, refuse_misfits
from klokker.operations.calendar import CalendarEffect, preview_calendar
from klokker.operations.catalogue import TaskCatalogue
from klokker.wiring.project import read_settings

app = typer.Typer(add_completion=False)

SHOWN = 40


@app.command()
def sync(
    file: Annotated[Path, typer.Argument(help="A TOML file of schedules.")],
    check: Annotated[bool, typer.Option("--check", help="Change nothing; exit 1 if there is something to do.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Create, edit and retire the schedules of this source until they are as the file says, all or none.

    Schedules made by hand, taken over, or declared by another source are left alone. Nothing is started by a sync.
    """
    declared = read_file(file, known_anyway())
    act = acting(f"sync of {file.name}")
    kept = act.store.calendars()
    refuse_misfits(file, declared, act.tasks, kept)
    plan = plan_sync(declared, act.store.schedules(), kept)
    edits = [preview_calendar(act.store, wish) for wish in calendar_edits(plan, act.asked, act.tasks)]
    if as_json:
        if plan.changes and not check:
            confirmed("", yes=yes, refuse=lambda: NeedsYes("the sync"))
            apply_sync(act.store, plan, act.asked, act.tasks)
        print_json({**_as_data(plan, edits), "done": not check})
        raise typer.Exit(Exit.NOT_WELL if check and plan.changes else Exit.WELL)
    _say(plan, edits, act.tasks, act.asked.now)
    if check or not plan.changes:
        raise typer.Exit(Exit.NOT_WELL if plan.changes else Exit.WELL)
    what = "schedules" if not plan.calendars.changes else "schedules and calendars"
    confirmed(f"Change {plan.changes} {what}?", yes=yes, refuse=lambda: NeedsYes("the sync"))
    apply_sync(act.store, plan, act.asked, act.tasks)
    say(
        f"done: {len(plan.create)} created, {len(plan.edit)} edited, {len(plan.retire)} retired, {plan.unchanged} unchanged"
    )
    if plan.calendars.changes:
        calendars = plan.calendars
        say(f"calendars: {len(calendars.create)} made, {len(calendars.edit)} edited, {len(calendars.remove)} removed")


def _say(plan: SyncPlan, edits: Sequence[CalendarEffect], tasks: TaskCatalogue, now: datetime) -> None:
    lines = [f"+ calendar {each.name}  {_first_line(each.text)}" for each in plan.calendars.create]
    for effect in edits:
        first, *rest = calendar_lines(effect, _zones(plan, effect), now, zone=read_settings().zone, done=False)
        lines += [f"~ {first}", *(f"  {line}" for line in rest)]
    lines += [_made(each.definition, tasks) for each in plan.create]
    for edit in plan.edit:
        changes = {field: change for field, change in edit.changes.items() if field != "calendars"}
        if changes or not edits:
            lines.append(f"~ {edit.definition.name}")
        lines += [f"    {field}: {_changed(change)}" for field, change in changes.items()]
    lines += [f"- {each.schedule.revision.definition.name}" for each in plan.retire]
    lines += [f"- calendar {each.name}" for each in plan.calendars.remove]
    lines += [f"  {each.definition.name}: left alone, {each.why}" for each in plan.leave]
    lines += [f"  calendar {each.name}: left alone, {each.why}" for each in plan.calendars.leave]
    for line in lines[:SHOWN]:
        say(line)
    if len(lines) > SHOWN:
        say(f"… and {counted(len(lines) - SHOWN, 'more line')}; --json shows all")
    if not plan.changes:
        say(f"Nothing to do: {plan.unchanged} schedules of {plan.source} stand as declared.")


def _first_line(text: str) -> str:
    first, *more = [line for line in text.splitlines() if line.strip()]
    return f"{first} …" if more else first


def _zones(plan: SyncPlan, effect: CalendarEffect) -> dict[str, str]:
    """The zones of the schedules that an edit of a calendar touches, by name."""
    zones = dict(
        Schedule.objects.filter(pk__in=[each.schedule for each in effect.schedules]).values_list("name", "zone")
    )
    return {**zones, **{each.definition.name: each.definition.zone for each in plan.edit}}


def _made(definition: Definition, tasks: TaskCatalogue) -> str:
    unknown = "" if tasks.task(definition.task) else " (task not found in registry)"
    return f"+ {definition.name}  {definition.when}  {definition.task}{unknown}"


def _changed(change: Any) -> str:
    return f"{change[0]} → {change[1]}" if isinstance(change, list) and len(change) == 2 else str(change)


def _as_data(plan: SyncPlan, edits: Sequence[CalendarEffect]) -> dict[str, Any]:
    return {
        "source": plan.source,
        "create": [each.definition.name for each in plan.create],
        "edit": [{"name": each.definition.name, "changes": dict(each.changes)} for each in plan.edit],
        "retire": [each.schedule.revision.definition.name for each in plan.retire],
        "leave": [{"name": each.definition.name, "why": each.why} for each in plan.leave],
        "unchanged": plan.unchanged,
        "calendars": {
            "create": [each.name for each in plan.calendars.create],
            "edit": [calendar_as_data(each) for each in edits],
            "remove": [each.name for each in plan.calendars.remove],
            "leave": [{"name": each.name, "why": each.why} for each in plan.calendars.leave],
        },
    }
