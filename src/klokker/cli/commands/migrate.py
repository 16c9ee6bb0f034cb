"""`klokker migrate`: bring the database to this version's schema."""

from typing import Annotated

import typer
from django.db import connections

from klokker.cli.exits import Exit
from klokker.cli.migrating import NewerThanThis, bring_up_to_date
from klokker.cli.output import AsJson, print_json, say
from klokker.django.schema import schema_state
from klokker.django.settings import database_alias

app = typer.Typer(add_completion=False)


@app.command()
def migrate(
    check: Annotated[bool, typer.Option("--check", help="Change nothing; exit 1 if there is something to do.")] = False,
    as_json: AsJson = False,
) -> None:
    """Apply what the schema lacks. A SQLite database is copied aside first."""
    state = schema_state(connections[database_alias()])
    if state.newer:
        raise NewerThanThis(state.newer)
    if check:
        if as_json:
            print_json({"pending": state.pending, "newer": state.newer})
        else:
            say(f"to do: {', '.join(state.pending)}" if state.pending else "The schema is up to date.")
        raise typer.Exit(Exit.NOT_WELL if state.pending else Exit.WELL)
    copy = bring_up_to_date(state)
    if as_json:
        print_json({"applied": state.pending, "copy": str(copy) if copy else None})
    elif state.current:
        say("The schema is up to date.")
    else:
        say(f"applied {', '.join(state.pending)}" + (f"; the database as it was is in {copy}" if copy else ""))
