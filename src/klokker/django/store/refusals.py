"""What does a database's refusal mean: try again at once, come back later, or is it our own fault?

Databases say it in codes (SQLSTATE, SQLite's result codes); people get one of our errors, with what to do.
"""

import sqlite3
from collections.abc import Mapping

from django.db import DatabaseError, InterfaceError
from django.db.utils import Error as AnyDatabaseError

from klokker.store.unavailable import (
    OlderSchema,
    StoreFull,
    StoreLocked,
    StoreReadOnly,
    StoreUnavailable,
)


class Contended(Exception):
    """Two transactions met: this one was taken back and may be tried again at once. Never leaves the store."""


_SQLSTATES: Mapping[str, type[Exception]] = {
    "40001": Contended,  # serialization failure
    "40P01": Contended,  # deadlock detected
    "55P03": StoreLocked,  # lock not available (lock_timeout)
    "57014": StoreLocked,  # query cancelled (statement_timeout)
    "25006": StoreReadOnly,  # read-only transaction
    "42501": StoreReadOnly,  # insufficient privilege
    "53100": StoreFull,  # disk full
    "42P01": OlderSchema,  # undefined table
    "42703": OlderSchema,  # undefined column
}

_UNIQUE_VIOLATION = "23505"
_RACED = frozenset({"klokker_run_one_turn", "klokker_schedule_name", "klokker_tally_day"})
"""Somebody was first while we looked: looking again says who, and what follows."""

_UNAVAILABLE_CLASSES = ("08", "28", "3D", "53", "57", "58", "25P")
"""Connection lost; not let in; no such database; out of resources; server going down; its system failed; sat idle for too long."""

_MISTOLD = ("invalid connection option", "bad value for")
"""How psycopg words an option of the database's URL that it does not take."""

_SQLITE_CODES: Mapping[int, type[Exception]] = {
    sqlite3.SQLITE_BUSY: StoreLocked,
    sqlite3.SQLITE_LOCKED: StoreLocked,
    sqlite3.SQLITE_READONLY: StoreReadOnly,
    sqlite3.SQLITE_PERM: StoreReadOnly,
    sqlite3.SQLITE_FULL: StoreFull,
    sqlite3.SQLITE_IOERR: StoreUnavailable,
    sqlite3.SQLITE_CANTOPEN: StoreUnavailable,
    sqlite3.SQLITE_CORRUPT: StoreUnavailable,
    sqlite3.SQLITE_NOTADB: StoreUnavailable,
    sqlite3.SQLITE_PROTOCOL: StoreLocked,
}

_SQLITE_FULL_IN_DISGUISE = frozenset({sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_FSYNC})
"""What a disk quota or a limit on the size of files looks like."""


def meaning(error: AnyDatabaseError) -> type[Exception] | None:
    """Contended, one of the errors of `store.unavailable`, or None: not the database's state, but this statement or its data."""
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        return _of_sqlite(cause)
    sqlstate: str | None = getattr(cause, "sqlstate", None)
    if sqlstate is not None:
        if sqlstate == _UNIQUE_VIOLATION and violated(error) in _RACED:
            return Contended
        if sqlstate in _SQLSTATES:
            return _SQLSTATES[sqlstate]
        return StoreUnavailable if sqlstate.startswith(_UNAVAILABLE_CLASSES) else None
    # No code: the driver speaks, not the server. It has lost the connection, or never had one.
    unreached = isinstance(error, InterfaceError) or _is_operational(error) or str(error).startswith(_MISTOLD)
    return StoreUnavailable if unreached else None


def violated(error: AnyDatabaseError) -> str:
    """The name of the constraint that a statement has hurt, where the database says it; else empty."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return str(getattr(diagnosis, "constraint_name", None) or "")


def _of_sqlite(cause: sqlite3.Error) -> type[Exception] | None:
    extended: int | None = getattr(cause, "sqlite_errorcode", None)
    if extended is None:
        return StoreUnavailable if isinstance(cause, sqlite3.InterfaceError | sqlite3.ProgrammingError) else None
    if extended in _SQLITE_FULL_IN_DISGUISE:
        return StoreFull
    if extended == sqlite3.SQLITE_ERROR and str(cause).startswith(("no such table", "no such column")):
        return OlderSchema
    return _SQLITE_CODES.get(extended & 0xFF)


def _is_operational(error: AnyDatabaseError) -> bool:
    return isinstance(error, DatabaseError) and type(error).__name__ == "OperationalError"
