"""How is a cron expression read?

Five fields: minute, hour, day of month, month, weekday; or six, with seconds first; or a macro that stands for five.
"""

from typing import NoReturn

from klokker.core.timetables.cron_days import Days
from klokker.core.timetables.cron_fields import DATE, HOUR, MINUTE, MONTH, SECOND, WEEKDAY, Fault, Field, Named
from klokker.core.timetables.reading import Reading

MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}

_LONGEST = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_EVERY_MONTH_HAS = (2 << 29) - 2


class Expression:
    """What an expression says: sets of seconds, minutes and hours as bits, and days.

    `follows_real_time`: its minute or hour begins with a star, which decides what clock changes do to it (Vixie's rule).
    """

    __slots__ = ("days", "follows_real_time", "hours", "minutes", "seconds")

    def __init__(self, seconds: int, minutes: int, hours: int, days: Days, follows_real_time: bool) -> None:
        self.seconds, self.minutes, self.hours, self.days = seconds, minutes, hours, days
        self.follows_real_time = follows_real_time


def read_expression(reading: Reading) -> Expression:
    """Read the words of an expression. Raises InvalidTimetable."""
    words = reading.words
    if words[0][0] == "@":
        words = _macro(reading).split()
    if "&" in words:
        expected = "`&` stands directly before the weekday field, with no blank: `0 0 13 * &5`"
        reading.refuse(expected, field=WEEKDAY.name, value="&", position=reading.position(words.index("&")))
    number = len(words)
    if number == 5:
        minute, hour, date, month, weekday = words
        seconds = 1
    elif number == 6:
        second, minute, hour, date, month, weekday = words
        seconds = _read(reading, SECOND, second, 6).bits
    else:
        _refuse_number(reading)
    minutes = _read(reading, MINUTE, minute, 5).bits
    hours = _read(reading, HOUR, hour, 4).bits
    dates = DATE.every if date == "?" else _read(reading, DATE, date, 3)
    months = _read(reading, MONTH, month, 2).bits
    asks_both = weekday[0] == "&"
    named = weekday[1:] if asks_both else weekday
    weekdays = WEEKDAY.every if weekday == "?" else _read(reading, WEEKDAY, named, 1, skipped=asks_both)
    either = not (asks_both or date[0] in "*?" or weekday[0] in "*?")
    if not either and not dates.bits & _EVERY_MONTH_HAS and not _may_fall(dates, months):
        expected = "no month of the month field has this day (February has 29 at most)"
        reading.refuse(expected, field=DATE.name, value=date, position=reading.position(number - 3))
    days = Days(months, dates.bits, weekdays.bits, dates.specials.with_(weekdays.specials), either)
    return Expression(seconds, minutes, hours, days, minute[0] == "*" or hour[0] == "*")


def _read(reading: Reading, field: Field, text: str, from_end: int, *, skipped: bool = False) -> Named:
    """Read the field that is so many words from the end of the text; `skipped`: but for its first character."""
    try:
        return field.read(text, reading.key)
    except Fault as fault:
        item, within = text if fault.item is None else fault.item, int(skipped)
        for before in text.split(",") if fault.item is not None else ():
            if before == item:
                break
            within += len(before) + 1
        # The value at fault is part of the item, perhaps in other case.
        at = max(item.upper().find(fault.value), 0)
        value = item[at : at + len(fault.value)] or item
        position = reading.position(len(reading.words) - from_end) + within + at
        reading.refuse(fault.expected, field=field.name, value=value, position=position)


def _may_fall(dates: Named, months: int) -> bool:
    """Whether some month of the month field, at its longest, has one of these days."""
    longest = max(length for month, length in enumerate(_LONGEST) if months >> month & 1)
    return (
        bool(dates.bits & (2 << longest) - 1)
        or dates.specials.last_workday
        or any(before < longest for before in dates.specials.before_last)
        or any(day <= longest for day in dates.specials.workdays)
    )


def _macro(reading: Reading) -> str:
    name = reading.words[0].lower()
    if name == "@reboot":
        expected = (
            "the start of a machine is no moment on a timetable: let its service manager (systemd) start the task"
        )
        reading.refuse(expected, field="text", value=reading.words[0], position=reading.position(0))
    if name not in MACROS or len(reading.words) > 1:
        reading.refuse(
            f"write one of {', '.join(MACROS)}, alone",
            field="text",
            value=reading.text.strip(),
            position=reading.position(0),
        )
    return MACROS[name]


def _refuse_number(reading: Reading) -> NoReturn:
    words = reading.words
    expected = f"a cron expression has 5 fields, or 6 with seconds first, not {len(words)}"
    if len(words) == 7:
        expected += "; for a year field, as Quartz has it, let the schedule start and end instead"
    if len(words) > 6:
        reading.refuse(expected, field="text", value=words[6], position=reading.position(6))
    reading.refuse(expected, field="text", value=reading.text.strip(), position=len(reading.text.rstrip()))
