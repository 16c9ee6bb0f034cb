"""How is a recurrence rule read? `FREQ=MONTHLY;BYDAY=-1FR`, as RFC 5545 has it in section 3.3.10.

What the RFC forbids is refused, and so is what it leaves to nobody knows whom (`BYEASTER`).
"""

import re
from dataclasses import dataclass
from typing import NoReturn

from klokker.core.spelling import did_you_mean
from klokker.core.timetables.reading import Reading

FREQUENCIES = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY")
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

_NUMBERS = {
    # name: lowest, highest, whether it may count from the end
    "BYSECOND": (0, 59, False),
    "BYMINUTE": (0, 59, False),
    "BYHOUR": (0, 23, False),
    "BYMONTHDAY": (1, 31, True),
    "BYYEARDAY": (1, 366, True),
    "BYWEEKNO": (1, 53, True),
    "BYMONTH": (1, 12, False),
    "BYSETPOS": (1, 366, True),
}
_NAMES = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", *_NUMBERS)
_DAY = re.compile(r"([+-]?)([0-9]{0,2})(MO|TU|WE|TH|FR|SA|SU)")
_INTEGER = re.compile(r"[+-]?[0-9]{1,9}")
_NOT_WITH = {
    # RFC 5545 forbids these, for they would mean nothing.
    "BYWEEKNO": ("MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY"),
    "BYYEARDAY": ("MONTHLY", "WEEKLY", "DAILY"),
    "BYMONTHDAY": ("WEEKLY",),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """What a rule says. A list that is not written is empty; `until` is as written; Monday is weekday 0."""

    freq: str
    interval: int = 1
    count: int | None = None
    wkst: int = 0
    seconds: tuple[int, ...] = ()
    minutes: tuple[int, ...] = ()
    hours: tuple[int, ...] = ()
    weekdays: tuple[tuple[int, int], ...] = ()
    """(weekday, nth); nth is 0 for every one."""
    monthdays: tuple[int, ...] = ()
    yeardays: tuple[int, ...] = ()
    weeks: tuple[int, ...] = ()
    months: tuple[int, ...] = ()
    positions: tuple[int, ...] = ()


def read_rule(reading: Reading, value: str, position: int) -> tuple[Rule, tuple[str, int] | None]:
    """The rule that stands at this position, and its UNTIL: as written, and where. Raises InvalidTimetable."""
    parts: dict[str, tuple[str, int]] = {}
    for part in value.rstrip(";").split(";"):
        name, equals, given = part.partition("=")
        if name not in _NAMES:
            expected = f"write {', '.join(_NAMES)}{did_you_mean(name, _NAMES)}"
            reading.refuse(expected, field="rule", value=name, position=position)
        if not equals or not given or name in parts:
            expected = "is written twice" if name in parts else f"write a value: {name}=…"
            reading.refuse(expected, field=name, value=part, position=position)
        parts[name] = given, position + len(name) + 1
        position += len(part) + 1
    until = parts.pop("UNTIL", None)
    return _Reader(reading, parts, until).rule(position - 1), until


class _Reader:
    """Reads the parts of one rule: each a value and where it stands."""

    def __init__(self, reading: Reading, parts: dict[str, tuple[str, int]], until: tuple[str, int] | None) -> None:
        self.reading, self.parts, self.until = reading, parts, until

    def rule(self, end: int) -> Rule:
        """All of it; what is missing is missing at `end`."""
        if "FREQ" not in self.parts:
            self.reading.refuse(
                f"a rule has a FREQ: write FREQ={'|'.join(FREQUENCIES)}", field="FREQ", value="", position=end
            )
        freq = self.parts["FREQ"][0]
        if freq not in FREQUENCIES:
            self._refuse("FREQ", freq, f"write {', '.join(FREQUENCIES)}{did_you_mean(freq, FREQUENCIES)}")
        if "WKST" in self.parts and self.parts["WKST"][0] not in WEEKDAYS:
            self._refuse("WKST", self.parts["WKST"][0], f"write {', '.join(WEEKDAYS)}")
        for name, frequencies in _NOT_WITH.items():
            if name in self.parts and freq in frequencies:
                self._refuse(name, self.parts[name][0], f"does not go with FREQ={freq}")
        if "COUNT" in self.parts and self.until is not None:
            self._refuse("COUNT", self.parts["COUNT"][0], "write COUNT or UNTIL, not both")
        if "BYSETPOS" in self.parts and not self.parts.keys() & {"BYDAY", *_NUMBERS} - {"BYSETPOS"}:
            self._refuse("BYSETPOS", self.parts["BYSETPOS"][0], "picks from what another BY… names: write one")
        return Rule(
            freq=freq,
            interval=self._positive("INTERVAL") or 1,
            count=self._positive("COUNT"),
            wkst=WEEKDAYS.index(self.parts["WKST"][0]) if "WKST" in self.parts else 0,
            weekdays=self._days(freq),
            seconds=self._numbers("BYSECOND"),
            minutes=self._numbers("BYMINUTE"),
            hours=self._numbers("BYHOUR"),
            monthdays=self._numbers("BYMONTHDAY"),
            yeardays=self._numbers("BYYEARDAY"),
            weeks=self._numbers("BYWEEKNO"),
            months=self._numbers("BYMONTH"),
            positions=self._numbers("BYSETPOS"),
        )

    def _positive(self, name: str) -> int | None:
        if name not in self.parts:
            return None
        value = self.parts[name][0]
        if not (value.isascii() and value.isdigit() and len(value) <= 9 and int(value) > 0):
            self._refuse(name, value, "write a whole number from 1 to 999999999")
        return int(value)

    def _numbers(self, name: str) -> tuple[int, ...]:
        if name not in self.parts:
            return ()
        low, high, from_end = _NUMBERS[name]
        found = set()
        for item in self.parts[name][0].split(","):
            number = int(item) if _INTEGER.fullmatch(item) else None
            if number is None or not (low <= number <= high or (from_end and low <= -number <= high)):
                self._refuse(name, item, f"write {low} to {high}" + (f", or -{high} to -1 from the end" * from_end))
            found.add(number)
        return tuple(sorted(found))

    def _days(self, freq: str) -> tuple[tuple[int, int], ...]:
        if "BYDAY" not in self.parts:
            return ()
        found = set()
        for item in self.parts["BYDAY"][0].split(","):
            match = _DAY.fullmatch(item)
            if match is None or (match[1] and not match[2]) or (match[2] and not 1 <= int(match[2]) <= 53):
                self._refuse("BYDAY", item, f"write {', '.join(WEEKDAYS)}, or with a number: 2MO, -1FR")
            if match[2] and (freq not in ("YEARLY", "MONTHLY") or "BYWEEKNO" in self.parts):
                beside = "BYWEEKNO" if freq == "YEARLY" else f"FREQ={freq}"
                self._refuse("BYDAY", item, f"a number does not go with {beside}: write {match[3]}")
            found.add((WEEKDAYS.index(match[3]), int(f"{match[1]}{match[2]}" if match[2] else 0)))
        return tuple(sorted(found))

    def _refuse(self, name: str, value: str, expected: str) -> NoReturn:
        given, position = self.parts[name]
        self.reading.refuse(expected, field=name, value=value, position=position + max(given.find(value), 0))
