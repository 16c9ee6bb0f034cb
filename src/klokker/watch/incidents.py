"""Incidents: opened with the first check that finds them, closed with the first that does not."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from klokker.django.models import Incident
from klokker.watch.finding import Finding


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a check changed: incidents that it opened and closed, and since when each of those that stand does, by key."""

    opened: tuple[Incident, ...]
    closed: tuple[Incident, ...]
    since: dict[str, datetime]


def record(findings: Collection[Finding], now: datetime) -> Recorded:
    """Open an incident for each new finding and close those that nothing was found for, in one transaction.

    Several checks at once open each incident once: the open key is unique, and whoever comes second finds it there.
    """
    found = {finding.key: finding for finding in findings}
    with transaction.atomic():
        standing = {incident.open_key: incident for incident in Incident.objects.filter(closed_at__isnull=True)}
        fresh = [
            Incident(
                kind=finding.kind,
                subject=finding.subject[:255],
                open_key=key,
                opened_at=now,
                reason=finding.reason,
                details=dict(finding.details),
            )
            for key, finding in found.items()
            if key not in standing
        ]
        Incident.objects.bulk_create(fresh, ignore_conflicts=True)
        gone = [incident for key, incident in standing.items() if key not in found]
        Incident.objects.filter(pk__in=[incident.pk for incident in gone], closed_at__isnull=True).update(
            closed_at=now, open_key=None
        )
        for key, incident in standing.items():
            # What is wrong stays one incident while its reason moves on ("3 late" → "5 late").
            if key in found and incident.reason != found[key].reason:
                Incident.objects.filter(pk=incident.pk).update(reason=found[key].reason)
        since = dict(Incident.objects.filter(closed_at__isnull=True).values_list("open_key", "opened_at"))
    return Recorded(tuple(fresh), tuple(gone), {str(key): opened for key, opened in since.items()})
