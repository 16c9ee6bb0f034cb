"""The real PostgreSQL that tests stand on: databases of one's own, servers that rise again, nothing left behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.real.database import Database
from tests.real.postgres import CHOICE, OwnServer, PostgresServer
from tests.real.summary import missing
from tests.waiting import StillWaiting, until


def test_a_database_is_empty_and_gone_afterwards(postgres_server: PostgresServer) -> None:
    with postgres_server.database() as database, psycopg.connect(database.url) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(database.url)


def test_a_database_is_dropped_under_a_connection_that_stays(postgres_server: PostgresServer) -> None:
    with postgres_server.database() as database:
        connection = psycopg.connect(database.url)
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
    connection.close()


def test_a_template_is_filled_once_and_copied(postgres_server: PostgresServer) -> None:
    filled: list[Database] = []

    def prepare(database: Database) -> None:
        filled.append(database)
        with psycopg.connect(database.url) as connection:
            connection.execute("CREATE TABLE told (word text)")

    for _ in range(2):
        with (
            postgres_server.database(postgres_server.template("told", prepare)) as database,
            psycopg.connect(database.url) as connection,
        ):
            connection.execute("INSERT INTO told VALUES ('tick')")
            assert connection.execute("SELECT count(*) FROM told").fetchone() == (1,)
    assert len(filled) == 1


def test_waiting_ends_at_its_deadline_and_says_what_it_saw() -> None:
    with pytest.raises(StillWaiting, match=r"a full moon did not come within 0 s; last seen: \[\]"):
        until(list, "a full moon", within=0)


@pytest.fixture(params=["debian", "wheel"])
def server(request: pytest.FixtureRequest) -> Iterator[OwnServer]:
    if CHOICE == "off":
        missing("a PostgreSQL server of the test's own", "KLOKKER_TEST_POSTGRES=off")
    own = OwnServer(prefer_wheel=request.param == "wheel")
    yield own
    own.remove()


def broken(connection: "psycopg.Connection[tuple[object, ...]]") -> bool:
    """Does it answer no more?"""
    try:
        connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return True
    return False


@pytest.mark.acceptance
def test_a_killed_server_comes_back_with_what_was_committed(server: OwnServer) -> None:
    with server.database() as database:
        with psycopg.connect(database.url) as connection:
            connection.execute("CREATE TABLE told (word text)")
            connection.execute("INSERT INTO told VALUES ('before')")
        open_one = psycopg.connect(database.url)
        open_one.execute("INSERT INTO told VALUES ('never committed')")
        server.kill()
        # Its processes notice one by one that it is gone; until then they may answer.
        until(lambda: broken(open_one), "the end of an open connection")
        open_one.close()
        server.start()
        with psycopg.connect(database.url) as connection:
            assert connection.execute("SELECT word FROM told").fetchall() == [("before",)]


@pytest.mark.acceptance
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["interrupted", "killed"])
def test_nothing_stays_behind_when_the_tests_themselves_end_early(how: signal.Signals, server: OwnServer) -> None:
    """A process that stands for the test run makes a database here and a server of its own, and is then ended from outside."""
    script = (
        "import threading\n"
        "from tests.real.postgres import OwnServer, PostgresServer\n"
        f"there = PostgresServer({server.address!r}, 'there')\n"
        "keeper = there.keeper()\n"
        "with there.database() as database:\n"
        f"    own = OwnServer(prefer_wheel={'wheel' in server.described})\n"
        "    print(own._folder, own.address, flush=True)\n"
        "    threading.Event().wait()\n"
    )
    run = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert run.stdout is not None
    folder, address = run.stdout.readline().split()
    psycopg.connect(f"{address}/postgres").close()
    os.kill(run.pid, how)
    run.communicate()

    def databases() -> list[str]:
        with psycopg.connect(f"{server.address}/postgres") as connection:
            rows = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'klokker%'").fetchall()
        return [row[0] for row in rows]

    until(lambda: not databases(), "the end of the databases", within=20)
    until(lambda: not Path(folder).exists(), "the end of the server's folder", within=20)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(f"{address}/postgres", connect_timeout=3)
