"""Copies of a database: made while it is in use, whole or not at all."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from django.db.backends.base.base import BaseDatabaseWrapper

from klokker.core.errors import KlokkerError


class CopyFailed(KlokkerError):
    """A database could not be copied or put back. `why` is what the system said."""

    def __init__(self, what: str, why: str) -> None:
        self.what = what
        self.why = why
        super().__init__(f"{what}: {why}")


class InUse(KlokkerError):
    """Somebody has the database open. `file`: which one."""

    def __init__(self, file: Path) -> None:
        self.file = file
        super().__init__(
            f"{file} is open in another process; stop it (a service, a worker, a shell), or say --force. Nothing was changed"
        )


class NotACopy(KlokkerError):
    """A file is no copy of a Klokker database, or is damaged. `why` says how that was seen."""

    def __init__(self, file: Path, why: str) -> None:
        self.file = file
        self.why = why
        super().__init__(f"{file} cannot be restored: {why}. Nothing was changed")


class ToolMissing(KlokkerError):
    """PostgreSQL's own program is needed, and is not on this machine."""

    def __init__(self, program: str) -> None:
        self.program = program
        super().__init__(
            f"{program} is not on this machine; install PostgreSQL's client programs (Debian: postgresql-client)"
        )


def copy_to(connection: BaseDatabaseWrapper, file: Path) -> None:
    """Copy the database to `file`, which appears whole or not at all. Raises CopyFailed, ToolMissing."""
    # Written aside and renamed, so that a kill or a full disk leaves no half copy under the name asked for.
    aside = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        if connection.vendor == "sqlite":
            _copy_sqlite(Path(str(connection.settings_dict["NAME"])), aside)
        else:
            _run("pg_dump", connection, "--format=custom", f"--file={aside}")
        aside.replace(file)
    except (OSError, sqlite3.Error) as error:
        raise CopyFailed(f"the copy to {file} failed", str(error)) from error
    finally:
        aside.unlink(missing_ok=True)


def restore_from(connection: BaseDatabaseWrapper, file: Path, *, force: bool = False) -> None:
    """Put the copy `file` in the database's place, at once or not at all, wherever this is killed.

    `force`: also while others have an SQLite file open. Raises CopyFailed, InUse, NotACopy, ToolMissing.
    """
    if connection.vendor != "sqlite":
        _run(
            "pg_restore",
            connection,
            "--clean",
            "--if-exists",
            "--single-transaction",
            "--no-owner",
            "--dbname",
            _name(connection),
            str(file),
        )
        return
    look_at(file)
    here = Path(str(connection.settings_dict["NAME"]))
    connection.close()
    try:
        if here.exists() and not _made_whole(here):
            if not force:
                raise InUse(here)
            _pour(file, here)
        else:
            _put(file, here)
    except (OSError, sqlite3.Error) as error:
        raise CopyFailed(f"restoring {file} failed", str(error)) from error


def refuse_if_open(connection: BaseDatabaseWrapper) -> None:
    """Raises InUse when somebody else has the SQLite file open."""
    here = Path(str(connection.settings_dict["NAME"]))
    connection.close()
    if here.exists() and _is_sound(here) and not _made_whole(here):
        raise InUse(here)


def set_aside(connection: BaseDatabaseWrapper) -> Path | None:
    """Keep what stands now, before something else takes its place (SQLite); where it is kept. Raises CopyFailed.

    A database that can be read is copied. One that is damaged is moved away as it is, with what belongs to it.
    """
    here = Path(str(connection.settings_dict["NAME"]))
    if not here.exists():
        return None
    connection.close()
    if _is_sound(here):
        aside = here.with_name(f"{here.stem}.before-restore{here.suffix}")
        copy_to(connection, aside)
        return aside
    aside = here.with_name(f"{here.stem}.damaged{here.suffix}")
    # The log first: without it a damaged file is what it was, and beside a new one it would be replayed into that.
    for companion in ("-wal", "-shm", ""):
        if (part := here.with_name(here.name + companion)).exists():
            part.replace(aside.with_name(aside.name + companion))
    return aside


def _is_sound(file: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            return bool(database.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")
    except sqlite3.DatabaseError:
        return False


def _made_whole(here: Path) -> bool:
    """Fold the write-ahead log into the file, so that it stands by itself; False when others have it open, who might write on."""
    with closing(sqlite3.connect(here, timeout=1)) as database:
        try:
            return bool(database.execute("PRAGMA journal_mode = DELETE").fetchone()[0] == "delete")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                return False
            raise


def _put(file: Path, here: Path) -> None:
    """The file `here` is this copy from one moment to the next."""
    aside = here.with_name(f".{here.name}.{os.getpid()}.part")
    try:
        shutil.copyfile(file, aside)
        aside.chmod(0o600)
        _to_disk(aside)
        aside.replace(here)
        _to_disk(here.parent)
    finally:
        aside.unlink(missing_ok=True)


def _pour(file: Path, here: Path) -> None:
    """Write the copy into the open database, in one transaction: those who have it open see the one or the other."""
    copy, database = sqlite3.connect(f"file:{file}?mode=ro&immutable=1", uri=True), sqlite3.connect(here, timeout=30)
    with closing(copy), closing(database):
        copy.backup(database)


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def look_at(file: Path) -> None:
    """Refuse a SQLite file that is damaged, or is no database of Klokker's. Raises NotACopy."""
    if not file.is_file():
        raise NotACopy(file, "there is no such file")
    try:
        copy = sqlite3.connect(f"file:{file}?mode=ro&immutable=1", uri=True)
        try:
            answer = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
            tables = {name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        finally:
            copy.close()
    except sqlite3.Error as error:
        raise NotACopy(file, str(error)) from error
    if answer != "ok":
        raise NotACopy(file, f"it is damaged ({answer})")
    if "klokker_schedule" not in tables:
        raise NotACopy(file, "it holds no tables of Klokker")


def _copy_sqlite(source: Path, aside: Path) -> None:
    if not source.exists():
        raise CopyFailed(f"there is no database {source} to copy", "it has not been made yet")
    os.close(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    read, write = sqlite3.connect(f"file:{source}?mode=ro", uri=True), sqlite3.connect(aside)
    try:
        # SQLite's own online copy: consistent, whoever writes meanwhile.
        read.backup(write)
    finally:
        write.close()
        read.close()
    _to_disk(aside)


def _run(program: str, connection: BaseDatabaseWrapper, *arguments: str) -> None:
    settings = connection.settings_dict
    environment = {
        **os.environ,
        **{
            variable: str(settings[key])
            for variable, key in (
                ("PGHOST", "HOST"),
                ("PGPORT", "PORT"),
                ("PGUSER", "USER"),
                ("PGPASSWORD", "PASSWORD"),
                ("PGDATABASE", "NAME"),
            )
            if settings.get(key)
        },
    }
    found = shutil.which(program)
    if found is None:
        raise ToolMissing(program)
    done = subprocess.run([found, *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CopyFailed(f"{program} failed", done.stderr.strip() or f"it ended with exit code {done.returncode}")


def _name(connection: BaseDatabaseWrapper) -> str:
    return str(connection.settings_dict["NAME"])
