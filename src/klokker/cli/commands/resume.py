"""`klokker resume`: plan a paused schedule again, or a broken one that is whole again."""

from typing import Annotated

import typer

from klokker.cli.acting import change
from klokker.cli.finding import find_schedule
from klokker.cli.output import AsJson
from klokker.django.reading import is_broken
from klokker.operations.pause import Resume
from klokker.operations.repair import Repair

app = typer.Typer(add_completion=False)


@app.command()
def resume(
    name: Annotated[str, typer.Argument(help="The schedule.")],
    why: Annotated[str, typer.Option(help="Why.")] = "",
    catch_up: Annotated[
        bool,
        typer.Option("--catch-up", help="Of a broken one: decide what fell due meanwhile, instead of dismissing it."),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would come to.")] = False,
    as_json: AsJson = False,
) -> None:
    """Its next occurrence runs as planned; what a pause covered is dismissed, and nothing is started now."""
    broken = is_broken(find_schedule(name))
    change(
        name,
        lambda act: Repair(act.asked, catch_up=catch_up) if broken else Resume(act.asked),
        why=why,
        dry_run=dry_run,
        as_json=as_json,
    )
