"""`klokker restore`: put a copy of the database back, when nothing runs."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from django.db import DatabaseError, connections

from klokker.cli.acting import NeedsYes
from klokker.cli.faults import Refused
from klokker.cli.moment import now as the_moment
from klokker.cli.output import Yes, confirmed, say
from klokker.django.copies import copy_to, look_at, restore_from
from klokker.django.models import Process
from klokker.django.schema import schema_state
from klokker.django.settings import database_alias

app = typer.Typer()

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
    force: Annotated[bool, typer.Option("--force", help="Even if processes seem to be running.")] = False,
    yes: Yes = False,
) -> None:
    """Replace the database with a copy. What stands now is kept aside first (SQLite)."""
    connection, aside = connections[database_alias()], None
    if connection.vendor == "sqlite":
        look_at(file)
        here = Path(str(connection.settings_dict["NAME"]))
        aside = here.with_name(f"{here.stem}.before-restore{here.suffix}") if here.exists() else None
    if not force and (running := _running()):
        raise StillRunning(running)
    confirmed(f"Replace the database with {file}?", yes=yes, refuse=lambda: NeedsYes("replacing the whole database"))
    if aside is not None:
        copy_to(connection, aside)
    restore_from(connection, file)
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
