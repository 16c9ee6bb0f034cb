"""The Django store keeps the contract of every store, on each database."""

from collections.abc import Iterator

import pytest
from django.db import transaction

from klokker.django.models import Lane
from klokker.store.conformance import Bench, Conformance
from klokker.store.conformance.given import begun_run
from tests.django.bench import DjangoBench


@pytest.fixture
def bench(alias: str) -> Iterator[Bench]:
    bench = DjangoBench(alias)
    yield bench
    bench.close()


class TestDjangoStore(Conformance):
    pass


def test_a_task_may_ask_in_its_own_transaction_whether_its_run_is_still_its_own(bench: Bench, alias: str) -> None:
    """SQLite has one writer, and here that is the task: an answer that needed to write would wait for it for ever."""
    held = begun_run(bench)
    with transaction.atomic(using=alias):
        Lane.objects.using(alias).create(name="written by the task")
        assert bench.store.progress(held.run, held.token, None, None)
