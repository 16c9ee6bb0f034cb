"""Which windows does an ICS file name? Each event, from its start up to and without its end, as often as its rule says.

RFC 5545. An event without an end lasts its day, or no time and is left out. What one occurrence of a series was moved to
(RECURRENCE-ID) stands for it. Cancelled events are left out.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from klokker.core.errors import InvalidTimetable
from klokker.core.moments import DAY, from_epoch
from klokker.core.timetables import recurrence
from klokker.core.timetables.calendars import Calendar, Listed, Part, Spans, wall_second
from klokker.core.timetables.reading import Reading
from klokker.core.timetables.zones import on_the_clocks_of


def read_ics(text: str, zone: str | None) -> Calendar:
    """The calendar of an ICS text. Times without a zone, and days, are those of `zone`. Raises InvalidTimetable."""
    try:
        import icalendar  # the extra `holidays`
    except ImportError:
        raise _refused(text, "ICS files need icalendar: pip install 'klokker[holidays]'", text[:15]) from None
    try:
        events: list[Any] = [event for event in icalendar.Calendar.from_ical(text).walk("VEVENT") if _counts(event)]
        moved = [(str(event.get("UID")), event["RECURRENCE-ID"].dt) for event in events if "RECURRENCE-ID" in event]
        parts = [part for event in events for part in _parts(event, moved, zone)]
    except (ValueError, KeyError, AttributeError, TypeError, IndexError, OverflowError) as error:
        # icalendar raises any of these on what is no calendar.
        raise _refused(text, f"this is no ICS file: {error}", text[:60]) from error
    if not parts:
        raise _refused(text, "there is no event in this ICS file that lasts", text[:60])
    return Calendar.of(parts)


def _parts(event: Any, moved: list[tuple[str, date]], zone: str | None) -> Iterator[Part]:
    """The windows of one event."""
    start = event["DTSTART"].dt
    where = _zone(event, zone)
    opens = _wall(start, where)
    length = _length(event, start, where)
    if length <= 0:
        return
    left_out = {_wall(each.dt, where) for listed in _several(event, "EXDATE") for each in listed.dts}
    if "RECURRENCE-ID" not in event:
        left_out |= {_wall(of, where) for uid, of in moved if uid == str(event.get("UID"))}
    if "RRULE" in event:
        yield Part(Spans(_starts(event, opens, sorted(left_out), where), length), where)
    elif opens not in left_out:
        yield Part(Listed.of([(opens, opens + length)]), where)
    for listed in _several(event, "RDATE"):
        for each in listed.dts:
            begins, ends = _span(each.dt, length, where)
            if begins < ends and begins not in left_out:
                yield Part(Listed.of([(begins, ends)]), where)


def _span(further: Any, length: int, zone: str | None) -> tuple[int, int]:
    """From when until when a further date of an event is: a start, or a period that is as long as it says itself."""
    if isinstance(further, date):
        begins = _wall(further, zone)
        return begins, begins + length
    opens, closes = further
    begins = _wall(opens, zone)
    return begins, begins + int(closes / timedelta(seconds=1)) if isinstance(closes, timedelta) else _wall(closes, zone)


def _starts(event: Any, opens: int, left_out: list[int], zone: str | None) -> recurrence.Recurrence:
    """The starts of a series, on the clock on the wall as if that were in UTC."""
    rule = event["RRULE"]
    if "UNTIL" in rule:
        # A date stays one: it stands for its whole day.
        until = [_as_wall(each, zone) if isinstance(each, datetime) else each for each in rule["UNTIL"]]
        rule = type(rule)({**rule, "UNTIL": until})
    words = [f"DTSTART:{_written(opens)}"]
    words += [f"EXDATE:{','.join(map(_written, left_out))}"] if left_out else []
    words.append(f"RRULE:{rule.to_ical().decode()}")
    found = recurrence.FORM.read(Reading(" ".join(words), "UTC", None, None, "", None, None))
    assert isinstance(found, recurrence.Recurrence)
    return found


def _length(event: Any, start: date, zone: str | None) -> int:
    """How long it lasts on the clock on the wall, in seconds."""
    if "DTEND" in event:
        return _wall(event["DTEND"].dt, zone) - _wall(start, zone)
    if "DURATION" in event:
        return int(event["DURATION"].dt / timedelta(seconds=1))
    return 0 if isinstance(start, datetime) else DAY


def _zone(event: Any, zone: str | None) -> str | None:
    """The zone on whose clocks an event is: its own, by its IANA name or that of Windows, UTC, or the calendar's."""
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON  # the extra `holidays`

    start = event["DTSTART"].dt
    named = event["DTSTART"].params.get("TZID")
    if not isinstance(start, datetime) or named is None:
        return "UTC" if isinstance(start, datetime) and start.tzinfo is not None else zone
    own = getattr(start.tzinfo, "key", None) or WINDOWS_TO_OLSON.get(named) or zone
    if own is not None:
        return str(own)
    if start.tzinfo is not None and "RRULE" not in event:
        return "UTC"  # the file says itself what that zone's clocks showed on the day
    raise InvalidTimetable(
        "the file names a zone of its own, and how its clocks change in years to come is not known; say which zone that "
        "is: write a line such as `zone Europe/Amsterdam` before BEGIN:VCALENDAR",
        field="zone",
        value=str(named),
    )


def _wall(moment: date, zone: str | None) -> int:
    return wall_second(_as_wall(moment, zone))


def _as_wall(moment: date, zone: str | None) -> datetime:
    """What the clocks of the zone show at a moment; a day is its midnight, a time without a zone itself."""
    moment = _midnight_of(moment)
    if moment.tzinfo is None:
        return moment
    if zone is None or zone == "UTC":
        return (moment - (moment.utcoffset() or timedelta(0))).replace(tzinfo=None)
    return on_the_clocks_of(zone, moment).replace(tzinfo=None)


def _midnight_of(moment: date) -> datetime:
    return moment if isinstance(moment, datetime) else datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001


def _several(event: Any, name: str) -> list[Any]:
    value = event.get(name, [])
    return value if isinstance(value, list) else [value]


def _counts(event: Any) -> bool:
    return str(event.get("STATUS", "")).upper() != "CANCELLED" and "DTSTART" in event


def _written(wall: int) -> str:
    return from_epoch(wall).strftime("%Y%m%dT%H%M%S")


def _refused(text: str, expected: str, value: str) -> InvalidTimetable:
    return InvalidTimetable(expected, field="calendar", value=value, text=text, position=0)
