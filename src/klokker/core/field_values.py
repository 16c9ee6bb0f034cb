"""How is the value of a definition's field read, as a person wrote it? A reader takes any value, and raises Unfit with what would fit."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from klokker.core.fields import LONGEST, Unfit, length, printable_name, shown, table, text, whole
from klokker.core.json_values import Json
from klokker.core.moments import epoch_second, from_epoch
from klokker.core.result import as_result
from klokker.core.timetables.zones import wall_clock

LARGEST = 2**31 - 1
"""The largest whole number that every database's integer column takes."""


def schedule_name(value: object) -> str:
    """What a schedule may be called. Raises Unfit."""
    name = printable_name(value)
    if re.search(r"#[0-9]+$", name):
        raise Unfit(f"must not end in # and digits, which is how a retired schedule is named, got {shown(name)}")
    return name


def zone_name(value: object) -> str:
    """The IANA name of a zone that there is. Raises Unfit, InvalidTimetable."""
    name = text(value)
    wall_clock(name)
    return name


def moment_in(value: object, zone: str) -> datetime:
    """A moment; one without an offset is a time on the zone's clocks: in a gap its end, in a fold the first. Raises Unfit."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise Unfit(f"must be a date and time such as 2026-12-24T18:00, got {shown(value)}") from None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)  # noqa: DTZ001 - local, placed in its zone below
    if not isinstance(value, datetime):
        raise Unfit(f"must be a date and time such as 2026-12-24T18:00, got {shown(value)}")
    try:
        if value.tzinfo is not None:
            return value.astimezone(UTC)
        wall = epoch_second(value.replace(tzinfo=UTC))
        return from_epoch(wall_clock(zone).happenings(wall)[0])
    except (OverflowError, IndexError):
        raise Unfit(f"lies outside the calendar: {shown(value)}") from None


def arguments(value: object) -> tuple[Json, ...]:
    """Arguments by position: a list of JSON. Raises Unfit."""
    if isinstance(value, str) or not isinstance(value, list | tuple):
        raise Unfit(f"must be a list, got {shown(value)}")
    stored = json_value(value)
    return tuple(stored) if isinstance(stored, list) else ()


def json_table(value: object) -> dict[str, Json]:
    """A table of JSON. Raises Unfit."""
    stored = json_value(dict(table(value)))
    return stored if isinstance(stored, dict) else {}


def json_value(value: object) -> Json:
    """A value that JSON can say, as it will be read back. Raises Unfit."""
    result = as_result(value)
    if result.fault is not None:
        raise Unfit(f"must be JSON: {result.fault.replace('The returned value', 'the value', 1)}")
    return result.json


def texts(value: object) -> dict[str, str]:
    """A table of texts. Raises Unfit."""
    return {printable_name(key): text(each) for key, each in table(value).items()}


def reasons(value: object) -> dict[str, str]:
    """A table of reasons, none of them empty. Raises Unfit."""
    found = {printable_name(code): text(reason) for code, reason in table(value).items()}
    if bare := [code for code, reason in found.items() if not reason.strip()]:
        raise Unfit(f'must say why, as in {{ {bare[0]} = "the reason" }}')
    return found


def positive(value: object) -> int:
    """A whole number from 1 on that every database can keep. Raises Unfit."""
    if not 1 <= (count := whole(value)) <= LARGEST:
        raise Unfit(f"must be from 1 to {LARGEST}, got {count}")
    return count


def order(value: object) -> int:
    """A whole number that every database can keep. Raises Unfit."""
    if abs(number := whole(value)) > LARGEST:
        raise Unfit(f"must be from -{LARGEST} to {LARGEST}, got {number}")
    return number


def grace(value: object) -> timedelta:
    """A span from zero on. Raises Unfit."""
    if not timedelta(0) <= (span := length(value)) <= LONGEST:
        raise Unfit(f"must be from zero to a thousand years, got {span}")
    return span


def one_of(*choices: str) -> Callable[[object], str]:
    """A reader of these words and no others."""

    def choice(value: object) -> str:
        if value not in choices:
            raise Unfit(f"must be {' or '.join(choices)}, got {shown(value)}")
        return str(value)

    return choice
