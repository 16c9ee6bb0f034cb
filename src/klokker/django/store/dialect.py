"""In what do the databases differ? Everything that one says otherwise than another stands here.

The statements of the store are written once. They take values by name (`%(now)s`), sets of rows as a table in FROM
(`Dialect.table`), lists behind `Dialect.among`, and lock rows with the words of `Dialect`. What differs beyond that is
how a value is handed over and read back.

A moment is `timestamp with time zone` in PostgreSQL, and in SQLite the text that Django writes, in UTC: it compares as
the moments do, to the microsecond, and people can read it (docs/decisions).
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, StrEnum
from typing import Any, Protocol

from klokker.core.text import clean

Value = None | bool | int | float | str | datetime | Collection[int] | Collection[str]
"""What a statement may be handed."""

Values = Mapping[str, Value]
"""By name."""


class Kind(StrEnum):
    """What a column of a handed-over table holds, in PostgreSQL's words."""

    INTEGER = "bigint"
    TEXT = "text"
    MOMENT = "timestamptz"
    YES_NO = "boolean"
    JSON = "jsonb"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows handed to a statement: `sql` for its FROM clause, `parameters` to merge into its own."""

    sql: str
    parameters: Mapping[str, Any]


class Dialect(Protocol):
    """One kind of database."""

    locks_rows: bool
    """Does a transaction lock rows? Otherwise it has the whole database to itself."""
    for_update: str
    """Locks the selected rows; placed at the end of a SELECT. For one among several tables: `for_update_of`."""
    clock: str
    """The expression for the time of day, as `moment` reads it."""

    def for_update_of(self, alias: str, *, skip_locked: bool = False) -> str:
        """Locks the rows of one table of a SELECT; `skip_locked`: leaves out those that somebody else holds."""

    def parameters(self, values: Values) -> dict[str, Any]:
        """The values as the driver takes them."""

    def table(self, alias: str, columns: Mapping[str, Kind], rows: Collection[Sequence[Value]]) -> Table:
        """The rows as a table of these columns, to select from."""

    def among(self, name: str, kind: Kind) -> str:
        """The condition that a value is in the list handed over by this name: `r.id {among("ids", Kind.INTEGER)}`."""

    def json_over(self, lower: str, upper: str) -> str:
        """The expression for the JSON object `lower` with the members of `upper` put over its own."""

    def is_object(self, json: str) -> str:
        """The condition that a stored value is a JSON object; false for what a stranger's hand has written."""

    def member(self, json: str, *names: str) -> str:
        """The expression for what a stored JSON value has under these names; NULL where there is nothing, or it is no JSON."""

    def moment(self, stored: object) -> datetime:
        """The moment that the driver returned, aware, in UTC."""


def plain(value: Value) -> object:
    """Words of the core as the text that they are; text without what no database stores."""
    if isinstance(value, str):
        return clean(value.value if isinstance(value, Enum) else value)
    return value


class Postgres:
    """PostgreSQL, through psycopg."""

    locks_rows = True
    for_update = "FOR UPDATE"
    clock = "clock_timestamp()"

    def for_update_of(self, alias: str, *, skip_locked: bool = False) -> str:
        return f"FOR UPDATE OF {alias}{' SKIP LOCKED' if skip_locked else ''}"

    def parameters(self, values: Values) -> dict[str, Any]:
        return {name: _array(value) if _is_list(value) else plain(value) for name, value in values.items()}

    def table(self, alias: str, columns: Mapping[str, Kind], rows: Collection[Sequence[Value]]) -> Table:
        arrays = ", ".join(f"%({alias}_{column})s::{kind}[]" for column, kind in columns.items())
        # The driver asks each value anew for its type; a batch of hundreds of rows is faster said in the server's own words.
        by_column = zip(*rows, strict=True) if rows else ((),) * len(columns)
        parameters = {
            f"{alias}_{column}": f"{{{','.join(map(_ELEMENTS[kind], values))}}}"
            for (column, kind), values in zip(columns.items(), by_column, strict=True)
        }
        return Table(f"unnest({arrays}) AS {alias} ({', '.join(columns)})", parameters)

    def among(self, name: str, kind: Kind) -> str:
        return f"= ANY(%({name})s::{kind}[])"

    def json_over(self, lower: str, upper: str) -> str:
        return f"({lower} || {upper})"

    def is_object(self, json: str) -> str:
        return f"jsonb_typeof({json}) = 'object'"

    def member(self, json: str, *names: str) -> str:
        return f"({' -> '.join((json, *map(_literal, names)))})"

    def moment(self, stored: object) -> datetime:
        assert isinstance(stored, datetime), stored
        return stored.astimezone(UTC)


class Sqlite:
    """SQLite. A writing transaction begins with the right to write (BEGIN IMMEDIATE), so nothing needs a lock of its own."""

    locks_rows = False
    for_update = ""
    clock = "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now')"

    def for_update_of(self, alias: str, *, skip_locked: bool = False) -> str:  # noqa: ARG002 — the transaction has it all
        return ""

    def parameters(self, values: Values) -> dict[str, Any]:
        return {
            name: json.dumps(_array(value)) if _is_list(value) else _sqlite_value(value)
            for name, value in values.items()
        }

    def table(self, alias: str, columns: Mapping[str, Kind], rows: Collection[Sequence[Value]]) -> Table:
        fields = ", ".join(f"json_extract(value, '$[{place}]') AS {column}" for place, column in enumerate(columns))
        stored = [_SQLITE_VALUES[kind] for kind in columns.values()]
        values = json.dumps(
            [
                [value if value is None else store(value) for store, value in zip(stored, row, strict=True)]
                for row in rows
            ]
        )
        return Table(f"(SELECT {fields} FROM json_each(%({alias})s)) AS {alias}", {alias: values})

    def among(self, name: str, kind: Kind) -> str:  # noqa: ARG002 — JSON knows its own types
        return f"IN (SELECT value FROM json_each(%({name})s))"

    def json_over(self, lower: str, upper: str) -> str:
        return f"json_patch({lower}, {upper})"

    def is_object(self, json: str) -> str:
        return f"json_type({json}) = 'object'"

    def member(self, json: str, *names: str) -> str:
        path = _literal("$" + "".join(f'."{name}"' for name in names))
        return f"(CASE WHEN json_valid({json}) THEN json_extract({json}, {path}) END)"

    def moment(self, stored: object) -> datetime:
        # A column comes as Django's converter reads it, an expression as the text itself.
        if isinstance(stored, str):
            stored = datetime.fromisoformat(stored)
        assert isinstance(stored, datetime), stored
        return stored.replace(tzinfo=UTC)


def _literal(text: str) -> str:
    """A name of ours in a statement that has parameters besides."""
    return "'" + text.replace("'", "''").replace("%", "%%") + "'"


def _sqlite_value(value: Value) -> object:
    return _text_of(value) if isinstance(value, datetime) else plain(value)


def _text_of(moment: datetime) -> str:
    """As Django writes it: in UTC, and without saying so."""
    return (moment if moment.tzinfo is UTC else moment.astimezone(UTC)).isoformat(" ")[: -len("+00:00")]


def _itself(value: Any) -> object:
    return value


_SQLITE_VALUES: Mapping[Kind, Callable[[Any], object]] = {
    Kind.INTEGER: _itself,
    Kind.YES_NO: _itself,
    Kind.MOMENT: _text_of,
    Kind.TEXT: clean,
    Kind.JSON: clean,
}
"""A value that is not None, as JSON has it."""


def _number(value: Any) -> str:
    return "NULL" if value is None else str(int(value))


def _yes_no(value: Any) -> str:
    return "NULL" if value is None else "t" if value else "f"


def _moment(value: Any) -> str:
    return "NULL" if value is None else str(value.isoformat())


def _quoted(value: Any) -> str:
    if value is None:
        return "NULL"
    return '"' + clean(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


_ELEMENTS: Mapping[Kind, Callable[[Any], str]] = {
    Kind.INTEGER: _number,
    Kind.YES_NO: _yes_no,
    Kind.MOMENT: _moment,
    Kind.TEXT: _quoted,
    Kind.JSON: _quoted,
}
"""A value as an element of an array's text (PostgreSQL's manual, 8.15.6)."""


def _is_list(value: Value) -> bool:
    return isinstance(value, Collection) and not isinstance(value, str)


def _array(value: Value) -> list[object]:
    assert isinstance(value, Collection), value
    return [plain(each) for each in value]


DIALECTS: Mapping[str, Dialect] = {"postgresql": Postgres(), "sqlite": Sqlite()}
"""By Django's word for the vendor."""
