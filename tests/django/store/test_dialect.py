"""What is handed to a statement as rows arrives as it was (docs/decisions: the store speaks SQL)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from klokker.django.store import DjangoStore
from klokker.django.store.database import Database
from klokker.django.store.dialect import Kind, Value

COLUMNS = {"number": Kind.INTEGER, "words": Kind.TEXT, "moment": Kind.MOMENT, "yes": Kind.YES_NO}
NOON = datetime(2026, 3, 2, 12, 0, 0, 250, tzinfo=UTC)


@pytest.fixture
def db(alias: str) -> Iterator[Database]:
    store = DjangoStore(alias, own_connections=True)
    yield store._db
    store.close()


def _back(db: Database, *rows: tuple[Value, ...]) -> list[tuple[object, ...]]:
    table = db.table("handed", COLUMNS, rows)
    found = db.plain_rows(f"SELECT number, words, moment, yes FROM {table.sql}", None, table)
    return [
        (number, words, None if moment is None else db.dialect.moment(moment), None if yes is None else bool(yes))
        for number, words, moment, yes in found
    ]


@pytest.mark.parametrize(
    "words",
    [
        "",
        "NULL",
        "null",
        '"quoted"',
        "a\\b",
        "{1,2}",
        "a, b",
        "it's",
        "%(now)s %s %%",
        "zwölf ⏰",
        " blank ",
        "line\nline",
    ],
)
def test_text_arrives_as_it_was(db: Database, words: str) -> None:
    assert _back(db, (1, words, NOON, True)) == [(1, words, NOON, True)]


def test_nothing_arrives_as_nothing(db: Database) -> None:
    assert _back(db, (None, None, None, None)) == [(None, None, None, None)]


def test_no_rows_are_a_table_without_rows(db: Database) -> None:
    assert _back(db) == []


def test_a_moment_of_another_zone_is_the_same_moment(db: Database) -> None:
    elsewhere = NOON.astimezone(timezone(timedelta(hours=5, minutes=45)))
    assert _back(db, (-(2**62), "x", elsewhere, False)) == [(-(2**62), "x", NOON, False)]


def test_what_no_database_stores_is_replaced(db: Database) -> None:
    assert _back(db, (1, "a\0b\ud800c", NOON, True)) == [(1, "a\ufffdb\ufffdc", NOON, True)]


def test_rows_arrive_each_for_itself(db: Database) -> None:
    rows = [(number, str(number), NOON + timedelta(seconds=number), number % 2 == 0) for number in range(300)]
    assert sorted(_back(db, *rows)) == rows
