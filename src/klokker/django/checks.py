"""Do the project's settings let Klokker work? What `manage.py check` says of it (docs/embedding.md)."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DEFAULT_DB_ALIAS, router

from klokker.django.settings import DATABASE_ALIAS, database_alias


@register(Tags.compatibility)
def aware_moments(app_configs: Sequence[AppConfig] | None, **_: Any) -> Iterable[CheckMessage]:
    """Without time zones, the two passes of a repeated hour cannot be told apart."""
    del app_configs
    if not settings.USE_TZ:
        yield Error(
            "Klokker needs moments that know their time zone.",
            hint="Set USE_TZ = True in the project's settings.",
            id="klokker.E001",
        )


@register(Tags.database)
def tables_have_a_database(app_configs: Sequence[AppConfig] | None, **_: Any) -> Iterable[CheckMessage]:
    """A database of its own must exist, and a router must send Klokker's records there."""
    del app_configs
    alias = database_alias()
    if alias not in settings.DATABASES:
        yield Error(
            f"{DATABASE_ALIAS} names {alias!r}, which is not in DATABASES.",
            hint=f"Write one of {', '.join(sorted(settings.DATABASES))}, or add {alias!r} to DATABASES.",
            id="klokker.E002",
        )
    elif alias != DEFAULT_DB_ALIAS and router.db_for_write(_run()) != alias:
        yield Error(
            f"{DATABASE_ALIAS} names {alias!r}, but the project's routers send Klokker's records elsewhere.",
            hint='Add "klokker.django.routing.KlokkerRouter" to DATABASE_ROUTERS.',
            id="klokker.E003",
        )


@register(Tags.database)
def sqlite_is_shared(app_configs: Sequence[AppConfig] | None, **_: Any) -> Iterable[CheckMessage]:
    """In SQLite, a transaction that begins by reading cannot write any more once another process has written."""
    del app_configs
    database: Any = settings.DATABASES.get(database_alias(), {})
    shared = str(database.get("OPTIONS", {}).get("transaction_mode")).upper() == "IMMEDIATE"
    if str(database.get("ENGINE")).endswith("sqlite3") and not shared:
        yield Warning(
            "Transactions of tasks and views may fail at once with “database is locked”: processes share this SQLite file.",
            hint='Set OPTIONS = {"transaction_mode": "IMMEDIATE", "timeout": 20} for it in DATABASES.',
            id="klokker.W001",
        )


def _run() -> Any:
    from klokker.django.models import Run

    return Run
