"""The association's two tasks: one on a timetable, one in the future of each registration."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from examples.lepton.models import Event, LogEntry, Order, Registration
from klokker import Counts, RunContext, task


@task("app.common.tasks.delete_old_log_entries", repeatable=True, destructive=True)
def delete_old_log_entries(run: RunContext) -> Counts:
    """Delete log entries that are over 30 days old."""
    old = LogEntry.objects.filter(action_time__lte=timezone.now() - timedelta(days=30))
    if run.dry_run:
        return Counts(found=old.count())
    deleted = old.delete()[0]
    run.logger.info("Log entries older than 30 days have been deleted: %s", deleted)
    return Counts(deleted=deleted)


@task("app.common.tasks.check_if_has_paid", repeatable=True)
def check_if_has_paid(run: RunContext, event_id: int, registration_id: int) -> Counts:
    """Give up a registration that was not paid for in time.

    Args:
        event_id: for which event.
        registration_id: which registration.
    """
    registration = Registration.objects.filter(pk=registration_id, event=event_id).first()
    if registration is None:
        return Counts(found=0)
    paid = Order.objects.filter(event=event_id, member=registration.member, paid=True).exists()
    if not paid and not run.dry_run:
        registration.delete()
    return Counts(found=1, given_up=0 if paid else 1)


@transaction.atomic
def register(event: Event, member: str, pay_within: timedelta) -> Registration:
    """Take a place, and look after `pay_within` whether it was paid for. Both, or neither."""
    registration = Registration.objects.create(event=event, member=member)
    check_if_has_paid.using(run_after=pay_within).enqueue(event.pk, registration.pk)
    return registration
