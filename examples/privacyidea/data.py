"""A few hundred tokens and three counters, the same every time."""

import random
from datetime import datetime

from django.db import transaction

from examples.privacyidea.models import EventCounter, Token


@transaction.atomic
def fill(now: datetime) -> None:
    """Write tokens and counters; `now` does not matter to them."""
    del now
    draw = random.Random(1)
    Token.objects.bulk_create(
        Token(
            serial=f"TOTP{number:06}",
            hardware=draw.random() < 0.2,
            user=f"user-{number % 300}" if draw.random() < 0.8 else "",
        )
        for number in range(500)
    )
    EventCounter.objects.bulk_create(
        EventCounter(name=name, node=node, value=draw.randint(0, 900))
        for name in ("login_failed", "login_succeeded", "token_enrolled")
        for node in ("pinode1", "pinode2")
    )
