"""What was typed for an option, and does it make sense?"""

from datetime import timedelta

from klokker.cli.faults import UsageFault
from klokker.core.duration import duration, rounded


def read_span(command: str, option: str, text: str, least: timedelta, most: timedelta) -> timedelta:
    """A span such as 90s, 15m or 2d, in these limits. Raises UsageFault, MalformedDuration."""
    length = duration(text)
    if not least <= length <= most:
        raise UsageFault(command, f"{option} must be from {rounded(least)} to {rounded(most)}, got {text}")
    return length
