"""The real parts as fixtures. Each test has databases of its own, also beside others under `pytest -n 2`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.database import Database
from tests.real.postgres import CHOICE, NoPostgres, OwnServer, PostgresServer, find_server
from tests.real.summary import missing, used


@pytest.fixture
def sqlite(tmp_path: Path) -> Database:
    """An SQLite database in a file of the test's own; the file is not made yet."""
    used("SQLite in a file")
    return Database.sqlite(tmp_path / "klokker.sqlite3")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """The server that all tests of this process share: the one that runs on this machine, or one of our own."""
    if CHOICE == "off":
        missing("PostgreSQL", "KLOKKER_TEST_POSTGRES=off")
    if CHOICE == "auto":
        try:
            server = find_server()
        except NoPostgres:
            pass
        else:
            keeper = server.keeper()
            yield server
            keeper.release()
            return
    try:
        own = OwnServer(prefer_wheel=True)
    except NoPostgres as reason:
        missing("PostgreSQL", f"none on 127.0.0.1:5432, and {reason}")
    yield own
    own.remove()


@pytest.fixture
def postgres(postgres_server: PostgresServer) -> Iterator[Database]:
    """An empty PostgreSQL database of the test's own, dropped at its end."""
    with postgres_server.database() as database:
        yield database


@pytest.fixture
def own_postgres() -> Iterator[OwnServer]:
    """A PostgreSQL server that belongs to this test alone, which it may kill and start again; make databases on it with `.database()`."""
    if CHOICE == "off":
        missing("a PostgreSQL server of the test's own", "KLOKKER_TEST_POSTGRES=off")
    try:
        server = OwnServer(prefer_wheel=CHOICE == "wheel")
    except NoPostgres as reason:
        missing("a PostgreSQL server of the test's own", str(reason))
    used(server.described)
    yield server
    server.remove()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> Database:
    """Each kind of database in turn, for what is to hold on all of them."""
    chosen = request.getfixturevalue(request.param)
    assert isinstance(chosen, Database)
    return chosen
