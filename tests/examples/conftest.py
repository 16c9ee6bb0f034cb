"""The examples' tables in databases of the tests' own, under the name that the examples' tasks know: `default`."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connections
from pytest_django import DjangoDbBlocker

from klokker.service.database_url import SHARED
from tests.real import Database, PostgresServer
from tests.real.summary import used

APPS = ("klokker", "signalen", "privacyidea", "ddid", "lepton", "waldur")


@contextmanager
def as_default(database: Database) -> Iterator[None]:
    """Let `database` be Django's default one, with the options that the service has."""
    before = connections.settings["default"]
    _forget()
    options = {"OPTIONS": dict(SHARED)} if database.vendor == "sqlite" else {}
    connections.settings["default"] = {**before, **database.settings, **options}
    try:
        yield
    finally:
        _forget()
        connections.settings["default"] = before


def _forget() -> None:
    connections["default"].close()
    del connections["default"]


@pytest.fixture(scope="session")
def examples_file(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker) -> Path:
    """An SQLite file with all tables of the examples and nothing in them, to copy."""
    path = tmp_path_factory.mktemp("examples") / "klokker.sqlite3"
    with django_db_blocker.unblock(), as_default(Database.sqlite(path)):
        call_command("migrate", verbosity=0)
    return path


@pytest.fixture
def sqlite_tables(sqlite: Database, examples_file: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The examples' tables, empty, in a file of this test's own."""
    shutil.copy(examples_file, sqlite.path)
    with django_db_blocker.unblock(), as_default(sqlite):
        yield "sqlite"


@pytest.fixture(scope="session")
def examples_database(postgres_server: PostgresServer, django_db_blocker: DjangoDbBlocker) -> Iterator[Database]:
    """A PostgreSQL database with the examples' tables, which this process's tests use one after another."""
    with postgres_server.database() as database:
        with django_db_blocker.unblock(), as_default(database):
            call_command("migrate", verbosity=0)
        yield database


@pytest.fixture
def postgres_tables(
    examples_database: Database, postgres_server: PostgresServer, django_db_blocker: DjangoDbBlocker
) -> Iterator[str]:
    """The examples' tables, empty, on PostgreSQL."""
    used(postgres_server.described)
    with django_db_blocker.unblock(), as_default(examples_database):
        yield "postgresql"
        tables = [model._meta.db_table for label in APPS for model in apps.get_app_config(label).get_models()]
        with connections["default"].cursor() as cursor:
            cursor.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE")


@pytest.fixture(params=["sqlite", "postgres"])
def tables(request: pytest.FixtureRequest) -> str:
    """The examples' tables, empty, on each kind of database in turn; which kind it is."""
    chosen = request.getfixturevalue(f"{request.param}_tables")
    assert isinstance(chosen, str)
    return chosen
