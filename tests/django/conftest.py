"""A Django database per test: migrated once, then copied."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connections
from pytest_django import DjangoDbBlocker

from tests.real import Database, PostgresServer
from tests.real.summary import used

ALIAS = "klokker"


@contextmanager
def as_alias(database: Database, alias: str = ALIAS) -> Iterator[str]:
    """Let Django know `database` under `alias`; its connections are closed at the end."""
    connections.settings[alias] = {**connections.settings["default"], **database.settings}
    try:
        yield alias
    finally:
        if hasattr(connections._connections, alias):  # type: ignore[attr-defined]
            connections[alias].close()
            del connections[alias]
        del connections.settings[alias]


def migrate(database: Database) -> None:
    with as_alias(database) as alias:
        call_command("migrate", database=alias, verbosity=0)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker) -> Path:
    """An SQLite file with all tables and nothing in them, to copy."""
    path = tmp_path_factory.mktemp("migrated") / "klokker.sqlite3"
    with django_db_blocker.unblock():
        migrate(Database.sqlite(path))
    return path


@pytest.fixture
def sqlite_alias(sqlite: Database, migrated_file: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """A migrated SQLite file of this test's own."""
    shutil.copy(migrated_file, sqlite.path)
    with django_db_blocker.unblock(), as_alias(sqlite) as alias:
        yield alias


@pytest.fixture(scope="session")
def migrated_database(postgres_server: PostgresServer, django_db_blocker: DjangoDbBlocker) -> Iterator[Database]:
    """A migrated PostgreSQL database that this process's tests use one after another: to empty it costs less than to copy one."""
    with postgres_server.database() as database:
        with django_db_blocker.unblock():
            migrate(database)
        yield database


@pytest.fixture
def postgres_alias(
    migrated_database: Database,
    postgres_server: PostgresServer,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[str]:
    """A migrated PostgreSQL database with nothing in it."""
    used(postgres_server.described)
    with django_db_blocker.unblock(), as_alias(migrated_database) as alias:
        yield alias
        empty(alias)


def empty(alias: str) -> None:
    """Take away all rows, and what a test may have put on the tables. TRUNCATE would make some forty new files."""
    tables = [model._meta.db_table for model in apps.get_app_config("klokker").get_models()]
    # What others refer to goes last.
    tables.sort(key=lambda table: table in ("klokker_schedule", "klokker_calendar"))
    with connections[alias].cursor() as cursor:
        cursor.execute("DROP FUNCTION IF EXISTS refuse CASCADE;" + ";".join(f"DELETE FROM {each}" for each in tables))


@pytest.fixture(params=["sqlite", "postgres"])
def alias(request: pytest.FixtureRequest) -> str:
    """Each kind of database in turn, migrated; its name in Django's DATABASES."""
    chosen = request.getfixturevalue(f"{request.param}_alias")
    assert isinstance(chosen, str)
    return chosen
