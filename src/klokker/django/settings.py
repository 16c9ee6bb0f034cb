"""What may a project say in its Django settings about where Klokker's records are? (docs/embedding.md)

Everything else about the engine stands in `KLOKKER = {…}` and the environment (docs/settings.md).
"""

from enum import StrEnum
from typing import Final

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS

DATABASE_ALIAS: Final = "KLOKKER_DATABASE_ALIAS"
SQLITE_SYNCHRONOUS: Final = "KLOKKER_SQLITE_SYNCHRONOUS"


class Synchronous(StrEnum):
    """How far SQLite waits for the disk at each commit."""

    FULL = "FULL"
    """Until it is on the disk: nothing committed is lost when the power fails."""
    NORMAL = "NORMAL"
    """Not at all: nothing is damaged when the power fails, but the last moments may be undone; a task may then run twice."""


def database_alias() -> str:
    """The name, in DATABASES, of the database that holds Klokker's tables."""
    return str(getattr(settings, DATABASE_ALIAS, DEFAULT_DB_ALIAS))


def synchronous() -> Synchronous:
    """KLOKKER_SQLITE_SYNCHRONOUS: "FULL" (the default) or "NORMAL". Raises ValueError for another word."""
    return Synchronous(str(getattr(settings, SQLITE_SYNCHRONOUS, Synchronous.FULL)).upper())
