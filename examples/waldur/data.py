"""A small marketplace, the same every time."""

import random
from datetime import datetime, timedelta

from django.db import transaction

from examples.waldur.models import Backend, Record
from examples.waldur.tasks import STAND_INS

SEED = 4
EACH = 40
STATES = ("pending", "active", "updating", "erred", "deleting", "deleted")


@transaction.atomic
def fill(now: datetime) -> None:
    """Backends, of which one does not answer, and some records of each kind that a chore looks at."""
    draw = random.Random(SEED)
    backends = Backend.objects.bulk_create(
        Backend(name=f"backend-{number}", answers=number != 3) for number in range(5)
    )
    kinds = sorted({stand_in.kind for stand_in in STAND_INS})
    Record.objects.bulk_create(
        Record(
            kind=kind,
            name=f"{kind}-{number}",
            state=draw.choice(STATES),
            state_since=now - timedelta(hours=draw.uniform(0, 400)),
            ends_at=now + timedelta(hours=draw.uniform(-300, 300)),
            backend=draw.choice(backends),
            amount=draw.randint(1, 500),
        )
        for kind in kinds
        for number in range(EACH)
    )
