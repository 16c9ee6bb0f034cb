"""Do the association's two tasks do what the text says?"""

from datetime import timedelta

import pytest
from django.db import transaction

from examples.lepton import tasks
from examples.lepton.models import Event, LogEntry, Order, Registration
from klokker import Counts
from klokker.django.models import Run
from klokker.engine.clock import MACHINE
from klokker.tasks.context import RunContext

A_RUN = RunContext.by_hand("by.test")


@pytest.fixture
def event(tables: str) -> Event:  # noqa: ARG001 - on these tables
    return Event.objects.create(title="Spring ball")


@pytest.mark.usefixtures("tables")
def test_log_entries_over_thirty_days_old_are_deleted() -> None:
    """S3.3."""
    for days in (29, 31):
        LogEntry.objects.create(action=f"{days}", action_time=MACHINE.wall() - timedelta(days=days))
    assert tasks.delete_old_log_entries(A_RUN) == Counts(deleted=1)
    assert LogEntry.objects.get().action == "29"


def test_a_registration_without_a_paid_order_is_given_up(event: Event) -> None:
    """S3.4: without an order, and with one that was begun and not paid."""
    for member in ("anna", "bjarne"):
        Registration.objects.create(event=event, member=member)
    Order.objects.create(event=event, member="bjarne")
    for registration in Registration.objects.all():
        assert tasks.check_if_has_paid(A_RUN, event.pk, registration.pk) == Counts(found=1, given_up=1)
    assert not Registration.objects.exists()


def test_a_paid_registration_stays_and_one_that_is_gone_is_no_fault(event: Event) -> None:
    """S3.4."""
    paid = Registration.objects.create(event=event, member="anna")
    Order.objects.create(event=event, member="anna")
    Order.objects.create(event=event, member="anna", paid=True)
    assert tasks.check_if_has_paid(A_RUN, event.pk, paid.pk) == Counts(found=1, given_up=0)
    assert tasks.check_if_has_paid(A_RUN, event.pk, paid.pk + 1) == Counts(found=0)
    assert Registration.objects.get() == paid


def test_to_register_asks_for_one_run_in_the_future(event: Event) -> None:
    """S3.4: with the arguments of this registration, planned for when the time to pay is over."""
    before = MACHINE.wall()
    registration = tasks.register(event, "anna", pay_within=timedelta(hours=2))
    run = Run.objects.get()
    assert (run.task, run.args) == ("app.common.tasks.check_if_has_paid", [event.pk, registration.pk])
    assert timedelta(hours=1, minutes=59) < run.planned - before < timedelta(hours=2, minutes=5)
    assert run.state == "waiting"


def test_a_registration_that_is_rolled_back_takes_its_run_with_it(event: Event) -> None:
    """S3.4."""

    with transaction.atomic():
        tasks.register(event, "anna", pay_within=timedelta(hours=2))
        transaction.set_rollback(True)
    assert not Registration.objects.exists()
    assert not Run.objects.exists()
