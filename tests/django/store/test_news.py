"""News: which enqueued runs wake those who wait (docs/concepts/engine.md)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from klokker.core.lifecycle import RunKind
from klokker.django.store import DjangoStore
from klokker.django.store.making import make, seeds_of
from klokker.django.store.news import LOOKED_AT, news
from klokker.store.conformance.given import MIDNIGHT, TASK, arrive, claim
from klokker.store.contract import NewRun

HOUR = timedelta(hours=1)


@pytest.fixture
def store(alias: str) -> DjangoStore:
    return DjangoStore(alias)


def a_run(task: str = TASK, planned: datetime = MIDNIGHT, lane: str = "default", node: str = "") -> NewRun:
    return NewRun(RunKind.ENQUEUED, task, (), {}, planned, lane=lane, node=node)


def is_news(store: DjangoStore, *runs: NewRun) -> bool:
    """Are they? They are made afterwards."""
    seeds = seeds_of(store._db, runs, MIDNIGHT)
    answer = news(store._db, seeds, MIDNIGHT)
    make(store._db, seeds, MIDNIGHT)
    return answer


def test_the_first_run_is_news_and_one_like_it_is_not(store: DjangoStore) -> None:
    assert is_news(store, a_run())
    assert not is_news(store, a_run())


@pytest.mark.parametrize(
    "other", [a_run("chores.other"), a_run(lane="heavy"), a_run(node="b")], ids=lambda run: run.task
)
def test_a_run_that_other_workers_may_wait_for_is_news(store: DjangoStore, other: NewRun) -> None:
    is_news(store, a_run())
    assert is_news(store, other)


def test_where_one_of_several_is_news_all_are(store: DjangoStore) -> None:
    is_news(store, a_run())
    assert is_news(store, a_run(), a_run("chores.other"))


def test_once_those_before_are_claimed_the_next_is_news_again(store: DjangoStore) -> None:
    is_news(store, a_run())
    arrive(store)
    assert claim(store, MIDNIGHT)
    assert is_news(store, a_run())


def test_behind_a_long_queue_of_others_a_run_is_told_again_rather_than_looked_for(store: DjangoStore) -> None:
    store.enqueue([a_run("chores.other")] * LOOKED_AT, now=MIDNIGHT)
    assert is_news(store, a_run())
    assert is_news(store, a_run())


@pytest.mark.parametrize(
    ("waiting", "told"),
    [([], True), ([MIDNIGHT + HOUR], False), ([MIDNIGHT + 3 * HOUR], True)],
    ids=["nothing waits", "something waits that comes sooner", "what waits comes later"],
)
def test_a_run_for_later_is_news_when_it_comes_before_all_that_wait(
    store: DjangoStore, waiting: Sequence[datetime], told: bool
) -> None:
    for planned in waiting:
        is_news(store, a_run(planned=planned))
    assert is_news(store, a_run(planned=MIDNIGHT + 2 * HOUR)) is told
