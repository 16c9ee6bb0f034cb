"""`klokker backup`: copy the database to a file, while everything runs."""

from pathlib import Path
from typing import Annotated

import typer
from django.db import connections

from klokker.cli.faults import Refused
from klokker.cli.output import AsJson, print_json, say
from klokker.django.copies import copy_to
from klokker.django.settings import database_alias

app = typer.Typer(add_completion=False)


class FileExists(Refused):
    """The file to write is there already."""

    def __init__(self, file: Path) -> None:
        self.file = file
        super().__init__(f"{file} exists; name another file, or say --overwrite")


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Where the copy goes: a SQLite file, or an archive of pg_dump.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file if it is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """A consistent copy of the whole database; nothing needs to be stopped."""
    if file.exists() and not overwrite:
        raise FileExists(file)
    copy_to(connections[database_alias()], file)
    size = file.stat().st_size
    if as_json:
        print_json({"file": str(file), "bytes": size})
    else:
        say(f"{file}: {size:,} bytes")
