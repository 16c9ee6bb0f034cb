"""Who cleans up when the tests are killed? A small process that outlives them.

It is started beside each thing that must not stay behind, holds one end of a pipe, and cleans up when the other end closes: in the ordinary
way at the end of the session, and just so after Ctrl-C or SIGKILL, because the system closes the pipes of whoever dies.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path


class Keeper:
    """Cleans up after this process: `release()` does it now and waits; the end of this process, however it comes, does it too."""

    def __init__(self, *order: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, *order],
            stdin=subprocess.PIPE,
            # A session of its own: Ctrl-C in the terminal ends the tests, not their keeper.
            start_new_session=True,
        )

    @classmethod
    def of_server(cls, folder: Path) -> "Keeper":
        """Ends the PostgreSQL server whose data stands in `folder`/data, then removes `folder`."""
        return cls("server", str(folder))

    @classmethod
    def of_databases(cls, address: str, prefix: str) -> "Keeper":
        """Drops the databases of the server at `address` whose names begin with `prefix`."""
        return cls("databases", address, prefix)

    def release(self) -> None:
        # communicate() closes our end of the pipe.
        self._process.communicate(timeout=60)
        if self._process.returncode:
            raise RuntimeError(
                f"a keeper could not clean up: exit code {self._process.returncode}; its reason stands above"
            )


def end_server(folder: Path) -> None:
    """SIGQUIT: the server ends at once and takes its children along. What it wrote goes away with the folder."""
    pid_file = folder / "data" / "postmaster.pid"
    # A server killed by its test leaves the file behind: the number may be another process's by now, so look where it stands.
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        pid = int(pid_file.read_text().splitlines()[0])
        if Path(f"/proc/{pid}/cwd").resolve() == (folder / "data").resolve():
            os.kill(pid, signal.SIGQUIT)
    # The server and the children of a killed one may still write for a moment.
    pause = threading.Event()
    for _ in range(200):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        pause.wait(0.05)
    shutil.rmtree(folder)


def drop_databases(address: str, prefix: str) -> None:
    import psycopg
    from psycopg import sql

    with psycopg.connect(address, autocommit=True) as server:
        names = server.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix]).fetchall()
        for (name,) in names:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def main() -> None:
    what, *order = sys.argv[1:]
    sys.stdin.buffer.read()
    if what == "server":
        end_server(Path(order[0]))
    else:
        drop_databases(*order)


if __name__ == "__main__":
    main()
