"""Does the database have the schema that this code knows?"""

import pkgutil
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper

APP = "klokker"

RECORD = "django_migrations"
"""Where Django writes down which migrations a database has had."""


@dataclass(frozen=True, slots=True)
class SchemaState:
    """Migrations of Klokker: those applied, those this code has and the database lacks, and those that only a newer code knows."""

    applied: tuple[str, ...]
    pending: tuple[str, ...]
    newer: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """Klokker has never been here."""
        return not self.applied and not self.newer

    @property
    def current(self) -> bool:
        """The database is as this code knows it."""
        return not self.pending and not self.newer


def schema_state(connection: BaseDatabaseWrapper) -> SchemaState:
    """Compare the migrations that the database has applied with those of this code. Two queries; writes nothing.

    Every command asks this first, so it looks at names alone: Django's own loader imports every migration of every app.
    """
    known, applied = _known(), _applied(connection)
    return SchemaState(tuple(sorted(applied)), tuple(sorted(known - applied)), tuple(sorted(applied - known)))


def _known() -> set[str]:
    # A project may keep an app's migrations elsewhere, or (in its tests) say that it has none.
    module: str | None = settings.MIGRATION_MODULES.get(APP, "klokker.django.migrations")
    if module is None:
        return set()
    return {found.name for found in pkgutil.iter_modules(import_module(module).__path__) if found.name[0] not in "_~"}


def not_there_yet(connection: BaseDatabaseWrapper) -> bool:
    """Is it a SQLite file that nobody has made? To connect to it, be it to ask, would make it."""
    name = str(connection.settings_dict["NAME"])
    return (
        connection.vendor == "sqlite"
        and connection.connection is None
        and not name.startswith((":memory:", "file:"))
        and not Path(name).exists()
    )


def _applied(connection: BaseDatabaseWrapper) -> set[str]:
    if not_there_yet(connection):
        return set()
    with connection.cursor() as cursor:
        if RECORD not in connection.introspection.table_names(cursor):
            return set()
        cursor.execute(f"SELECT name FROM {RECORD} WHERE app = %s", [APP])
        return {name for (name,) in cursor.fetchall()}
