"""How often do the nodes tick? Known where they kept the times of their last ticks."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from klokker.django.models import Node, Process

_MINUTE = timedelta(minutes=1)
_FORGOTTEN = timedelta(days=7)
"""A node that has not ticked for so long says nothing about how often anybody does."""


def pace(now: datetime, alive: Iterable[Process]) -> timedelta | None:
    """How often the system's cron ticks, in whole minutes; None where a scheduler is always there, or nothing is known.

    Of several nodes the one that ticks most often counts: it decides for every schedule that any one node may run.
    """
    if any("scheduler" in process.roles for process in alive):
        return None
    paces = [each for node in _ticking(now) if (each := _pace_of(node)) is not None]
    return min(paces, default=None) or None


def _ticking(now: datetime) -> Iterable[Node]:
    return Node.objects.filter(retired__isnull=True, ticked_at__gte=now - _FORGOTTEN, ticked_earlier__isnull=False)


def _pace_of(node: Node) -> timedelta | None:
    """The shorter of the last two times between ticks: the longer one may have been an outage."""
    last, before, earlier = node.ticked_at, node.ticked_before, node.ticked_earlier
    if last is None or before is None or earlier is None:
        return None
    # Cron counts in minutes; a tick comes some seconds after it was called.
    return round(min(last - before, before - earlier) / _MINUTE) * _MINUTE
