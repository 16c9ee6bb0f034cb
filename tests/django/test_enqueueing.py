"""Enqueueing in a project: inside its transaction, and heard of when that commits (docs/concepts/tasks.md)."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.db import transaction

from klokker.core.lifecycle import RunKind
from klokker.django.store import DjangoStore
from klokker.store.contract import NewRun
from tests.waiting import until

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SOON = 20.0


@pytest.fixture
def waiter(alias: str) -> Iterator[DjangoStore]:
    """A store that listens, as another process would."""
    store, ringer = DjangoStore(alias, own_connections=True), DjangoStore(alias, own_connections=True)

    def hears() -> bool:
        ringer.wake()
        return store.wait(0.1)

    until(hears, "the first ring that is heard")
    # Rings that were on their way are heard out: what is heard from here on is the test's.
    until(lambda: not store.wait(0.2), "quiet")
    yield store
    store.close()
    ringer.close()


def enqueue(alias: str, task: str = "chores.tidy") -> None:
    DjangoStore(alias).enqueue([NewRun(RunKind.ENQUEUED, task, (), {}, NOW)], now=NOW)


def test_outside_a_transaction_a_run_is_heard_of_at_once(waiter: DjangoStore, alias: str) -> None:
    enqueue(alias)
    assert waiter.wait(SOON)


def test_a_run_is_heard_of_when_the_hosts_transaction_commits_and_not_before(waiter: DjangoStore, alias: str) -> None:
    with transaction.atomic(using=alias):
        enqueue(alias)
        assert not waiter.wait(0.1)
    assert waiter.wait(SOON)


def test_of_a_run_that_the_host_rolls_back_nothing_is_heard(waiter: DjangoStore, alias: str) -> None:
    with transaction.atomic(using=alias):
        enqueue(alias)
        transaction.set_rollback(True, using=alias)
    assert not waiter.wait(0.1)


def test_other_wake_ups_wait_for_the_hosts_commit_too(waiter: DjangoStore, alias: str) -> None:
    """Operations within a transaction: what they wrote is not to be seen before."""
    with transaction.atomic(using=alias):
        DjangoStore(alias).wake()
        assert not waiter.wait(0.1)
    assert waiter.wait(SOON)
