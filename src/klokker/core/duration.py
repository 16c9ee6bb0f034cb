"""How long: durations as people write and read them, `90s`, `1h30m`, `2 days`.

Written in settings, task options and TOML; read in log lines and faces. Days are of 24 hours, weeks of seven days;
months and years have no fixed length, so they are none of the units.
"""

import re
from collections.abc import Mapping
from datetime import timedelta

from klokker.core.errors import KlokkerError

_UNITS: Mapping[str, timedelta] = {
    spelling: length
    for length, spellings in {
        timedelta(milliseconds=1): "ms millisecond milliseconds",
        timedelta(seconds=1): "s sec second seconds",
        timedelta(minutes=1): "m min minute minutes",
        timedelta(hours=1): "h hour hours",
        timedelta(days=1): "d day days",
        timedelta(weeks=1): "w week weeks",
    }.items()
    for spelling in spellings.split()
}

_PART = re.compile(r"\s*([0-9]{1,15}(?:\.[0-9]{1,6})?)\s*([a-z]+)\s*", re.ASCII | re.IGNORECASE)


class MalformedDuration(KlokkerError):
    """Text that is no duration. `text`: what was given; `position`: where it stops making sense, from 0."""

    def __init__(self, text: str, position: int, why: str) -> None:
        self.text = text
        self.position = position
        super().__init__(f"{text[:100]!r} is not a duration: {why}. Write for example 90s, 15m, 1h30m or 2d.")


def duration(text: str) -> timedelta:
    """The length that `text` names: numbers, each with a unit (ms, s, m, h, d, w, or in full), added up.

    Raises MalformedDuration.
    """
    total, position = timedelta(0), 0
    while position < len(text) or not position:
        part = _PART.match(text, position)
        if part is None:
            raise MalformedDuration(text, position, f"a number with a unit should stand at position {position}")
        unit = _UNITS.get(part[2].lower())
        if unit is None:
            raise MalformedDuration(text, part.start(2), f"{part[2][:20]!r} is no unit")
        try:
            total += float(part[1]) * unit
        except OverflowError:
            raise MalformedDuration(text, part.start(1), "it is longer than time reaches") from None
        position = part.end()
    return total


def duration_text(length: timedelta) -> str:
    """`length` as short text that `duration` reads: `1h30m`, `250ms`, `0s`. Under a millisecond is cut off; a minus is kept."""
    if length < timedelta(0):
        return f"-{duration_text(-length)}"
    left, parts = length, []
    for unit in ("d", "h", "m", "s", "ms"):
        number, left = divmod(left, _UNITS[unit])
        if number:
            parts.append(f"{number}{unit}")
    return "".join(parts) or "0s"


def rounded(length: timedelta) -> str:
    """`length` as people say it: `850ms`, `12s`, `4m 10s`, `3h 20m`, `6d 4h`; two units at the most, the rest is cut off."""
    seconds = length.total_seconds()
    if seconds < 1:
        return f"{round(seconds * 1000)}ms"
    if seconds < 60:
        return f"{seconds:.1f}s" if seconds < 10 else f"{int(seconds)}s"
    minutes = int(seconds // 60)
    if minutes < 60:
        return f"{minutes}m" if minutes >= 10 or not int(seconds) % 60 else f"{minutes}m {int(seconds) % 60}s"
    hours = minutes // 60
    if hours < 48:
        return f"{hours}h" if not minutes % 60 else f"{hours}h {minutes % 60}m"
    return f"{hours // 24}d" if not hours % 24 else f"{hours // 24}d {hours % 24}h"
