"""The command line as a person uses it: in a process of its own (`klokker`), or, far quicker, in this one (`cli`), on real databases."""

import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from subprocess import PIPE
from typing import IO, Any

import pytest
from django.core.management import call_command
from django.db import connections
from pytest_django import DjangoDbBlocker

from klokker.cli import acting
from klokker.cli.entry import run
from klokker.django.store import DjangoStore
from klokker.engine.clock import MACHINE
from klokker.service.database_url import read_database_url
from klokker.wiring import host
from tests.django.conftest import empty
from tests.real import Database, PostgresServer
from tests.real.summary import used

Klokker = Callable[..., "subprocess.CompletedProcess[str]"]


def clean_environment() -> dict[str, str]:
    """This process's environment without what Klokker or Django would read in it."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("KLOKKER_", "DJANGO_"))}


@pytest.fixture
def klokker(tmp_path: Path) -> Klokker:
    """Run `klokker` with these arguments; its data folder is `tmp_path / "home"`. `prefix`: a program that starts it."""
    environment = clean_environment() | {"KLOKKER_HOME": str(tmp_path / "home"), "PYTHONWARNINGS": "error"}

    def call(
        *arguments: str, stdout: IO[str] | int = PIPE, prefix: Sequence[str] = (), **more: str
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*prefix, str(Path(sys.executable).with_name("klokker")), *arguments],
            env=environment | more,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=PIPE,
            text=True,
            check=False,
            timeout=60,
        )

    return call


@dataclass(frozen=True)
class Said:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What `--json` printed."""
        return json.loads(self.out)

    @property
    def error(self) -> str:
        """The one message of a command that was refused."""
        assert self.err.startswith("klokker: "), self.err
        assert "Traceback" not in self.err
        return self.err.removeprefix("klokker: ").rstrip("\n")


@dataclass(frozen=True)
class Cli:
    """The command line in this process, on a database of the test's own; the tasks are those of `tests.cli.chores`."""

    folder: Path
    database: Database
    heard: "pytest.CaptureFixture[str]"

    def __call__(self, *arguments: str) -> Said:
        self.heard.readouterr()
        code = run(arguments)
        heard = self.heard.readouterr()
        return Said(int(code), heard.out, heard.err)

    def file(self, text: str, name: str = "shop.toml") -> str:
        """A file of this text in the test's folder; its path."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    def sync(self, text: str, name: str = "shop.toml") -> Said:
        """Make the schedules of this TOML."""
        said = self("sync", self.file(text, name), "--yes")
        assert said.code == 0, said.err
        return said


@contextmanager
def _as_default(settings: dict[str, Any]) -> Iterator[None]:
    """Django's default database is the one of these settings for a while."""
    before, known = connections["default"], connections.settings["default"]
    connections.settings["default"] = {**known, "OPTIONS": {}, **settings}
    del connections["default"]
    try:
        yield
    finally:
        connections["default"].close()
        connections.settings["default"] = known
        connections["default"] = before


@pytest.fixture(scope="session")
def with_tables(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker) -> Path:
    """An SQLite file with all tables and nothing in them, to copy."""
    path = tmp_path_factory.mktemp("with-tables") / "klokker.sqlite3"
    database = Database.sqlite(path)
    with django_db_blocker.unblock(), _as_default(read_database_url(database.url, home=path.parent)):
        call_command("migrate", verbosity=0)
    return path


@pytest.fixture(scope="session")
def postgres_with_tables(postgres_server: PostgresServer, django_db_blocker: DjangoDbBlocker) -> Iterator[Database]:
    """A PostgreSQL database with all tables, which this process's tests use one after another."""
    with postgres_server.database() as database:
        with django_db_blocker.unblock(), _as_default(read_database_url(database.url, home=Path())):
            call_command("migrate", verbosity=0)
        yield database


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process that has been told what the tests need, and forgets at the end how it was told to log."""
    for name in [name for name in os.environ if name.startswith("KLOKKER_") and not name.startswith("KLOKKER_TEST_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("KLOKKER_NODE", "here")
    monkeypatch.setenv("KLOKKER_TASKS", "tests.cli.chores")
    monkeypatch.setenv("KLOKKER_EXECUTOR", "inline")
    root = logging.getLogger()
    level = root.level
    yield
    root.setLevel(level)
    for handler in [each for each in root.handlers if each.get_name() == "klokker"]:
        root.removeHandler(handler)


@pytest.fixture
def cli(
    sqlite: Database,
    with_tables: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    django_db_blocker: DjangoDbBlocker,
    terminal: None,
) -> Iterator[Cli]:
    """The command line on an SQLite file."""
    del terminal
    shutil.copy(with_tables, sqlite.path)
    with django_db_blocker.unblock(), _as_default(read_database_url(sqlite.url, home=tmp_path)):
        yield Cli(tmp_path, sqlite, capfd)


@pytest.fixture
def cli_on_postgres(
    postgres_with_tables: Database,
    postgres_server: PostgresServer,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    django_db_blocker: DjangoDbBlocker,
    terminal: None,
) -> Iterator[Cli]:
    """The command line on PostgreSQL."""
    del terminal
    used(postgres_server.described)
    with django_db_blocker.unblock(), _as_default(read_database_url(postgres_with_tables.url, home=tmp_path)):
        yield Cli(tmp_path, postgres_with_tables, capfd)
        empty("default")


@pytest.fixture(params=["cli", "cli_on_postgres"])
def anywhere(request: pytest.FixtureRequest) -> Cli:
    """The command line on each kind of database in turn."""
    chosen = request.getfixturevalue(request.param)
    assert isinstance(chosen, Cli)
    return chosen


class Hands:
    """The clock of this process, turned by hand."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """What it shows."""
        return self.at

    def on(self, **length: float) -> None:
        """Turn it on by so much."""
        self.at += timedelta(**length)


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    """It is three in the night, and stays so until the test says otherwise. For SQLite: a server has a clock of its own."""
    hands = Hands(datetime(2026, 11, 21, 3, 0, tzinfo=UTC))
    monkeypatch.setattr(MACHINE, "wall", hands.now)
    for module in (host, acting):
        monkeypatch.setattr(module, "DjangoStore", partial(DjangoStore, clock=hands.now))
    return hands
