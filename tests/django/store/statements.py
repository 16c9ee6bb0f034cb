"""Which statements does a verb send, and does the database find what they ask for by an index?

Nodes, lanes and processes are few, and may be walked.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

from klokker.django.store import DjangoStore

Execute = Callable[..., Any]

FEW = ("klokker_node", "klokker_lane", "klokker_process")


def multiply(cursor: Any, model: type[Model], times: int, **changed: str) -> None:
    """Copy all rows of a table so many times. `changed`: column → what it is in the copy `n.i` (1 and up) of the row `t`."""
    columns = [str(field.column) for field in model._meta.concrete_fields if not field.primary_key]
    values = ", ".join(changed.get(column, f't."{column}"') for column in columns)
    quoted = ", ".join(f'"{column}"' for column in columns)
    table = model._meta.db_table
    cursor.execute(
        f"""
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {times})
        INSERT INTO {table} ({quoted}) SELECT {values} FROM n, (SELECT * FROM {table} ORDER BY id) t ORDER BY n.i, t.id
        """
    )


@dataclass
class Statements:
    """What was sent, in order, and what of it walks a table instead of finding its rows by an index."""

    sent: list[str] = field(default_factory=list)
    walks: list[str] = field(default_factory=list)

    @property
    def writes(self) -> list[str]:
        """Those that write."""
        return [sql for sql in self.sent if re.match(r"\s*(INSERT|UPDATE|DELETE)|.*\bUPDATE klokker_", sql, re.DOTALL)]


@contextmanager
def statements(store: DjangoStore) -> Iterator[Statements]:
    """Each statement that the store sends meanwhile, explained by the database before it is executed."""
    wrapper = store._db.connection.wrapper()
    seen = Statements()
    explain = _walks_in_sqlite if wrapper.vendor == "sqlite" else _walks_in_postgres

    def explained(execute: Execute, sql: str, params: Any, many: bool, context: Any) -> Any:
        if re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", sql):
            seen.sent.append(sql)
            seen.walks += explain(wrapper, sql, params)
        return execute(sql, params, many, context)

    if wrapper.vendor == "postgresql":
        # With few rows PostgreSQL rather walks. Told not to, it walks only where no index leads.
        with wrapper.cursor() as cursor:
            cursor.execute("SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off")
    with wrapper.execute_wrapper(explained):
        yield seen


def _walks_in_sqlite(wrapper: BaseDatabaseWrapper, sql: str, params: Any) -> list[str]:
    """SCAN of a table of ours: of all of it, or by an index that holds all of it. A partial index holds what is open, and is short."""
    with wrapper.wrap_database_errors:
        connection = wrapper.connection
        assert connection is not None
        plan = connection.execute(f"EXPLAIN QUERY PLAN {_named(sql)}", params or {}).fetchall()
        tables = {**{name: name for name in re.findall(r"\bklokker_\w+", sql)}, **_aliases(sql)}
        walks = []
        for *_, step in plan:
            scan = re.match(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?$", step)
            if scan is None or tables.get(scan[1], FEW[0]) in FEW:
                continue
            indexes = connection.execute(f"PRAGMA index_list({tables[scan[1]]})").fetchall()
            if not any(name == scan[2] and partial for _, name, _, _, partial in indexes):
                walks.append(f"{step} in {sql}")
        return walks


def _named(sql: str) -> str:
    return re.sub(r"%\((\w+)\)s", r":\1", sql).replace("%%", "%")


def _aliases(sql: str) -> dict[str, str]:
    found = re.findall(r"\b(klokker_\w+) (\w+)\b", sql)
    return {alias: table for table, alias in found if alias.islower()}


def _walks_in_postgres(wrapper: BaseDatabaseWrapper, sql: str, params: Any) -> list[str]:
    connection = wrapper.connection
    assert connection is not None
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
        (explained,) = cursor.fetchone()
        plan = json.loads(explained) if isinstance(explained, str) else explained
        cursor.execute("SELECT indexrelid::regclass::text FROM pg_index WHERE indpred IS NOT NULL")
        partial = {name for (name,) in cursor.fetchall()}
    return [f"{walk} in {sql}" for walk in _walks(plan[0]["Plan"], partial)]


def _walks(node: dict[str, Any], partial: set[str]) -> Iterator[str]:
    kind, table = node["Node Type"], node.get("Relation Name", "")
    if table in FEW:
        return
    if kind == "Seq Scan" and table.startswith("klokker_"):
        yield f"Seq Scan of {table}"
    if kind in ("Index Scan", "Index Only Scan", "Bitmap Index Scan") and "Index Cond" not in node:
        index = node["Index Name"]
        if index.startswith("klokker_") and index not in partial and not index.startswith(FEW):
            yield f"{kind} of all of {index}"
    for part in node.get("Plans", ()):
        yield from _walks(part, partial)
