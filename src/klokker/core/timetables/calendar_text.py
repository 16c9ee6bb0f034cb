"""How is a calendar read? A text of one or more lines, each of which names some windows:

    holidays NL                           the public holidays of a country, whole days
    holidays DE-BY                        or of a part of it
    daily 22:00-06:00                     hours of each day; over midnight too
    weekly MON-THU,SAT 09:00-17:30        hours of some days of the week; without hours, the whole days
    dates 12-24..12-26, 2026-05-01        days, of each year or of one
    from 2026-03-01T22:00 to 2026-03-02T04:00
    except dates 2026-04-03               any of these, in whose windows the calendar is not, whatever the others say

or the text of an ICS file (see `calendar_ics`). A first line `zone Europe/Amsterdam` says on whose clocks; without it,
they are those of the schedule's zone. Lines that begin with # are passed over.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import NoReturn

from klokker.core.errors import InvalidTimetable
from klokker.core.moments import DAY
from klokker.core.spelling import did_you_mean
from klokker.core.timetables.calendar_ics import read_ics
from klokker.core.timetables.calendars import (
    Calendar,
    Dates,
    Holidays,
    Hours,
    Listed,
    Part,
    Windows,
    midnight,
    wall_second,
)
from klokker.core.timetables.masks import InCalendar
from klokker.core.timetables.zones import wall_clock


@lru_cache(maxsize=1024)
def read_calendar(text: str) -> Calendar:
    """The calendar that a text means. Raises InvalidTimetable."""
    zone, begins = _zone(text)
    if text[begins:].lstrip("\ufeff \r\n")[:15].upper() == "BEGIN:VCALENDAR":
        return read_ics(text[begins:], zone)
    parts: list[Part] = []
    exceptions: list[Part] = []
    for line in text[begins:].splitlines(keepends=True):
        if line.strip() and not line.lstrip().startswith("#"):
            excepted = _EXCEPT.match(line)
            ahead = excepted.end() if excepted else 0
            found = _Line(text, line[ahead:], begins + ahead, zone).parts()
            (exceptions if excepted else parts).extend(found)
        begins += len(line)
    if not parts:
        raise InvalidTimetable(f"write one of: {_LOOKS}", field="calendar", value=text[:60], text=text, position=0)
    return Calendar.of(parts, exceptions)


def named_calendar(known: Mapping[str, object], name: str, zone: str) -> InCalendar:
    """The calendar of this name, on the clocks of `zone` where it has none of its own. Raises InvalidTimetable."""
    if name not in known:
        there = f"write one of {', '.join(sorted(known))}{did_you_mean(name, known)}"
        expected = f"{there if known else 'no calendars are known here'} (`klokker calendar add` makes one)"
        raise InvalidTimetable(expected, field="calendar", value=name)
    calendar = known[name]
    if isinstance(calendar, str):
        try:
            calendar = read_calendar(calendar)
        except InvalidTimetable as fault:
            expected = f"what stands behind this name cannot be read: {fault}"
            raise InvalidTimetable(expected, field="calendar", value=name) from None
    if not isinstance(calendar, Calendar):
        expected = f"this name stands for {type(calendar).__name__}: hand in a text, or what read_calendar makes of one"
        raise InvalidTimetable(expected, field="calendar", value=name)
    wall_clock(zone)  # a zone that does not exist is refused here too
    return InCalendar(name, calendar, zone)


def _zone(text: str) -> tuple[str | None, int]:
    """The zone that the first line names, if it does, and where the lines behind it begin."""
    match = _ZONE.match(text)
    if match is None:
        return None, 0
    try:
        wall_clock(match[1])
    except InvalidTimetable as fault:
        raise InvalidTimetable(
            fault.expected, field="zone", value=match[1], text=text, position=match.start(1)
        ) from None
    return match[1], match.end()


_LOOKS = (
    "`holidays NL`; `daily 22:00-06:00`; `weekly MON-FRI 09:00-17:00`; `dates 12-24..12-26`; "
    "`from 2026-03-01T22:00 to 2026-03-02T04:00`; `except` before any of these; or the text of an ICS file"
)
_ZONE = re.compile(r"\s*zone[ \t]+(\S*)[ \t]*(?:\r?\n|$)", re.IGNORECASE)
_EXCEPT = re.compile(r"\s*except(?=\s)", re.IGNORECASE)
_WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_HOURS = re.compile(r"([0-9]{1,2}):([0-9]{2})\s*-\s*([0-9]{1,2}):([0-9]{2})")
_DATE = re.compile(r"(?:([0-9]{4})-)?([0-9]{2})-([0-9]{2})")
_WINDOW = re.compile(r"(\S+)\s+to\s+(\S+)", re.IGNORECASE)
_HOLIDAYS = re.compile(r"([A-Z]{2,3})(?:[-/ ]([A-Z0-9]{1,6}))?", re.IGNORECASE)


class _Line:
    """Reads one line of a calendar."""

    def __init__(self, text: str, line: str, begins: int, zone: str | None) -> None:
        self.text, self.zone = text, zone
        begins += len(line) - len(line.lstrip())
        self.word, _, rest = line.strip().partition(" ")
        self.rest, self.word_at = rest.strip(), begins
        self.rest_at = begins + len(line.strip()) - len(self.rest) if self.rest else begins + len(self.word)

    def parts(self) -> list[Part]:
        """What the line names."""
        match self.word.lower():
            case "holidays":
                return [Part(self._holidays(), self.zone)]
            case "daily":
                return [Part(self._hours(range(7), self.rest, self.rest_at), self.zone)]
            case "weekly":
                days, _, hours = self.rest.partition(" ")
                at = self.rest_at + len(self.rest) - len(hours.lstrip())
                return [Part(self._hours(self._weekdays(days), hours.strip() or "00:00-24:00", at), self.zone)]
            case "dates":
                return [Part(windows, self.zone) for windows in self._dates()]
            case "from":
                return [self._window()]
        return self._refuse(f"write one of: {_LOOKS}", self.word, self.word_at)

    def _holidays(self) -> Holidays:
        match = _HOLIDAYS.fullmatch(self.rest)
        if match is None:
            self._refuse("write a country, `holidays NL`, or a part of one, `holidays DE-BY`", self.rest, self.rest_at)
        country, part = match[1].upper(), match[2].upper() if match[2] else None
        try:
            import holidays  # the extra `holidays`
        except ImportError:
            self._refuse("holidays need the package: pip install 'klokker[holidays]'", self.word, self.word_at)
        known = holidays.list_supported_countries(include_aliases=True)
        if country not in known:
            self._refuse(f"no holidays are known of this country{did_you_mean(country, known)}", match[1], self.rest_at)
        if part is not None and part not in known[country]:
            parts = ", ".join(known[country]) or "none"
            self._refuse(
                f"no part of {country} is called so; there are: {parts}", match[2], self.rest_at + match.start(2)
            )
        return Holidays(country, part)

    def _hours(self, weekdays: Iterable[int], hours: str, at: int) -> Hours:
        match = _HOURS.fullmatch(hours)
        if match is None:
            self._refuse("write hours, such as 09:00-17:30 or 22:00-06:00", hours, at)
        first, first_minute, last, last_minute = map(int, match.groups())
        begins, ends = first * 3600 + first_minute * 60, last * 3600 + last_minute * 60
        if first_minute > 59 or last_minute > 59 or begins >= DAY or ends > DAY or begins == ends:
            self._refuse("hours go from 00:00 to 24:00 and last for some time", hours, at)
        return Hours(frozenset(weekdays), begins, ends if ends > begins else ends + DAY)

    def _weekdays(self, days: str) -> set[int]:
        found: set[int] = set()
        at = self.rest_at
        for item in days.split(","):
            named = [part[:3].upper() for part in item.split("-")]
            if not 1 <= len(named) <= 2 or any(name not in _WEEKDAYS for name in named):
                self._refuse("write days of the week, such as MON-FRI or SAT,SUN", item, at)
            first, last = _WEEKDAYS.index(named[0]), _WEEKDAYS.index(named[-1])
            found |= {(first + more) % 7 for more in range((last - first) % 7 + 1)}
            at += len(item) + 1
        return found

    def _dates(self) -> list[Windows]:
        found: list[Windows] = []
        at = self.rest_at
        for item in self.rest.split(","):
            ends = [_DATE.fullmatch(part.strip()) for part in item.split("..")]
            place = at + len(item) - len(item.lstrip())
            if not 1 <= len(ends) <= 2 or None in ends or len({end[1] is None for end in ends if end}) > 1:
                self._refuse(
                    "write 12-24 for each year, 2026-12-24 for one, 12-24..12-26 for several days", item.strip(), place
                )
            (year, month, day), (last_year, last_month, last_day) = (end.groups() for end in (ends[0], ends[-1]) if end)
            try:
                # 29 February is a date, though not of each year.
                first, last = (
                    date(int(year or 2000), int(month), int(day)),
                    date(int(last_year or 2000), int(last_month), int(last_day)),
                )
            except ValueError as error:
                self._refuse(f"there is no such day: {error}", item.strip(), place)
            if year and last < first:
                self._refuse("the last day lies before the first", item.strip(), place)
            if year:
                found.append(
                    Listed.of(
                        [
                            (
                                midnight(first.year, first.month, first.day),
                                midnight(last.year, last.month, last.day) + DAY,
                            )
                        ]
                    )
                )
            else:
                found.append(Dates((first.month, first.day), (last.month, last.day)))
            at += len(item) + 1
        return found

    def _window(self) -> Part:
        match = _WINDOW.fullmatch(self.rest)
        expected = "write from 2026-03-01T22:00 to 2026-03-02T04:00; both with an offset or both without"
        if match is None:
            self._refuse(expected, self.rest, self.rest_at)
        try:
            opens, closes = (datetime.fromisoformat(written) for written in match.groups())
        except ValueError as error:
            self._refuse(f"there is no such moment: {error}", self.rest, self.rest_at)
        if (opens.tzinfo is None) is not (closes.tzinfo is None):
            self._refuse(expected, self.rest, self.rest_at)
        zone = "UTC" if opens.tzinfo else self.zone
        begins, ends = wall_second(opens), wall_second(closes)
        if ends <= begins:
            self._refuse("a window ends after it begins", self.rest, self.rest_at)
        return Part(Listed.of([(begins, ends)]), zone)

    def _refuse(self, expected: str, value: str, position: int) -> NoReturn:
        raise InvalidTimetable(expected, field="calendar", value=value, text=self.text, position=position)
