"""Occurrences of a cron expression, found by looking at every minute: slow, plain, and knowing nothing of the engine.

The wall clock is asked of `zoneinfo`, minute by minute; what a field means is written out as a set of numbers.
"""

import calendar
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Fields:
    """A cron expression: its text, what its fields name, and how the day fields go together."""

    text: str
    minutes: frozenset[int]
    hours: frozenset[int]
    dates: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]  # Sunday is 0
    either: bool
    follows_real_time: bool
    special: Callable[[datetime], bool] | None = None  # a day field's special, beside the dates

    def match(self, wall: datetime) -> bool:
        """Whether the fields match this reading of the clock on the wall."""
        if wall.minute not in self.minutes or wall.hour not in self.hours or wall.month not in self.months:
            return False
        date = wall.day in self.dates or (self.special is not None and self.special(wall))
        weekday = wall.isoweekday() % 7 in self.weekdays
        return date or weekday if self.either else date and weekday


def last_day_of_month(wall: datetime) -> bool:
    return wall.day == calendar.monthrange(wall.year, wall.month)[1]


@lru_cache(maxsize=64)
def minutes_of(zone: str, start: datetime, end: datetime) -> list[tuple[datetime, datetime, bool]]:
    """Each minute in [start, end): in UTC, as the wall shows it, and whether the wall shows it for the second time."""
    info, found = ZoneInfo(zone), []
    moment = start
    while moment < end:
        wall = moment.astimezone(info)
        found.append((moment, wall.replace(tzinfo=None, fold=0), bool(wall.fold)))
        moment += MINUTE
    return found


@lru_cache(maxsize=64)
def repeated_of(zone: str, start: datetime, end: datetime) -> frozenset[datetime]:
    """The readings of the wall clock that are shown twice."""
    return frozenset(wall for _, wall, again in minutes_of(zone, start, end) if again)


def occurrences(
    fields: Fields, zone: str, start: datetime, end: datetime, gap: str | None = None, fold: str | None = None
) -> Iterator[datetime]:
    """The occurrences in [start, end). No clock change may lie within a day of either."""
    gap = gap or ("skip" if fields.follows_real_time else "shift")
    fold = fold or ("both" if fields.follows_real_time else "first")
    repeated = repeated_of(zone, start, end)
    expected: datetime | None = None
    for moment, wall, again in minutes_of(zone, start, end):
        skipped = False
        while expected is not None and expected < wall:
            skipped = skipped or (gap == "shift" and fields.match(expected))
            expected += MINUTE
        expected = wall + MINUTE
        chosen = wall not in repeated or fold == "both" or again == (fold == "second")
        if skipped or (chosen and fields.match(wall)):
            yield moment.astimezone(UTC)
