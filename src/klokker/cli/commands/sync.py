"""`klokker sync`: make the schedules what a file says; the plan is shown first."""

from pathlib import Path
from typing import Annotated, Any

import typer

from klokker.cli.acting import NeedsYes, acting
from klokker.cli.exits import Exit
from klokker.cli.output import AsJson, Yes, confirmed, print_json, say
from klokker.core.definition import Definition
from klokker.moving.declared import read_file
from klokker.moving.sync import SyncPlan, apply_sync, plan_sync, refuse_misfits
from klokker.operations.catalogue import TaskCatalogue

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
    declared = read_file(file)
    act = acting(f"sync of {file.name}")
    refuse_misfits(file, declared, act.tasks)
    plan = plan_sync(declared, act.store.schedules())
    if as_json:
        if plan.changes and not check:
            confirmed("", yes=yes, refuse=lambda: NeedsYes("the sync"))
            apply_sync(act.store, plan, act.asked, act.tasks)
        print_json({**_as_data(plan), "done": not check})
        raise typer.Exit(Exit.NOT_WELL if check and plan.changes else Exit.WELL)
    _say(plan, act.tasks)
    if check or not plan.changes:
        raise typer.Exit(Exit.NOT_WELL if plan.changes else Exit.WELL)
    confirmed(f"Change {plan.changes} schedules?", yes=yes, refuse=lambda: NeedsYes("the sync"))
    apply_sync(act.store, plan, act.asked, act.tasks)
    say(
        f"done: {len(plan.create)} created, {len(plan.edit)} edited, {len(plan.retire)} retired, {plan.unchanged} unchanged"
    )


def _say(plan: SyncPlan, tasks: TaskCatalogue) -> None:
    lines = [_made(each.definition, tasks) for each in plan.create]
    for edit in plan.edit:
        lines.append(f"~ {edit.definition.name}")
        lines += [f"    {field}: {_changed(change)}" for field, change in edit.changes.items()]
    lines += [f"- {each.schedule.revision.definition.name}" for each in plan.retire]
    lines += [f"  {each.definition.name}: left alone, {each.why}" for each in plan.leave]
    for line in lines[:SHOWN]:
        say(line)
    if len(lines) > SHOWN:
        say(f"… and {len(lines) - SHOWN} more lines; --json shows all")
    if not plan.changes:
        say(f"Nothing to do: {plan.unchanged} schedules of {plan.source} stand as declared.")


def _made(definition: Definition, tasks: TaskCatalogue) -> str:
    unknown = "" if tasks.task(definition.task) else " (task not found in registry)"
    return f"+ {definition.name}  {definition.when}  {definition.task}{unknown}"


def _changed(change: Any) -> str:
    return f"{change[0]} → {change[1]}" if isinstance(change, list) and len(change) == 2 else str(change)


def _as_data(plan: SyncPlan) -> dict[str, Any]:
    return {
        "source": plan.source,
        "create": [each.definition.name for each in plan.create],
        "edit": [{"name": each.definition.name, "changes": dict(each.changes)} for each in plan.edit],
        "retire": [each.schedule.revision.definition.name for each in plan.retire],
        "leave": [{"name": each.definition.name, "why": each.why} for each in plan.leave],
        "unchanged": plan.unchanged,
    }
