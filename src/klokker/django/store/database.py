"""How does a verb talk to the database? In statements with named values, in transactions, with its refusals understood."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from django.db.utils import Error as AnyDatabaseError

from klokker.django.store.connection import Connection
from klokker.django.store.dialect import DIALECTS, Dialect, Kind, Table, Value, Values
from klokker.django.store.refusals import Contended, meaning
from klokker.django.store.rows import reader
from klokker.store.unavailable import StoreLocked, StoreUnavailable

Row = TypeVar("Row", bound=NamedTuple)
Answer = TypeVar("Answer")

TRIES = 10
"""So often is a transaction begun anew that met another one. Each time one of the two gets through, so this is plenty."""


class Database:
    """The statements of one database. Safe from several threads: each has its own connection."""

    def __init__(self, connection: Connection, vendor: str) -> None:
        self.connection = connection
        self.dialect: Dialect = DIALECTS[vendor]
        self.described = described(vendor, connection.settings())
        """Which database this is, for people: without a password."""

    # statements

    def rows(self, kind: type[Row], sql: str, values: Values | None = None, *tables: Table) -> list[Row]:
        """The rows of the answer, each as a `kind`."""
        read = reader(kind, self.dialect.moment)
        return [read(row) for row in self.plain_rows(sql, values, *tables)]

    def plain_rows(self, sql: str, values: Values | None = None, *tables: Table) -> list[Sequence[object]]:
        """The rows of the answer as the driver has them."""
        parameters = self._parameters(values, tables)
        with self.connection.wrapper().cursor() as cursor:
            cursor.execute(sql, parameters)
            answer: list[Sequence[object]] = cursor.fetchall()
            return answer

    def kept_rows(self, kind: type[Row], sql: str) -> list[Row]:
        """The rows of a statement that is asked again and again, and without values: where that may be, its plan is kept."""
        read = reader(kind, self.dialect.moment)
        with self.connection.keeping_cursor() as cursor:
            cursor.execute(sql)
            return [read(row) for row in cursor.fetchall()]

    def ids(self, sql: str, values: Values | None = None, *tables: Table) -> list[int]:
        """The first column of the answer, which is whole numbers."""
        return [int(str(row[0])) for row in self.plain_rows(sql, values, *tables)]

    def do(self, sql: str, values: Values | None = None, *tables: Table) -> int:
        """How many rows the statement touched."""
        parameters = self._parameters(values, tables)
        with self.connection.wrapper().cursor() as cursor:
            cursor.execute(sql, parameters)
            touched: int = cursor.rowcount
            return touched

    def table(self, alias: str, columns: Mapping[str, Kind], rows: Collection[Sequence[Value]]) -> Table:
        """Rows to hand to a statement."""
        return self.dialect.table(alias, columns, rows)

    def _parameters(self, values: Values | None, tables: Sequence[Table]) -> dict[str, Any]:
        parameters = self.dialect.parameters(values or {})
        for table in tables:
            parameters.update(table.parameters)
        return parameters

    # transactions

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing."""
        return self.connection.transaction()

    def verb(self, work: Callable[[], Answer]) -> Answer:
        """What `work` answers; begun anew when it met another transaction. Raises StoreUnavailable and its kinds.

        In a transaction of the host's nothing can be begun anew: there a meeting is StoreLocked.
        """
        for tries_left in reversed(range(TRIES)):
            try:
                with self.understood():
                    return work()
            except Contended as met:
                if not tries_left or self.connection.in_host_transaction():
                    raise StoreLocked(self.described, str(met)) from met
        raise AssertionError("unreachable")

    @contextmanager
    def understood(self) -> Iterator[None]:
        """Raises what a refusal of the database means, in our words; others as they are."""
        try:
            yield
        except AnyDatabaseError as error:
            means = meaning(error)
            if means is None:
                raise
            if means is Contended:
                raise Contended(str(error)) from error
            assert issubclass(means, StoreUnavailable)
            if means is StoreUnavailable:
                self.connection.let_go()
            raise means(self.described, str(error)) from error

    def now(self) -> datetime:
        """The time of day, by the database's clock."""
        ((now,),) = self.plain_rows(f"SELECT {self.dialect.clock}", {})
        return self.dialect.moment(now)


def described(vendor: str, settings: Mapping[str, object]) -> str:
    """Which database these settings name, for people: without a password."""
    name = settings["NAME"]
    if vendor == "sqlite":
        return f"SQLite file {name}"
    where = str(settings.get("HOST") or "its socket")
    port = f":{settings['PORT']}" if settings.get("PORT") else ""
    return f"{vendor} database {name} on {where}{port}"
