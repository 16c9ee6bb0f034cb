"""What the verbs of a running engine cost the database: what is due is found by an index, and written in sets.

A database of 100 000 schedules is to cost what is due in it, and not what exists.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.db import connections

from klokker.core.lifecycle import DismissalReason
from klokker.core.plan import Dismissal
from klokker.core.verdict import Terms, Verdict
from klokker.django import models
from klokker.django.store import DjangoStore
from klokker.engine.ticker import Ticker
from klokker.operations.asking import Asked
from klokker.operations.edit import Edit
from klokker.operations.operation import do
from klokker.store.conformance.given import (
    HOUR,
    LEASE,
    MIDNIGHT,
    REPEATABLE,
    TASK,
    arrive,
    asked,
    at,
    claim,
    definition,
    dismissing,
    end,
    hourly,
    schedule,
)
from klokker.store.contract import Expired, Tally
from tests.django.bench import far_from_the_tests
from tests.django.store.statements import Statements, multiply, statements
from tests.operations.desk import Tasks

MADE, COPIES = 4, 125
OF_THE_COPY = f"t.schedule_id + {MADE} * n.i"


@pytest.fixture
def store(alias: str) -> Iterator[DjangoStore]:
    store = DjangoStore(alias, own_connections=True, clock=far_from_the_tests)
    yield store
    store.close()


@pytest.fixture
def full(store: DjangoStore, alias: str) -> DjangoStore:
    """A store in which much exists and nothing is due: hundreds of schedules, and thousands of runs that are done."""
    _schedules(store, MADE)
    process = arrive(store, "long gone")
    store.decide(at(1), dismissing(Dismissal(1, MIDNIGHT, at(1), 1, DismissalReason.MISSED)))
    store.decide(at(2), hourly(at(2)))
    store.finish([end(each, at(2)) for each in claim(store, at(2), process)], at(2))
    with connections[alias].cursor() as cursor:
        multiply(cursor, models.Schedule, COPIES, name="t.name || '-' || n.i", name_key="t.name_key || '-' || n.i")
        multiply(cursor, models.Timer, COPIES, schedule_id=OF_THE_COPY, next_due="'2027-01-01 00:00:00'")
        for model in (models.Revision, models.Dismissal):
            multiply(cursor, model, COPIES, schedule_id=OF_THE_COPY)
        # Runs are many: of a few, PostgreSQL would rather look at all than look four up.
        multiply(cursor, models.Run, 4 * COPIES, schedule_id=OF_THE_COPY)
        cursor.execute("ANALYZE")
    return store


def _schedules(store: DjangoStore, count: int, start: int = 0) -> list[int]:
    return [schedule(store, f"tidy {number}") for number in range(start, start + count)]


def _ticker(store: DjangoStore) -> Ticker:
    return Ticker(store, node="n1", monotonic=lambda: 0.0, resume=_operation, retire=_operation)


def _operation(schedule: int, now: datetime) -> None:
    raise AssertionError(f"nothing is to be done about schedule {schedule}, at {now}")


def _sent(store: DjangoStore, verb: Callable[[], object]) -> Statements:
    with statements(store) as seen:
        verb()
    return seen


def test_an_idle_tick_is_one_select_by_indexes(full: DjangoStore) -> None:
    ticker = _ticker(full)
    seen = _sent(full, lambda: ticker.run_once(at(2.5)))
    assert len(seen.sent) == 1
    assert seen.sent[0].split()[0] == "SELECT"
    assert not seen.walks


def test_a_tick_with_something_due_walks_no_table(full: DjangoStore) -> None:
    ticker = _ticker(full)
    seen = _sent(full, lambda: ticker.run_once(at(3)))
    assert any("INSERT INTO klokker_run" in sql for sql in seen.sent)
    assert not seen.walks


def test_a_tick_sends_no_more_statements_for_many_than_for_two(store: DjangoStore) -> None:
    _schedules(store, 2)
    two = _sent(store, lambda: store.decide(at(1), hourly(at(1)), limit=100))
    _schedules(store, 40, start=2)
    many = _sent(store, lambda: store.decide(at(2), hourly(at(2)), limit=100))
    assert len(many.sent) == len(two.sent)


def test_claims_of_many_runs_are_one_set(full: DjangoStore) -> None:
    process = arrive(full)
    full.enqueue([asked() for _ in range(80)], now=MIDNIGHT)
    few = _sent(full, lambda: full.claim(process, MIDNIGHT, lanes={"default": 2}, known=_known(), lease=LEASE))
    many = _sent(full, lambda: full.claim(process, MIDNIGHT, lanes={"default": 70}, known=_known(), lease=LEASE))
    assert len(many.sent) == len(few.sent) == 2
    assert not many.walks


def test_ends_of_many_runs_are_written_in_sets(full: DjangoStore) -> None:
    process = arrive(full)
    full.enqueue([asked() for _ in range(42)], now=MIDNIGHT)
    claims = full.claim(process, MIDNIGHT, lanes={"default": 42}, known=_known(), lease=LEASE)
    few = _sent(full, lambda: full.finish([end(each, at(1)) for each in claims[:2]], at(1)))
    many = _sent(full, lambda: full.finish([end(each, at(1)) for each in claims[2:]], at(1)))
    assert len(many.sent) == len(few.sent)
    assert not many.walks


def test_leases_of_many_runs_are_renewed_in_one_set(full: DjangoStore) -> None:
    process = arrive(full)
    full.enqueue([asked() for _ in range(42)], now=MIDNIGHT)
    claims = full.claim(process, MIDNIGHT, lanes={"default": 42}, known=_known(), lease=LEASE)
    pairs = [(each.run, each.token) for each in claims]
    few = _sent(full, lambda: full.renew(process, at(1), lease=LEASE, claims=pairs[:2]))
    many = _sent(full, lambda: full.renew(process, at(1), lease=LEASE, claims=pairs))
    assert len(many.sent) == len(few.sent)
    assert not many.walks


def test_what_waits_is_released_without_walking_what_exists(full: DjangoStore) -> None:
    full.enqueue([asked() for _ in range(10)], now=MIDNIGHT - HOUR)
    assert not _sent(full, lambda: full.release(at(2.5))).walks


def test_rescuing_looks_at_expired_leases_alone(full: DjangoStore) -> None:
    process = arrive(full)
    full.enqueue([asked()], now=MIDNIGHT)
    full.claim(process, MIDNIGHT, lanes={"default": 1}, known=_known(), lease=LEASE)

    def judge(expired: Expired) -> Verdict:
        raise AssertionError(f"{expired} is not expired")

    assert not _sent(full, lambda: full.rescue(MIDNIGHT + timedelta(seconds=1), judge)).walks


def test_pruning_looks_at_what_may_go_alone(full: DjangoStore) -> None:
    def seal(ledger: object, day: datetime) -> list[Tally]:
        raise AssertionError(f"nothing may go: {ledger}, {day}")

    assert not _sent(full, lambda: full.prune(at(3), seal)).walks


def test_an_edit_walks_no_table_and_touches_its_schedules_rows_only(full: DjangoStore, alias: str) -> None:
    edited = full.schedule("tidy 3")
    assert edited is not None
    before = _rows_of_others(alias, edited.id)
    wish = Edit(Asked("an editor", at(2.5)), replace(definition("tidy 3"), when="30 * * * *", task="sweep"), Tasks())
    seen = _sent(full, lambda: do(full, edited.id, wish))
    assert not seen.walks
    assert _rows_of_others(alias, edited.id) == before
    after = full.schedule("tidy 3")
    assert after is not None
    assert after.revision.definition.when == "30 * * * *"


def test_a_tick_after_an_edit_reads_no_other_schedule_again(full: DjangoStore) -> None:
    edited = full.schedule("tidy 3")
    assert edited is not None
    ticker = _ticker(full)
    ticker.run_once(at(2.2))
    wish = Edit(Asked("an editor", at(2.5)), replace(definition("tidy 3"), when="45 * * * *", task="sweep"), Tasks())
    do(full, edited.id, wish)
    seen = _sent(full, lambda: ticker.run_once(at(2.6)))
    assert len(seen.sent) == 1


def test_a_statement_that_walks_a_table_is_noticed(full: DjangoStore) -> None:
    """These tests would fail without what they look for."""
    seen = _sent(full, lambda: full._db.plain_rows("SELECT r.id FROM klokker_run r WHERE r.outcome = 'succeeded'"))
    assert len(seen.walks) == 1


def _known() -> dict[str, Terms]:
    return {TASK: REPEATABLE}


def _rows_of_others(alias: str, schedule: int) -> dict[str, list[tuple[object, ...]]]:
    found = {}
    with connections[alias].cursor() as cursor:
        for table, column in (
            ("schedule", "id"),
            ("revision", "schedule_id"),
            ("timer", "schedule_id"),
            ("run", "schedule_id"),
        ):
            cursor.execute(f"SELECT * FROM klokker_{table} WHERE {column} <> %s ORDER BY id", [schedule])
            found[table] = cursor.fetchall()
    return found
