"""When does a cron expression match?

Three questions, each answered with integers: which days (`cron_days`), which seconds of such a day (three sets of bits
for hours, minutes and seconds), and what the wall clock of the zone makes of them (`zones`).
"""

from klokker.core.errors import TooSparse
from klokker.core.moments import DAY, FIRST_SECOND, LAST_SECOND
from klokker.core.timetables.contract import Timetable
from klokker.core.timetables.cron_expression import MACROS, Expression, read_expression
from klokker.core.timetables.reading import Form, Reading
from klokker.core.timetables.zones import WallClock

_BUDGET = 1_000
"""How many clock changes one question may try, whose every match is skipped (`30 2 * 3 0L` with gap = skip)."""


class Cron(Timetable):
    """The moments at which the wall clock of a zone matches the fields of a cron expression."""

    __slots__ = (
        "_first_in_hour",
        "_first_second",
        "_first_time",
        "_last_time",
        "clock",
        "days",
        "hours",
        "minutes",
        "seconds",
        "text",
    )

    def __init__(self, text: str, expression: Expression, clock: WallClock) -> None:
        self.text, self.clock = text, clock
        self.days = expression.days
        self.hours, self.minutes, self.seconds = expression.hours, expression.minutes, expression.seconds
        self._first_second = _lowest(self.seconds)
        self._first_in_hour = _lowest(self.minutes) * 60 + self._first_second
        self._first_time = _lowest(self.hours) * 3600 + self._first_in_hour
        self._last_time = _highest(self.hours) * 3600 + _highest(self.minutes) * 60 + _highest(self.seconds)

    def second_after(self, second: int) -> int | None:
        second = max(second, FIRST_SECOND - 1)
        piece = self.clock.piece_at(second)
        wall = self._wall_from(min(second + 1, piece.end) + piece.offset)
        if wall is not None and wall < piece.end + piece.offset:
            found = wall - piece.offset
            return found if found <= LAST_SECOND else None
        opens = piece.until
        for _ in range(_BUDGET):
            if wall is None or opens > LAST_SECOND:
                return None
            closed = piece.end + piece.offset
            piece = self.clock.piece_at(opens)
            if wall < piece.reach or piece.reach < closed:
                # The time found is skipped here, or the clocks went back and show earlier ones again.
                wall = self._wall_from(piece.reach)
                if wall is None:
                    return None
            if wall < piece.end + piece.offset:
                found = max(wall - piece.offset, piece.start)
                return found if found <= LAST_SECOND else None
            # No offset is as wide as two days: nothing matches in the pieces that end before this.
            opens = max(piece.until, wall - 2 * DAY)
        raise TooSparse(self.text, f"{_BUDGET} clock changes in {self.clock.zone}")

    def second_at_or_before(self, second: int) -> int | None:
        second = min(second, LAST_SECOND)
        piece = self.clock.piece_at(second)
        wall = self._wall_to(min(second, piece.end - 1) + piece.offset)
        if wall is not None and wall >= piece.start + piece.offset:
            found = wall - piece.offset
            return found if found >= FIRST_SECOND else None
        closes = second
        for _ in range(_BUDGET):
            if wall is None:
                return None
            if wall >= piece.reach and piece.start < piece.end:
                found = max(wall - piece.offset, piece.start)
                return found if found >= FIRST_SECOND else None
            closes = piece.start - 1 if closes == second else min(piece.start - 1, wall + 2 * DAY)
            if closes < FIRST_SECOND:
                return None
            opened = piece.reach
            piece = self.clock.piece_at(closes)
            if wall >= piece.end + piece.offset or opened < piece.end + piece.offset:
                wall = self._wall_to(piece.end + piece.offset - 1)
        raise TooSparse(self.text, f"{_BUDGET} clock changes in {self.clock.zone}")

    def count_seconds(self, after: int, until: int) -> int:
        after, until = max(after, FIRST_SECOND - 1), min(until, LAST_SECOND)
        total = 0
        while after < until:
            piece = self.clock.piece_at(after + 1)
            if piece.start > after and piece.reach < piece.start + piece.offset:
                # All that was skipped comes at the start, and is one.
                opens = piece.start + piece.offset + 1
                total += self._count_before(opens) > self._count_before(piece.reach)
            else:
                opens = after + 1 + piece.offset
            closes = min(until + 1, piece.end) + piece.offset
            if closes > opens:
                total += self._count_before(closes) - self._count_before(opens)
            after = piece.until - 1
        return total

    def _wall_from(self, wall: int) -> int | None:
        """The first matching wall-clock second at or after `wall`."""
        day, second = divmod(wall, DAY)
        if second > self._last_time:
            day += 1
            found = self.days.first_from(day)
            return None if found is None else found * DAY + self._first_time
        found = self.days.first_from(day)
        if found != day or second <= self._first_time:
            return None if found is None else found * DAY + self._first_time
        # The day matches and a time of it is left.
        hour, rest = divmod(second, 3600)
        if self.hours >> hour & 1:
            minute, rest = divmod(rest, 60)
            if self.minutes >> minute & 1 and (left := self.seconds >> rest << rest):
                return day * DAY + hour * 3600 + minute * 60 + _lowest(left)
            if left := self.minutes >> minute + 1 << minute + 1:
                return day * DAY + hour * 3600 + _lowest(left) * 60 + self._first_second
        left = self.hours >> hour + 1 << hour + 1
        return day * DAY + _lowest(left) * 3600 + self._first_in_hour

    def _wall_to(self, wall: int) -> int | None:
        """The last matching wall-clock second at or before `wall`."""
        day, second = divmod(wall, DAY)
        if second < self._first_time:
            found = self.days.last_to(day - 1)
            return None if found is None else found * DAY + self._last_time
        found = self.days.last_to(day)
        if found != day or second >= self._last_time:
            return None if found is None else found * DAY + self._last_time
        hour, rest = divmod(second, 3600)
        if self.hours >> hour & 1:
            minute, rest = divmod(rest, 60)
            if self.minutes >> minute & 1 and (left := self.seconds & (2 << rest) - 1):
                return day * DAY + hour * 3600 + minute * 60 + _highest(left)
            if left := self.minutes & (1 << minute) - 1:
                return day * DAY + hour * 3600 + _highest(left) * 60 + _highest(self.seconds)
        left = self.hours & (1 << hour) - 1
        return day * DAY + _highest(left) * 3600 + _highest(self.minutes) * 60 + _highest(self.seconds)

    def _count_before(self, wall: int) -> int:
        """How many wall-clock seconds match before `wall`, counted from a day that is the same for all calls."""
        day, second = divmod(wall, DAY)
        hour, rest = divmod(second, 3600)
        minute, rest = divmod(rest, 60)
        in_minute, in_hour = self.seconds.bit_count(), self.minutes.bit_count()
        in_day = self.hours.bit_count() * in_hour * in_minute
        days = self.days.count_before(day)
        total = days * in_day
        if self.days.first_from(day) == day:
            total += (self.hours & (1 << hour) - 1).bit_count() * in_hour * in_minute
            if self.hours >> hour & 1:
                total += (self.minutes & (1 << minute) - 1).bit_count() * in_minute
                if self.minutes >> minute & 1:
                    total += (self.seconds & (1 << rest) - 1).bit_count()
        return total

    def _meaning(self) -> tuple[object, ...]:
        return (
            self.seconds,
            self.minutes,
            self.hours,
            self.days.meaning,
            self.clock.zone,
            self.clock.gap,
            self.clock.fold,
        )

    def __eq__(self, other: object) -> bool:
        return self._meaning() == other._meaning() if isinstance(other, Cron) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._meaning())

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<Cron {self.text!r} {self.clock.zone}>"


def _claims(words: list[str]) -> bool:
    """Whether the text begins with a macro, or like two fields: these hold no words but months' and weekdays' names."""
    if not words or words[0][0] not in "0123456789*?@/,-&#HhLlWw":
        return False
    if words[0][0].isalpha():
        return len(words) > 4
    return len(words) == 1 or words[0][0] == "@" or not words[1].isalpha() or words[1].upper() in ("H", "L", "W", "LW")


def _read(reading: Reading) -> Cron:
    expression = read_expression(reading)
    clock = reading.clock("skip", "both") if expression.follows_real_time else reading.clock("shift", "first")
    return Cron(" ".join(reading.words), expression, clock)


def _lowest(bits: int) -> int:
    return (bits & -bits).bit_length() - 1


def _highest(bits: int) -> int:
    return bits.bit_length() - 1


FORM = Form(
    "cron (`*/5 * * * *`, `0 9 * * 1-5`, with seconds first `0 30 2 * * *`, or " + ", ".join(MACROS) + ")",
    _claims,
    _read,
)
