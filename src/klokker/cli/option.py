"""What was typed for an option, and does it make sense?"""

from datetime import timedelta

from klokker.cli.output import rounded
from klokker.core.duration import duration
from klokker.core.errors import KlokkerError


class InvalidOption(KlokkerError):
    """An option or argument makes no sense where it stands. `option`; `why`."""

    def __init__(self, option: str, why: str) -> None:
        self.option, self.why = option, why
        super().__init__(f"{option} {why}")


def read_span(option: str, text: str, least: timedelta, most: timedelta) -> timedelta:
    """A span such as 90s, 15m or 2d, in these limits. Raises InvalidOption, MalformedDuration."""
    length = duration(text)
    if not least <= length <= most:
        raise InvalidOption(option, f"must be from {rounded(least)} to {rounded(most)}, got {text}")
    return length
