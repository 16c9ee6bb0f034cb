"""Log entries of four months, the same every time."""

import random
from datetime import datetime, timedelta

from django.db import transaction

from examples.lepton.models import Event, LogEntry


@transaction.atomic
def fill(now: datetime) -> None:
    """Write log entries back from `now`, and an event to register for."""
    draw = random.Random(3)
    LogEntry.objects.bulk_create(
        [
            LogEntry(action=f"changed event {number}", action_time=now - timedelta(days=draw.uniform(0, 120)))
            for number in range(2000)
        ],
        batch_size=1000,
    )
    Event.objects.create(title="Spring ball")
