"""The store's connections: what the engine's own settle when they open, and what the host's see."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connections
from django.db.backends.signals import connection_created
from pytest_django import DjangoDbBlocker

from klokker.core.lifecycle import RunKind
from klokker.django.models import Run
from klokker.django.store import DjangoStore
from klokker.django.store.connection import HostConnection
from klokker.store.contract import NewRun
from klokker.store.unavailable import StoreUnavailable
from tests.django.conftest import as_alias
from tests.real import Database


@pytest.fixture
def old_file(sqlite_alias: str) -> Path:
    """A migrated file that keeps a rollback journal, as an older SQLite or a host's settings leave it."""
    path = Path(connections[sqlite_alias].settings_dict["NAME"])
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)
    return path


def test_a_file_is_switched_to_wal_once_its_writer_is_done(sqlite_alias: str, old_file: Path) -> None:
    """SQLite refuses the switch at once while somebody writes, whatever its timeout says."""
    writer = sqlite3.connect(old_file, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    asked: list[str] = []

    def hear(statement: str) -> None:
        # The writer is done once the switch has been asked for, and refused.
        if "journal_mode = WAL" in "".join(asked) and writer.in_transaction:
            writer.execute("COMMIT")
        asked.append(statement)

    def listen(connection: object, **_: object) -> None:
        connection.connection.set_trace_callback(hear)  # type: ignore[attr-defined] # the driver's own connection

    connection_created.connect(listen)
    store = DjangoStore(sqlite_alias, own_connections=True)
    try:
        assert store.schedules() == []
    finally:
        connection_created.disconnect(listen)
        store.close()
        writer.close()
    with closing(sqlite3.connect(old_file)) as raw:
        assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_what_is_read_together_through_the_hosts_connection_is_of_one_moment_and_in_nobodys_way(alias: str) -> None:
    """Otherwise an account would call lost what a scheduler decides between its reads."""
    host = connections[alias]
    host.ensure_connection()
    if host.vendor == "sqlite":
        host.transaction_mode = "IMMEDIATE"  # type: ignore[attr-defined] # as the standalone service has it
    scheduler = DjangoStore(alias, own_connections=True)
    now = scheduler.now()
    try:
        with HostConnection(alias).snapshot():
            assert Run.objects.using(alias).count() == 0
            scheduler.enqueue([NewRun(RunKind.ENQUEUED, "sweep", (), {}, now)], now=now)
            assert Run.objects.using(alias).count() == 0
        assert Run.objects.using(alias).count() == 1
    finally:
        scheduler.close()


@pytest.mark.parametrize(
    "url", ["postgresql://postgres@127.0.0.1:1/klokker", "sqlite:////no/such/folder/klokker.sqlite3"]
)
def test_a_database_that_cannot_be_reached_is_said_to_be_just_that(
    url: str, django_db_blocker: DjangoDbBlocker
) -> None:
    with django_db_blocker.unblock(), as_alias(Database(url)) as alias:
        store = DjangoStore(alias, own_connections=True)
        with pytest.raises(StoreUnavailable, match="The database does not answer"):
            store.schedules()
        store.close()


def test_a_file_that_is_gone_is_not_worked_on_and_one_in_its_place_is(sqlite_alias: str) -> None:
    """Otherwise all that a process writes after a deletion, or after another file was put there, is lost without a word."""
    path = Path(connections[sqlite_alias].settings_dict["NAME"])
    connections[sqlite_alias].close()
    other = path.with_name("other.sqlite3")
    store = DjangoStore(sqlite_alias, own_connections=True)
    try:
        assert store.lanes() == []
        with closing(sqlite3.connect(path)) as raw:
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy(path, other)
        for companion in ("", "-wal", "-shm"):
            path.with_name(path.name + companion).unlink(missing_ok=True)
        with pytest.raises(StoreUnavailable, match="it is not there"):
            store.lanes()
        assert not path.exists()
        shutil.copy(other, path)
        assert store.lanes() == []
        with closing(sqlite3.connect(other)) as raw:
            raw.execute("INSERT INTO klokker_lane (name, \"limit\", paused, description) VALUES ('heavy', 1, 0, '')")
            raw.commit()
        for companion in ("-wal", "-shm"):
            path.with_name(path.name + companion).unlink(missing_ok=True)
        other.replace(path)
        assert [lane.name for lane in store.lanes()] == ["heavy"]
    finally:
        store.close()
