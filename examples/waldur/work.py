"""The seven kinds of work that the marketplace's chores do, each on the records of one kind."""

from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone

from examples.waldur.models import Backend, Message, Record
from klokker import Counts, RunContext

Work = Callable[[RunContext, str], Counts]


def expire(run: RunContext, kind: str) -> Counts:
    """What is pending past its end is cancelled."""
    return _turn(run, kind, {"state": "pending", "ends_at__lt": timezone.now()}, "cancelled")


def terminate(run: RunContext, kind: str) -> Counts:
    """What is active past its end is terminated."""
    return _turn(run, kind, {"state": "active", "ends_at__lt": timezone.now()}, "terminated")


def begin(run: RunContext, kind: str) -> Counts:
    """What is pending and not yet past its end becomes active."""
    return _turn(run, kind, {"state": "pending", "ends_at__gte": timezone.now()}, "active")


def mark_erred(run: RunContext, kind: str) -> Counts:
    """What is being updated or deleted for over three hours is marked as erred."""
    stuck = {"state__in": ("updating", "deleting"), "state_since__lt": timezone.now() - timedelta(hours=3)}
    return _turn(run, kind, stuck, "erred")


def _turn(run: RunContext, kind: str, which: dict[str, object], state: str) -> Counts:
    found = Record.objects.filter(kind=kind, **which)
    if run.dry_run:
        return Counts(found=found.count())
    changed = found.update(state=state, state_since=timezone.now())
    run.progress(changed, changed)
    return Counts(changed=changed)


def delete_leftovers(run: RunContext, kind: str) -> Counts:
    """What is in state deleted goes."""
    found = Record.objects.filter(kind=kind, state="deleted")
    if run.dry_run:
        return Counts(found=found.count())
    return Counts(deleted=found.delete()[0])


def remind(run: RunContext, kind: str) -> Counts:
    """Somebody is told, once a day, of what ends within seven days."""
    now = timezone.now()
    subject = run.task[:80]
    told_today = Message.objects.filter(subject=subject, day=now.date()).values("record")
    ending = Record.objects.filter(kind=kind, ends_at__gt=now, ends_at__lt=now + timedelta(days=7))
    ending = ending.exclude(name__in=told_today)
    if run.dry_run:
        return Counts(found=ending.count())
    told = Message.objects.bulk_create(
        Message(subject=subject, record=name, day=now.date(), sent_at=now)
        for name in ending.values_list("name", flat=True)
    )
    return Counts(told=len(told))


def pull(run: RunContext, kind: str) -> Counts:
    """Each backend is asked for its records of the kind; one that does not answer does not stop the others."""
    backends = list(Backend.objects.order_by("name"))
    pulled = silent = 0
    for done, backend in enumerate(backends, start=1):
        if run.cancelled:
            break
        if not backend.answers:
            silent += 1
            run.logger.warning("%s does not answer", backend.name)
        elif not run.dry_run:
            with transaction.atomic():
                pulled += Record.objects.filter(kind=kind, backend=backend).update(amount=F("amount") + 1)
                Backend.objects.filter(pk=backend.pk).update(pulled_at=timezone.now())
        run.progress(done, len(backends))
    return Counts(pulled=pulled, silent=silent)


def recompute(run: RunContext, kind: str) -> Counts:
    """Totals are computed anew; only what differs is written."""
    differing = Record.objects.filter(kind=kind).exclude(total=F("amount"))
    if run.dry_run:
        return Counts(found=differing.count())
    changed = differing.update(total=F("amount"))
    run.logger.info("all %ss together: %s", kind, Record.objects.filter(kind=kind).aggregate(all=Sum("total"))["all"])
    return Counts(changed=changed)


def roll_over(run: RunContext, kind: str) -> Counts:
    """Earlier periods are closed and this month's record is opened; doing it again changes nothing."""
    now = timezone.now()
    period = now.strftime("%Y-%m")
    earlier = Record.objects.filter(kind=kind, state="open").exclude(period=period)
    if run.dry_run:
        return Counts(found=earlier.count())
    with transaction.atomic():
        closed = earlier.update(state="billed", state_since=now)
        _, opened = Record.objects.get_or_create(
            kind=kind, name=f"{kind} of the month", period=period, defaults={"state": "open", "state_since": now}
        )
    return Counts(closed=closed, opened=int(opened))
