"""`klokker restore`: put a copy of the database back, when nothing runs."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from django.db import DatabaseError, connections

from klokker.cli.acting import NeedsYes
from klokker.cli.faults import Refused
from klokker.cli.moment import now as the_moment
from klokker.cli.output import AsJson, Yes, confirmed, print_json, say
from klokker.django.copies import look_at, refuse_if_open, restore_from, set_aside
from klokker.django.models import Process
from klokker.django.schema import schema_state
from klokker.django.settings import database_alias

app = typer.Typer(add_completion=False)

SILENT = timedelta(minutes=1)


class StillRunning(Refused):
    """Processes still work on the database."""

    def __init__(self, processes: list[str]) -> None:
        self.processes = processes
        super().__init__(
            f"{', '.join(processes)} still run on this database; stop them, or say --force if they are gone"
        )


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A copy that `klokker backup` or `klokker migrate` made.")],
    force: Annotated[
        bool, typer.Option("--force", help="Even if processes seem to be running, or have it open.")
    ] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Replace the database with a copy. What stands now is kept aside first (SQLite)."""
    connection = connections[database_alias()]
    if connection.vendor == "sqlite":
        look_at(file)
    if not force and (running := _running()):
        raise StillRunning(running)
    confirmed(f"Replace the database with {file}?", yes=yes, refuse=lambda: NeedsYes("replacing the whole database"))
    aside = None
    if connection.vendor == "sqlite":
        if not force:
            refuse_if_open(connection)
        aside = set_aside(connection)
    restore_from(connection, file, force=force)
    if as_json:
        print_json({"file": str(file), "aside": aside and str(aside), "pending": schema_state(connection).pending})
        return
    say(f"restored from {file}" + (f"; what stood before is in {aside}" if aside else ""))
    state = schema_state(connection)
    if state.pending:
        say("It is of an older version: `klokker migrate` brings it up to date.")
    say(
        "What fell due since it was made is decided by each schedule's catch-up, as after an outage; to dismiss it instead, "
        "pause the schedule and resume it before anything is started."
    )


def _running() -> list[str]:
    try:
        alive = Process.objects.filter(left_at__isnull=True, heartbeat__gte=the_moment() - SILENT)
        return [f"{process.id} ({', '.join(process.roles)})" for process in alive]
    except DatabaseError:
        # A database that cannot be read is a good reason to restore it.
        return []
