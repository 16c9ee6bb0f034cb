"""`.enqueue()` in a Django project: in the transaction of whoever asks, as the variant says (docs/embedding.md)."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import override_settings

from klokker.django.enqueueing import DjangoEnqueuePort
from klokker.django.models import Run
from klokker.tasks.decorator import task
from klokker.tasks.port import connect
from klokker.tasks.registry import Registry


@task("tests.enqueued", registry=Registry())
def enqueued(days: int = 30) -> None:
    """What a project's code asks for."""


@pytest.fixture(autouse=True)
def project(alias: str) -> Iterator[None]:
    """A project whose records stand in the database of this test."""
    before = connect(DjangoEnqueuePort())
    with override_settings(KLOKKER_DATABASE_ALIAS=alias):
        yield
    connect(before)


class Refused(Exception):
    """The host changes its mind."""


def test_a_run_stands_as_the_variant_says(alias: str) -> None:
    made = enqueued.using(run_after=timedelta(minutes=30), lane="night", order=-1).enqueue(days=90)
    run = Run.objects.using(alias).get(pk=made.id)
    assert (run.kind, run.state, run.lane, run.order, run.kwargs) == ("enqueued", "waiting", "night", -1, {"days": 90})
    at_once = Run.objects.using(alias).get(pk=enqueued.enqueue().id)
    assert (at_once.state, at_once.lane, at_once.kwargs) == ("queued", "default", {})
    assert at_once.planned < run.planned <= at_once.planned + timedelta(minutes=30)


def test_what_a_transaction_enqueued_vanishes_with_it(alias: str) -> None:
    def changes_its_mind() -> None:
        with transaction.atomic(using=alias):
            made = enqueued.enqueue(days=1)
            assert Run.objects.using(alias).filter(pk=made.id).exists()
            raise Refused

    with pytest.raises(Refused):
        changes_its_mind()
    assert not Run.objects.using(alias).exists()


def test_what_a_transaction_enqueued_stands_once_it_commits(alias: str) -> None:
    with transaction.atomic(using=alias):
        enqueued.enqueue(days=1)
        enqueued.enqueue(days=2)
    assert [run.kwargs for run in Run.objects.using(alias).order_by("pk")] == [{"days": 1}, {"days": 2}]
