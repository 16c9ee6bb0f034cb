"""Through which connection does the store speak, and when does what it wrote count?

In a host's code (`enqueue`, operations) through the host's own connection, inside the transaction that is open there: it
commits or vanishes with it. In the engine through connections of its own, one a thread, with settings that the host's
need not share: nothing that a task does to the host's connection touches them.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from copy import deepcopy
from typing import Any, Protocol

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.utils import ConnectionHandler
from django.db.utils import Error as AnyDatabaseError

from klokker.django.settings import Synchronous
from klokker.django.store import plans
from klokker.django.store.opened_file import OpenedFiles
from klokker.django.store.refusals import meaning
from klokker.store.unavailable import StoreLocked

IDLE_IN_TRANSACTION = 5
"""Seconds after which the server ends a transaction of ours in which nothing happens: its process was stopped, or lost."""

STATEMENT = 60
"""Seconds that one statement may take on a server. Ours take milliseconds."""

LOCK = 10
"""Seconds to wait for what somebody else holds."""

SWITCHES = 10
"""So often does a new connection try to switch a file to WAL. Each time one of those that meet gets through, and then all are."""


class Connection(Protocol):
    """Where statements go."""

    def wrapper(self) -> BaseDatabaseWrapper:
        """Django's connection of this thread, connected or about to be."""

    def keeping_cursor(self) -> CursorWrapper:
        """A cursor for a statement that is the same each time, and without values: its plan is kept where that may be."""

    def settings(self) -> Mapping[str, Any]:
        """Its entry in Django's DATABASES."""

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, for writing. Within a transaction of the host's: all or nothing as far as that one commits."""

    def snapshot(self) -> AbstractContextManager[None]:
        """Several reads of one moment's state."""

    def in_host_transaction(self) -> bool:
        """Is a transaction open that is not ours to begin anew?"""

    def after_commit(self, call: Callable[[], object]) -> None:
        """Call when what was written counts: now, or when the host's transaction commits; never if it does not."""

    def let_go(self) -> None:
        """Close the connection of this thread; the next statement opens a new one. A host's connection is the host's to close."""

    def close(self) -> None:
        """Close the connections of all threads."""


class HostConnection:
    """The host's connection of each thread, as Django keeps it."""

    def __init__(self, alias: str) -> None:
        self.alias = alias

    def wrapper(self) -> BaseDatabaseWrapper:
        return connections[self.alias]

    def keeping_cursor(self) -> CursorWrapper:
        return self.wrapper().cursor()

    def settings(self) -> Mapping[str, Any]:
        return connections[self.alias].settings_dict

    @contextmanager
    def transaction(self) -> Iterator[None]:
        # A reader that turns writer is refused at once when somebody wrote meanwhile, however long it would wait.
        with self._begun("IMMEDIATE"):
            yield

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        begins = not self.in_host_transaction()
        with self._begun("DEFERRED"):
            # Within the host's own transaction, its isolation says what is seen.
            if begins and self.wrapper().vendor == "postgresql":
                with self.wrapper().cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield

    @contextmanager
    def _begun(self, mode: str) -> Iterator[None]:
        """A transaction, or a savepoint of the host's. `mode`: how SQLite is to begin one, whatever the host has settled."""
        wrapper = self.wrapper()
        begins = wrapper.vendor == "sqlite" and not wrapper.in_atomic_block
        settled: Any = getattr(wrapper, "transaction_mode", None)
        if begins:
            wrapper.transaction_mode = mode  # type: ignore[attr-defined] # of SQLite's wrapper alone
        try:
            with transaction.atomic(using=self.alias):
                yield
        finally:
            if begins:
                wrapper.transaction_mode = settled  # type: ignore[attr-defined]

    def in_host_transaction(self) -> bool:
        return connections[self.alias].in_atomic_block

    def after_commit(self, call: Callable[[], object]) -> None:
        transaction.on_commit(call, using=self.alias)

    def let_go(self) -> None:
        """Nothing: a request or a test may still be using it."""

    def close(self) -> None:
        """Nothing, likewise."""


class OwnConnection:
    """A connection of the engine's own for each thread that asks, to the database that `alias` names."""

    def __init__(self, alias: str, synchronous: Synchronous) -> None:
        self._synchronous = synchronous
        self._handler = ConnectionHandler({"default": _own_settings(connections[alias])})
        # Those of threads that are gone stay until `close`: dropped while open, they could only complain.
        self._made: set[BaseDatabaseWrapper] = set()
        self._files = OpenedFiles()
        self._lock = threading.Lock()

    def settings(self) -> Mapping[str, Any]:
        return self._handler["default"].settings_dict

    def wrapper(self) -> BaseDatabaseWrapper:
        wrapper = self._handler["default"]
        if wrapper.connection is not None and self._files.replaced(wrapper):
            wrapper.close()
        if wrapper.connection is None:
            self._files.connects(wrapper)
            with self._lock:
                if wrapper not in self._made:
                    # So that `close` may close it from the thread that stops the process.
                    wrapper.inc_thread_sharing()
                    self._made.add(wrapper)
            # Django wraps the driver's errors where it connects by itself; asked to connect, it does not.
            with wrapper.wrap_database_errors:
                wrapper.connect()
            try:
                _prepare(wrapper, self._synchronous)
            except AnyDatabaseError:
                wrapper.close()
                raise
        return wrapper

    def keeping_cursor(self) -> CursorWrapper:
        return plans.keeping_cursor(self.wrapper())

    @contextmanager
    def transaction(self) -> Iterator[None]:
        wrapper = self.wrapper()
        # Not Django's `atomic`: there is nothing to nest, and a broken connection is closed by who understands the error.
        wrapper.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
        try:
            yield
            wrapper.commit()
        except BaseException:
            _roll_back(wrapper)
            raise
        finally:
            if wrapper.connection is not None:
                wrapper.set_autocommit(True)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        wrapper = self.wrapper()
        begin = "BEGIN DEFERRED" if wrapper.vendor == "sqlite" else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        with wrapper.cursor() as cursor:
            cursor.execute(begin)
            try:
                yield
            finally:
                if wrapper.connection is not None:
                    cursor.execute("COMMIT")

    def in_host_transaction(self) -> bool:
        return False

    def after_commit(self, call: Callable[[], object]) -> None:
        call()

    def let_go(self) -> None:
        wrapper = self._handler["default"]
        wrapper.close()
        with self._lock:
            self._made.discard(wrapper)

    def close(self) -> None:
        with self._lock:
            for wrapper in self._made:
                wrapper.close()
            self._made.clear()


def _roll_back(wrapper: BaseDatabaseWrapper) -> None:
    try:
        wrapper.rollback()
    except AnyDatabaseError:
        # It cannot even be told to forget: then it goes, and the database forgets by itself.
        wrapper.close()


def _own_settings(host: BaseDatabaseWrapper) -> dict[str, Any]:
    settings = deepcopy(host.settings_dict)
    options = settings["OPTIONS"] = dict(settings.get("OPTIONS") or {})
    settings |= {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": False, "ATOMIC_REQUESTS": False, "AUTOCOMMIT": True}
    if host.vendor == "sqlite":
        options |= {"transaction_mode": "IMMEDIATE", "timeout": LOCK}
    else:
        options.pop("pool", None)
        options.pop("isolation_level", None)
        # A host that is gone without a word is noticed within half a minute, not within hours.
        patience = {
            "connect_timeout": 10,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 25_000,
        }
        settings["OPTIONS"] = patience | options
    return settings


def _prepare(wrapper: BaseDatabaseWrapper, synchronous: Synchronous) -> None:
    """Say what a new connection of the engine needs and its host's settings may lack."""
    with wrapper.cursor() as cursor:
        if wrapper.vendor == "sqlite":
            _use_wal(cursor)
            cursor.execute(f"PRAGMA synchronous = {synchronous}")
            return
        cursor.execute(
            f"SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED;"
            f"SET idle_in_transaction_session_timeout = '{IDLE_IN_TRANSACTION}s';"
            f"SET statement_timeout = '{STATEMENT}s';"
            f"SET lock_timeout = '{LOCK}s'"
        )
    plans.let_it_keep(wrapper)


def _use_wal(cursor: CursorWrapper) -> None:
    """Let readers and a writer go together; the file remembers it, so that only the first connections ever switch.

    SQLite does not wait for a writer when it switches: of several that begin at once, all but one are refused. Each of
    them waits for its turn with a transaction, which does wait, and looks again.
    """
    for tries_left in reversed(range(SWITCHES)):
        cursor.execute("PRAGMA journal_mode")
        if cursor.fetchone()[0] in ("wal", "memory"):
            return
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except AnyDatabaseError as error:
            if meaning(error) is not StoreLocked or not tries_left:
                raise
            cursor.execute("BEGIN EXCLUSIVE")
            cursor.execute("COMMIT")
