"""`klokker retire`: end a schedule; its history and its account stay."""

from typing import Annotated

import typer

from klokker.cli.acting import change
from klokker.cli.output import AsJson, Yes
from klokker.operations.retire import Retire

app = typer.Typer(add_completion=False)


@app.command()
def retire(
    name: Annotated[str, typer.Argument(help="The schedule.")],
    why: Annotated[str, typer.Option(help="Why.")] = "",
    cancel_waiting: Annotated[
        bool, typer.Option("--cancel-waiting", help="Cancel its runs that have not begun.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would come to.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """It plans nothing any more, and its name is free again; `klokker show NAME#ID` still shows it."""
    change(
        name,
        lambda act: Retire(act.asked, cancel_waiting=cancel_waiting),
        why=why,
        dry_run=dry_run,
        as_json=as_json,
        ask=f"Retire {name}?",
        yes=yes,
    )
