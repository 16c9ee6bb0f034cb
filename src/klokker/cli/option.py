"""What was typed for an option, and does it make sense?"""

from datetime import datetime, timedelta
from typing import Annotated, TypeAlias

import typer

from klokker.cli.faults import UsageFault
from klokker.core.duration import MalformedDuration, duration, rounded

TickEvery: TypeAlias = Annotated[
    str,
    typer.Option(metavar="SPAN", help="How often the system's cron calls `klokker tick`, if no scheduler runs: 5m."),
]


def read_span(command: str, option: str, text: str, least: timedelta, most: timedelta) -> timedelta:
    """A span such as 90s, 15m or 2d, in these limits. Raises UsageFault, MalformedDuration."""
    length = duration(text)
    if not least <= length <= most:
        raise UsageFault(command, f"{option} must be from {rounded(least)} to {rounded(most)}, got {text}")
    return length


def read_tick(command: str, text: str) -> timedelta | None:
    """What `--tick-every` says; None if nothing. Raises UsageFault."""
    if not text:
        return None
    try:
        span = duration(text)
    except MalformedDuration as malformed:
        raise UsageFault(command, f"--tick-every: {malformed}") from None
    if span <= timedelta(0):
        raise UsageFault(command, f"--tick-every must be positive, got {text}")
    return span


def end_of(command: str, begins: datetime, length: timedelta, room: timedelta = timedelta(0)) -> datetime:
    """Where a span ends that begins there, with so much room behind it. Raises UsageFault beyond the year 9999."""
    try:
        return begins + length + room - room
    except OverflowError:
        left = f", less {rounded(room)} for what follows" if room else ""
        raise UsageFault(
            command, f"{rounded(length)} from {begins:%Y-%m-%d} go beyond the year 9999{left}; begin earlier"
        ) from None
