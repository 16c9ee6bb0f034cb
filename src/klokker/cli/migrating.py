"""Bringing the database to this version's schema, with a copy kept aside where that is a file."""

from pathlib import Path

from django.core.management import call_command
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from klokker.cli.exits import Exit
from klokker.cli.moment import now as the_moment
from klokker.core.errors import KlokkerError
from klokker.django.copies import copy_to
from klokker.django.schema import SchemaState, not_there_yet, schema_state
from klokker.django.settings import database_alias


class NewerThanThis(KlokkerError):
    """The database has migrations that this version does not know: a newer Klokker was here."""

    exit = Exit.UNAVAILABLE

    def __init__(self, newer: tuple[str, ...]) -> None:
        self.newer = newer
        super().__init__(
            f"the database is of a newer Klokker (it has {', '.join(newer)}); install that version, or restore an older copy"
        )


class NotMigrated(KlokkerError):
    """The database lacks migrations of this version, and is migrated only when asked."""

    exit = Exit.UNAVAILABLE

    def __init__(self, pending: tuple[str, ...]) -> None:
        self.pending = pending
        super().__init__(f"the database lacks {', '.join(pending)}; `klokker migrate` applies them")


class NothingThere(KlokkerError):
    """Klokker has never been in this database: there is none yet, or it holds none of its tables."""

    exit = Exit.UNAVAILABLE

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self.name = str(connection.settings_dict["NAME"])
        what = "there is no database" if not_there_yet(connection) else "Klokker has no tables in the database"
        super().__init__(
            f"{what} {self.name} yet; `klokker migrate` makes {'it' if not_there_yet(connection) else 'them'}"
        )


def see_schema() -> None:
    """See that the database has the tables that this version knows; writes nothing.

    Raises NewerThanThis, NothingThere, NotMigrated.
    """
    connection = connections[database_alias()]
    state = schema_state(connection)
    if state.newer:
        raise NewerThanThis(state.newer)
    if state.pending and state.empty:
        raise NothingThere(connection)
    if state.pending:
        raise NotMigrated(state.pending)


def bring_up_to_date(state: SchemaState) -> Path | None:
    """Apply the pending migrations of all apps; where a SQLite database that was in use was copied to beforehand."""
    connection, copy = connections[database_alias()], None
    if connection.vendor == "sqlite" and state.pending and not state.empty:
        here = Path(str(connection.settings_dict["NAME"]))
        folder = here.parent / "copies"
        folder.mkdir(mode=0o700, exist_ok=True)
        copy = folder / f"{here.stem}.{the_moment():%Y%m%dT%H%M%SZ}.before-{state.pending[0]}{here.suffix}"
        copy_to(connection, copy)
    call_command("migrate", database=database_alias(), verbosity=0, interactive=False)
    return copy
