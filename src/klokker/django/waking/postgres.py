"""How do processes wake each other through PostgreSQL? By LISTEN and NOTIFY, on a connection that does nothing else.

Some poolers hand a connection from one client to the next after each transaction: LISTEN then seems to work, and nothing
is ever heard. So each listener first sends itself a notice through another connection, and believes what it hears.
"""

import secrets
import selectors
import socket
import threading
from collections.abc import Callable, Mapping
from typing import Any

import psycopg

from klokker.django.waking.waiting import Deaf
from klokker.store.unavailable import StoreUnavailable

CHANNEL = "klokker"

PROOF_WITHIN = 5.0
"""Seconds in which a listener must hear its own notice."""

LOOK_EACH = 60.0
"""Seconds after which a listener that heard nothing asks whether its connection still stands."""


class NoticeBell:
    """The bell of one PostgreSQL database. `notify` runs a statement on a connection of the store's."""

    def __init__(self, parameters: Callable[[], Mapping[str, Any]], notify: Callable[[str, str], None]) -> None:
        self.sender = secrets.token_hex(8)
        """Who rings: its own ring is heard here without the server's help, and not twice."""
        self._parameters = parameters
        self._notify = notify
        self._outer: socket.socket | None = None

    def listen(self, heard: Callable[[], None], stopped: threading.Event) -> None:
        """Listen on a connection of our own until stopped, or until it breaks."""
        inner, outer = socket.socketpair()
        with inner, outer:
            self._outer = outer
            try:
                with psycopg.connect(**self._parameters(), autocommit=True) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    self._prove(connection, stopped)
                    heard()
                    while not stopped.is_set():
                        self._hear(connection, inner, heard)
            except (psycopg.Error, StoreUnavailable) as error:
                raise Deaf(str(error)) from error
            finally:
                self._outer = None

    def ring(self) -> None:
        """A notice to all others."""
        self._notify(CHANNEL, self.sender)

    def interrupt(self) -> None:
        """Make the listener look up."""
        outer = self._outer
        if outer is not None:
            outer.send(b"\a")

    def _prove(self, connection: "psycopg.Connection[Any]", stopped: threading.Event) -> None:
        proof = f"proof {secrets.token_hex(8)}"
        self._notify(CHANNEL, proof)
        with selectors.DefaultSelector() as selector:
            selector.register(connection.fileno(), selectors.EVENT_READ)
            while not stopped.is_set():
                if proof in {notice.payload for notice in connection.notifies(timeout=0)}:
                    return
                if not selector.select(PROOF_WITHIN):
                    raise Deaf("a notice to ourselves was not heard: a pooler stands between us and the server")

    def _hear(self, connection: "psycopg.Connection[Any]", inner: socket.socket, heard: Callable[[], None]) -> None:
        """Wait for notices once."""
        with selectors.DefaultSelector() as selector:
            selector.register(connection.fileno(), selectors.EVENT_READ)
            selector.register(inner, selectors.EVENT_READ)
            ready = {key.fileobj for key, _ in selector.select(LOOK_EACH)}
        if inner in ready:
            inner.recv(1024)
        if not ready:
            # A server that is gone without a word shows only when it is asked.
            connection.execute("SELECT 1")
        notices = list(connection.notifies(timeout=0))
        if any(notice.payload != self.sender for notice in notices):
            heard()
