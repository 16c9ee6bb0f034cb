"""Which timetable does a text mean?

`timetable()` reads every kind. A kind is a file with a `Form`: how its texts are known, how they are read, and an
example. Nothing else knows the kinds; a new one is one more line in FORMS. How texts go together, `combine` knows.
"""

from collections.abc import Mapping

from klokker.core.errors import InvalidTimetable
from klokker.core.timetables import combine, completion, cron, every, once, recurrence, sun
from klokker.core.timetables.contract import Timetable
from klokker.core.timetables.reading import Form, Reading
from klokker.core.timetables.zones import Fold, Gap

FORMS: tuple[Form, ...] = (cron.FORM, every.FORM, once.FORM, completion.FORM, recurrence.FORM, sun.FORM)

_GAPS: Mapping[str | None, Gap | None] = {None: None, "shift": "shift", "skip": "skip"}
_FOLDS: Mapping[str | None, Fold | None] = {None: None, "first": "first", "second": "second", "both": "both"}

LONGEST_TEXT = 64 * 1024
"""Characters; a longer text is refused unread."""


def timetable(
    text: str,
    *,
    zone: str = "UTC",
    gap: str | None = None,
    fold: str | None = None,
    key: str = "",
    calendars: Mapping[str, object] | None = None,
    places: Mapping[str, object] | None = None,
) -> Timetable:
    """Read the text of a timetable, such as `*/5 * * * *`, `every 10 minutes` or `at 2026-12-24T18:00`.

    `zone`: the IANA name of the zone whose clocks the text means. `gap` (shift, skip) and `fold` (first, second, both):
    what becomes of times that a clock change skips or repeats; None leaves it to the shape of the text.
    `key`: what `H` is spread by, a schedule's name. `calendars` and `places` map the names that a text may mention.
    Raises InvalidTimetable, with the field, the value, what would be right, and the position.
    """
    if not type(text) is type(zone) is type(key) is str:
        text, zone, key = _as_str("text", text), _as_str("zone", zone), _as_str("key", key)
    if len(text) > LONGEST_TEXT:
        raise InvalidTimetable(f"a text has at most {LONGEST_TEXT} characters", field="text", value=text[:60])
    try:
        reading = Reading(text, zone, _GAPS[gap], _FOLDS[fold], key, calendars, places)
    except (KeyError, TypeError):
        raise _no_such_choice(gap, fold) from None
    return combine.read(reading, _read_one) if combine.is_combined(text) else _read_one(reading)


def _read_one(reading: Reading) -> Timetable:
    """Read a text that is of one kind."""
    for form in FORMS:
        if form.claims(reading.words):
            return form.read(reading)
    known = "; ".join((*(form.looks for form in FORMS), combine.LOOKS))
    return reading.refuse(
        f"no known form of timetable; write one of: {known}", field="text", value=reading.text, position=0
    )


def _as_str(field: str, value: object) -> str:
    """The plain text of a str or of one of its subclasses."""
    if not isinstance(value, str):
        raise InvalidTimetable(f"must be a str, not {type(value).__name__}", field=field, value=value)
    return str.__str__(value)


def _no_such_choice(gap: object, fold: object) -> InvalidTimetable:
    field, value, choices = ("fold", fold, _FOLDS) if gap in tuple(_GAPS) else ("gap", gap, _GAPS)
    stated = ", ".join(choice for choice in choices if choice)
    return InvalidTimetable(f"write {stated}; None leaves it to the shape of the text", field=field, value=value)
