"""Two hundred people, the same every time."""

import random
from datetime import datetime, timedelta

from django.db import transaction

from examples.ddid.models import User


@transaction.atomic
def fill(now: datetime) -> None:
    """Write people who registered within the last ten days before `now`."""
    draw = random.Random(2)
    users = [
        User(
            email=f"user-{number}@example.org",
            registered_at=now - timedelta(hours=draw.uniform(0, 240)),
            confirmed=draw.random() < 0.7,
            reset_code=code,
            reset_code_ends=now + timedelta(hours=draw.uniform(-24, 24)) if code else None,
        )
        for number in range(1, 201)
        for code in [f"{draw.getrandbits(64):016x}" if draw.random() < 0.2 else ""]
    ]
    # Two have jobs of their own: one never confirmed, one asked for a code to reset the password.
    users[16].confirmed, users[16].registered_at = False, now - timedelta(hours=50)
    users[41].reset_code, users[41].reset_code_ends = f"{draw.getrandbits(64):016x}", now + timedelta(hours=1)
    User.objects.bulk_create(users)
