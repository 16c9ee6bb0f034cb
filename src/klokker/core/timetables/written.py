"""How is a moment written in a timetable?

As ISO 8601 has it, to the minute or the second: `2026-12-24T18:00` and `2026-12-24` (midnight) are times on the wall clock of
the schedule's zone; `2026-12-24T17:00Z` and `2026-12-24T18:00+01:00` are moments by themselves.
"""

import re
from datetime import datetime

from klokker.core.moments import FIRST_SECOND, LAST_SECOND, epoch_second
from klokker.core.timetables.reading import Reading
from klokker.core.timetables.zones import WallClock

_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:(?:[Tt]|\s+)([0-9]{2}:[0-9]{2})(:[0-9]{2})?([Zz]|[+-][0-9]{2}:[0-9]{2})?)?"
)


def read_moment(reading: Reading, clock: WallClock, value: str, *, field: str, position: int) -> tuple[str, list[int]]:
    """The moment that `value` writes: in one word, and as the seconds since 1970 at which it happens.

    There are none where the clock skips it, and two where it keeps both passes of a fold.
    """
    match = _MOMENT.fullmatch(value)
    if match is None:
        expected = "write 2026-12-24, 2026-12-24T18:00, 2026-12-24T18:00:30 or, with an offset, 2026-12-24T18:00+01:00"
        reading.refuse(expected, field=field, value=value, position=position)
    day, time, seconds, offset = match.groups()
    try:
        wall = epoch_second(datetime.fromisoformat(f"{day}T{time or '00:00'}{seconds or ''}+00:00"))
        happens = clock.happenings(wall) if offset is None else [wall - _ahead(offset)]
    except ValueError as error:
        reading.refuse(f"there is no such moment: {error}", field=field, value=value, position=position)
    if happens and not FIRST_SECOND <= happens[0] <= happens[-1] <= LAST_SECOND:
        reading.refuse("a moment lies in the years 1 to 9999", field=field, value=value, position=position)
    return day if time is None else f"{day}T{time}{seconds or ''}{(offset or '').upper()}", happens


def _ahead(offset: str) -> int:
    """How far a written offset is ahead of UTC, in seconds."""
    if offset in "Zz":
        return 0
    hours, minutes = int(offset[1:3]), int(offset[4:])
    if hours > 23 or minutes > 59:
        raise ValueError(f"an offset such as {offset}")
    return (hours * 60 + minutes) * (-60 if offset[0] == "-" else 60)
