"""What happened in the database, as the database itself saw it: triggers note each change, whoever makes it.

The ledger says how things stand; this says how they came to stand so, and it remembers what pruning took away. Klokker
knows nothing of it.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psycopg

from tests.real import Database

Row = Mapping[str, Any]

WATCHED = {
    "run": "id schedule_id node revision nominal kind task state token claimed_by started outcome ended_token failed lost error",
    "attempt": "id run_id token number outcome started",
    "dismissal": "id schedule_id node revision after until count reason",
    "timer": "id schedule_id node since until handled_until",
    "schedule": "id name state",
    "tally": "id schedule_id node revision day succeeded failed timed_out cancelled lost expired "
    "missed superseded overlapped paused closed broken",
}
"""The columns that are noted, by table."""

OF_NOTE = {"run": "state token outcome started ended_token", "timer": "since until handled_until"}
"""Where an update is noted only if it touches one of these: leases are renewed all the time."""


@dataclass(frozen=True, slots=True)
class Change:
    """One row made (`old` None), changed, or removed (`new` None)."""

    table: str
    old: Row | None
    new: Row | None


@dataclass
class History:
    """All changes, in the order in which they were made to each row; and all rows as they were last seen."""

    changes: list[Change] = field(default_factory=list)

    def of(self, table: str) -> Iterator[Change]:
        return (change for change in self.changes if change.table == table)

    def last_seen(self, table: str) -> dict[int, Row]:
        """Each row that ever was in the table, by id, as it stood last or when it was removed."""
        seen: dict[int, Row] = {}
        for change in self.of(table):
            row = change.new if change.new is not None else change.old
            assert row is not None
            seen[row["id"]] = row
        return seen

    def removed(self, table: str) -> set[int]:
        """The ids of rows that are gone."""
        return {change.old["id"] for change in self.of(table) if change.new is None and change.old is not None}


def moment(written: str) -> datetime:
    """A moment as the database wrote it."""
    read = datetime.fromisoformat(written)
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def watch(database: Database) -> None:
    """Have the database note what changes from now on."""
    with opened(database) as connection:
        for statement in _sqlite() if database.vendor == "sqlite" else _postgres():
            connection.execute(statement)
        connection.commit()


def read(database: Database) -> History:
    """What was noted so far, in one look."""
    with opened(database) as connection:
        rows = connection.execute("SELECT what, old, new FROM noted ORDER BY seq").fetchall()
    return History([Change(what, _row(old), _row(new)) for what, old, new in rows])


@contextmanager
def opened(database: Database) -> Iterator[Any]:
    """A connection without Klokker or Django in between."""
    if database.vendor == "sqlite":
        with closing(sqlite3.connect(database.path, timeout=60)) as connection:
            yield connection
    else:
        with psycopg.connect(database.url, connect_timeout=10) as connected:
            yield connected


def _row(written: Any) -> Row | None:
    if written is None:
        return None
    read: Row = json.loads(written) if isinstance(written, str) else written
    return read


def _changed(table: str, differ: str) -> str:
    """The condition under which an update is of note."""
    return " OR ".join(f'OLD."{name}" {differ} NEW."{name}"' for name in OF_NOTE.get(table, WATCHED[table]).split())


def _sqlite() -> Iterable[str]:
    yield "CREATE TABLE noted (seq INTEGER PRIMARY KEY, what TEXT, old TEXT, new TEXT)"
    for table in WATCHED:
        old, new = _object(table, "OLD", "json_object"), _object(table, "NEW", "json_object")
        for event, before, after, when in (
            ("INSERT", "NULL", new, ""),
            ("UPDATE", old, new, f"WHEN {_changed(table, 'IS NOT')}"),
            ("DELETE", old, "NULL", ""),
        ):
            yield (
                f"CREATE TRIGGER note_{table}_{event} AFTER {event} ON klokker_{table} {when} "
                f"BEGIN INSERT INTO noted (what, old, new) VALUES ('{table}', {before}, {after}); END"
            )


def _postgres() -> Iterable[str]:
    yield "CREATE TABLE noted (seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, what text, old jsonb, new jsonb)"
    for table in WATCHED:
        old, new = _object(table, "OLD", "jsonb_build_object"), _object(table, "NEW", "jsonb_build_object")
        for event, before, after, when in (
            ("INSERT", "NULL", new, ""),
            ("UPDATE", old, new, f"WHEN ({_changed(table, 'IS DISTINCT FROM')})"),
            ("DELETE", old, "NULL", ""),
        ):
            yield (
                f"CREATE FUNCTION note_{table}_{event}() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN INSERT INTO noted (what, old, new) VALUES ('{table}', {before}, {after}); RETURN NULL; END $$"
            )
            yield (
                f"CREATE TRIGGER note_{table}_{event} AFTER {event} ON klokker_{table} FOR EACH ROW {when} "
                f"EXECUTE FUNCTION note_{table}_{event}()"
            )


def _object(table: str, row: str, function: str) -> str:
    members = ", ".join(f"'{name}', {row}.\"{name}\"" for name in WATCHED[table].split())
    return f"{function}({members})"
