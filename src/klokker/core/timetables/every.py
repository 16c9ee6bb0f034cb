"""When is it, every so often?

`every 10 minutes` counts from the epoch, `every 1 day from 2026-01-01T03:00` from its start, with nothing before it. It
follows real time: a period is so many seconds, whatever the clocks on the wall do, and it never drifts.
"""

from typing import NoReturn

from klokker.core.errors import TooSparse
from klokker.core.moments import DAY, FIRST_SECOND, LAST_SECOND
from klokker.core.timetables.contract import Timetable
from klokker.core.timetables.reading import Form, Reading
from klokker.core.timetables.written import read_moment
from klokker.core.timetables.zones import WallClock

_LONGEST = 366_000 * DAY
_BUDGET = 1_000
"""How many passes of a fold that is not to count one question may try."""


class Every(Timetable):
    """Each `period` seconds, from `start` (a second since 1970; None: from 1970 on and before)."""

    __slots__ = ("clock", "period", "start", "text")

    def __init__(self, text: str, period: int, start: int | None, clock: WallClock) -> None:
        self.text, self.period, self.start, self.clock = text, period, start, clock

    def second_after(self, second: int) -> int | None:
        found = self._next(second)
        if self.clock.fold == "both":
            return found if found <= LAST_SECOND else None
        for _ in range(_BUDGET):
            if found > LAST_SECOND:
                return None
            if found < (piece := self.clock.piece_at(found)).end:
                return found
            found = self._next(piece.until - 1)
        raise TooSparse(self.text, f"{_BUDGET} clock changes in {self.clock.zone}")

    def second_at_or_before(self, second: int) -> int | None:
        found = self._last(min(second, LAST_SECOND))
        for _ in range(_BUDGET):
            if found is None or self.clock.fold == "both" or found < (piece := self.clock.piece_at(found)).end:
                return found
            found = self._last(piece.end - 1)
        raise TooSparse(self.text, f"{_BUDGET} clock changes in {self.clock.zone}")

    def count_seconds(self, after: int, until: int) -> int:
        lowest = FIRST_SECOND if self.start is None else self.start
        after, until = max(after, lowest - 1), min(until, LAST_SECOND)
        if self.clock.fold == "both":
            return self._between(after, until)
        total = 0
        while after < until:
            piece = self.clock.piece_at(after + 1)
            total += self._between(after, min(until, piece.end - 1))
            after = piece.until - 1
        return total

    def _next(self, second: int) -> int:
        start = self.start
        if start is None:
            start, second = 0, max(second, FIRST_SECOND - 1)
        elif second < start:
            return start
        # Python's % is never negative here, so that this counts backward from 1970 as well.
        return second + self.period - (second - start) % self.period

    def _last(self, second: int) -> int | None:
        start = self.start or 0
        found = second - (second - start) % self.period
        return found if found >= (FIRST_SECOND if self.start is None else start) else None

    def _between(self, after: int, until: int) -> int:
        start = self.start or 0
        return max(0, (until - start) // self.period - (after - start) // self.period)

    def _meaning(self) -> tuple[object, ...]:
        passes = () if self.clock.fold == "both" else (self.clock.zone, self.clock.fold)
        return self.period, self.start, passes

    def __eq__(self, other: object) -> bool:
        return self._meaning() == other._meaning() if isinstance(other, Every) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._meaning())

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<Every {self.text!r}>"


_UNITS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}


def read_period(reading: Reading, word: int) -> tuple[str, int, int]:
    """Read `[N] unit` from the word of this number: as text, in seconds, and the number of the word that follows."""
    words = reading.words
    if word >= len(words):
        _refuse_period(reading, word)
    number = "1" if words[word].isalpha() else words[word]
    if not words[word].isalpha():
        word += 1
    digits = number.lstrip("0")
    if not (number.isascii() and number.isdigit()) or word >= len(words):
        _refuse_period(reading, word - 1)
    unit = words[word].lower()
    seconds = _UNITS.get(unit) or _UNITS.get(unit.removesuffix("s"))
    if seconds is None:
        _refuse_unit(reading, word)
    if not digits:
        reading.refuse("must be at least 1", field="period", value=number, position=reading.position(word - 1))
    if len(digits) > 12 or int(digits) * seconds > _LONGEST:
        reading.refuse(
            "a period is at most a thousand years", field="period", value=number, position=reading.position(word - 1)
        )
    name = unit.removesuffix("s")
    return f"{digits} {name}{'' if digits == '1' else 's'}", int(digits) * seconds, word + 1


def _refuse_period(reading: Reading, word: int) -> NoReturn:
    value = reading.words[word] if word < len(reading.words) else ""
    expected = "write a whole number and a unit, as in `every 10 minutes`"
    if value[:1].isdigit() and ("." in value or "," in value):
        expected = "write a whole number of a smaller unit: every 90 minutes instead of every 1.5 hours"
    reading.refuse(expected, field="period", value=value, position=reading.position(word))


def _refuse_unit(reading: Reading, word: int) -> NoReturn:
    unit = reading.words[word].lower()
    expected = "write seconds, minutes, hours, days or weeks"
    if unit.startswith("month"):
        expected = "months differ in length; write the day as cron, such as `0 0 1 * *` for the first of each month"
    elif unit.startswith("year"):
        expected = "years differ in length; write the day as cron, such as `0 0 1 1 *` for each 1 January"
    reading.refuse(expected, field="period", value=reading.words[word], position=reading.position(word))


def _claims(words: list[str]) -> bool:
    return bool(words) and words[0].lower() == "every"


def _read(reading: Reading) -> Every:
    words = reading.words
    written, period, following = read_period(reading, 1)
    clock = reading.clock("shift", "both")
    text = f"every {written}"
    if following == len(words):
        return Every(text, period, None, clock)
    if words[following].lower() != "from":
        expected, position = "write `from` and a moment, or nothing", reading.position(following)
        reading.refuse(expected, field="start", value=words[following], position=position)
    # A start is no occurrence yet: it is read in the plain way, whatever was chosen for the occurrences.
    plain = reading.plain_clock()
    position = reading.position(following + 1)
    start, (second, *_) = read_moment(
        reading, plain, " ".join(words[following + 1 :]), field="start", position=position
    )
    return Every(f"{text} from {start}", period, second, clock)


FORM = Form("`every 10 minutes`, `every 1 day from 2026-01-01T03:00`", _claims, _read)
