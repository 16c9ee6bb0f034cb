"""A TCP proxy before a PostgreSQL server that loses what it is told to lose: a question on its way there, or an answer on its way back."""

import socket
import threading
from contextlib import suppress
from enum import Enum

READY_FOR_QUERY = b"Z\x00\x00\x00\x05"
"""How the server ends each answer; one byte follows, which says whether a transaction is open."""


class Loses(Enum):
    """What is lost. In either case the connection is cut."""

    QUESTION = "question"
    """The server never hears it."""
    ANSWER = "answer"
    """The server has done it, and nobody hears that it has."""


class Proxy:
    """Listens on a port of its own; `lose` says what the next connection that asks loses, once."""

    def __init__(self, host: str, port: int) -> None:
        self._to = (host, port)
        self._lock = threading.Lock()
        self._loses: tuple[Loses, bytes, int] | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def lose(self, what: Loses, matching: bytes = b"", *, after: int = 0) -> None:
        """Lose this of the first question that contains `matching`, `after` others that do passed."""
        with self._lock:
            self._loses = (what, matching, after)

    @property
    def lost(self) -> bool:
        """Has it lost what it was told to lose?"""
        return self._loses is None

    def close(self) -> None:
        self._listener.close()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        """One connection. The client asks, the server answers, in turns; so one thread does both."""
        with client, socket.create_connection(self._to) as server, suppress(OSError):
            started = False
            while question := self._read_question(client, server):
                loses = self._meant(question) if started else None
                started = True
                if loses is Loses.QUESTION:
                    return
                server.sendall(question)
                if loses is Loses.ANSWER:
                    _skip_answer(server)
                    return

    def _read_question(self, client: socket.socket, server: socket.socket) -> bytes:
        """What the client says next; meanwhile it is handed what the server says."""
        import select

        while True:
            readable, _, _ = select.select([client, server], [], [])
            if server in readable:
                answer = server.recv(1 << 16)
                if not answer:
                    return b""
                client.sendall(answer)
            if client in readable:
                return client.recv(1 << 20)

    def _meant(self, question: bytes) -> Loses | None:
        with self._lock:
            if self._loses is None:
                return None
            what, matching, after = self._loses
            if matching not in question:
                return None
            self._loses = (what, matching, after - 1) if after else None
            return None if after else what


def _skip_answer(server: socket.socket) -> None:
    """Read the whole answer, so that what was asked is done."""
    tail = b""
    while READY_FOR_QUERY not in tail[-6:]:
        more = server.recv(1 << 16)
        if not more:
            return
        tail = tail[-6:] + more
