"""The glance of an idle tick is planned once for each connection, where the server itself answers."""

import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.db import connections

from klokker.django.store import DjangoStore
from klokker.django.store.glancing import HEADS
from tests.django.conftest import as_alias
from tests.real import Database

KEY_OF_THE_SERVER = b"K\x00\x00\x00\x0c"
"""How the server begins to tell a new client what to cancel it by; the process id follows (PostgreSQL's manual, 55.7)."""


class Pooler:
    """Stands between clients and a server, and like a pooler tells its clients a process id of its own."""

    def __init__(self, host: str, port: int) -> None:
        self._to = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._to)
                for here, there in ((client, server), (server, client)):
                    threading.Thread(target=self._pass_on, args=(here, there), daemon=True).start()

    def _pass_on(self, here: socket.socket, there: socket.socket) -> None:
        with suppress(OSError):
            while said := here.recv(1 << 16):
                before, key, after = said.partition(KEY_OF_THE_SERVER)
                there.sendall(before + key + struct.pack("!i", 1) + after[4:] if key else said)
            there.shutdown(socket.SHUT_WR)


@pytest.fixture
def pooled_alias(postgres_alias: str) -> Iterator[str]:
    """The database behind a pooler."""
    known = connections[postgres_alias].settings_dict
    pooler = Pooler(str(known["HOST"]), int(known["PORT"] or 5432))
    url = f"postgresql://{known['USER']}@127.0.0.1:{pooler.port}/{known['NAME']}"
    with as_alias(Database(url), "pooled") as alias:
        yield alias
    pooler.close()


def test_the_server_keeps_the_plan_of_a_glance(postgres_alias: str) -> None:
    assert _kept(postgres_alias) == [HEADS]


def test_behind_a_pooler_nothing_is_kept(pooled_alias: str) -> None:
    assert _kept(pooled_alias) == []


def test_a_plan_made_while_the_tables_are_empty_finds_everything_by_an_index(postgres_alias: str) -> None:
    """It is kept for as long as the connection is, whatever the tables come to hold."""
    with connections[postgres_alias].cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {HEADS}")
        (explained,) = cursor.fetchone()
    plan = json.loads(explained) if isinstance(explained, str) else explained
    assert set(_kinds(plan[0]["Plan"])) == {"Result", "Limit", "Index Scan", "Index Only Scan"}


def _kept(alias: str) -> list[str]:
    """The statements whose plans the server keeps for an engine that has glanced twice."""
    store = DjangoStore(alias, own_connections=True)
    try:
        for _ in range(2):
            assert store.glance(store.now()).next_at is None
        with store._db.connection.wrapper().cursor() as cursor:
            cursor.execute("SELECT statement FROM pg_prepared_statements")
            return [statement for (statement,) in cursor.fetchall()]
    finally:
        store.close()


def _kinds(node: dict[str, Any]) -> Iterator[str]:
    yield node["Node Type"]
    for part in node.get("Plans", ()):
        yield from _kinds(part)
