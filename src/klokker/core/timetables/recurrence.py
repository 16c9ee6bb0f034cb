"""When is it, by a recurrence rule of RFC 5545? `RRULE:FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1`

`DTSTART:…` and `EXDATE:…` may stand before the rule. Without a DTSTART it begins at midnight of 1970-01-01, local time.
The RFC reads a time that the clocks skip with the offset before the gap (3.3.5): 2:30 comes at 3:30. A choice of gap or
fold that is stated for the schedule overrules that.
"""

import re
from datetime import datetime
from typing import NamedTuple

from klokker.core.moments import DAY, FIRST_SECOND, LAST_SECOND, epoch_second
from klokker.core.timetables.budget import Budget, Searching
from klokker.core.timetables.reading import Form, Reading
from klokker.core.timetables.recurrence_months import told_by_months
from klokker.core.timetables.recurrence_periods import Periods, Reached
from klokker.core.timetables.recurrence_rule import Rule, read_rule
from klokker.core.timetables.zones import Piece, WallClock, wall_clock

_CHANGE = 4
"""Steps of a budget, for each clock change that is looked at."""
_COUNTED = 50_000
"""How many steps may be taken to find where COUNT ends; that is done once."""


class Excluded(NamedTuple):
    """What EXDATE leaves out: wall-clock times, and whole days."""

    walls: frozenset[int]
    days: frozenset[int]


class Recurrence(Searching):
    """The moments of a rule from the wall-clock time `start` on, up to and with the second `until`."""

    __slots__ = ("_counted", "_periods", "by_rfc", "clock", "excluded", "rule", "start", "text", "until")

    size = 1

    def __init__(
        self,
        text: str,
        rule: Rule,
        start: int,
        until: int | None,
        excluded: Excluded,
        clock: WallClock,
        *,
        by_rfc: bool,
    ) -> None:
        self.text, self.rule, self.start, self.until = text, rule, start, until
        self.excluded, self.clock, self.by_rfc = excluded, clock, by_rfc
        self._periods = Periods(rule, start)
        self._counted: Reached | None = None

    def seek_after(self, second: int, budget: Budget) -> int | None:
        second = max(second, FIRST_SECOND - 1)
        if self.until is not None and second >= self.until:
            return None
        # A time that a gap displaced may come up to a day behind the gap.
        piece = self.clock.piece_at(max(second - DAY, FIRST_SECOND))
        best: int | None = None
        while best is None or piece.start <= best:
            budget.spend(_CHANGE)
            found, wall = self._after_in(piece, second, budget)
            best = found if best is None or (found is not None and found < best) else best
            opens = piece.until if wall is None else max(piece.until, wall - 2 * DAY)
            # The next piece may show times again, but none of more than a day before.
            if (wall is None and piece.until > second + 2 * DAY) or opens > LAST_SECOND:
                break
            piece = self.clock.piece_at(opens)
        return None if best is None or best > LAST_SECOND or (self.until is not None and best > self.until) else best

    def seek_at_or_before(self, second: int, budget: Budget) -> int | None:
        second = min(second, LAST_SECOND, LAST_SECOND if self.until is None else self.until)
        if second < FIRST_SECOND:
            return None
        piece = self.clock.piece_at(second)
        best: int | None = None
        while best is None or best < piece.until + DAY:
            budget.spend(_CHANGE)
            found, wall = self._before_in(piece, second, budget)
            best = found if best is None or (found is not None and found > best) else best
            closes = piece.start - 1 if wall is None else min(piece.start - 1, wall + 2 * DAY)
            if (wall is None and piece.start < second - 2 * DAY) or closes < FIRST_SECOND:
                break
            piece = self.clock.piece_at(closes)
        return None if best is None or best < FIRST_SECOND else best

    def _after_in(self, piece: Piece, second: int, budget: Budget) -> tuple[int | None, int | None]:
        """The first moment of a piece after `second`; and the first wall-clock time from there on, in it or not."""
        best = None
        opens = max(second + 1, piece.start)
        wall = self._wall_from(min(opens, piece.end) + piece.offset, budget)
        if wall is not None and opens < piece.end and wall < piece.end + piece.offset:
            best = wall - piece.offset
        # What a gap displaced comes within a day after it.
        if second < piece.start + DAY and (skipped := self._skipped_before(piece)) is not None:
            begins, ends, offset = skipped
            displaced = self._wall_from(max(begins, second + 1 + offset) if self.by_rfc else begins, budget)
            if displaced is not None and displaced < ends:
                found = displaced - offset if self.by_rfc else piece.start
                if found > second and (best is None or found < best):
                    best = found
        return best, wall

    def _before_in(self, piece: Piece, second: int, budget: Budget) -> tuple[int | None, int | None]:
        """The last moment of a piece at or before `second`; and the last wall-clock time up to there, in it or not."""
        best = None
        closes = min(second, piece.end - 1)
        wall = self._wall_to(closes + piece.offset, budget)
        if wall is not None and wall >= piece.start + piece.offset:
            best = wall - piece.offset
        if (best is None or best < piece.start + DAY) and (skipped := self._skipped_before(piece)) is not None:
            begins, ends, offset = skipped
            displaced = self._wall_to(min(ends - 1, second + offset) if self.by_rfc else ends - 1, budget)
            if displaced is not None and displaced >= begins:
                found = displaced - offset if self.by_rfc else piece.start
                if found <= second and (best is None or found > best):
                    best = found
        return best, wall

    def _skipped_before(self, piece: Piece) -> tuple[int, int, int] | None:
        """The wall-clock times that a gap at the piece's start skips, and the offset before it; None where none are."""
        if piece.start <= FIRST_SECOND:
            return None
        shown = piece.start + piece.offset
        if not self.by_rfc:
            return (piece.reach, shown, piece.offset) if piece.reach < shown else None
        before = self.clock.piece_at(piece.start - 1).offset
        return (piece.start + before, shown, before) if before < piece.offset else None

    # the wall

    def _wall_from(self, wall: int, budget: Budget) -> int | None:
        while (found := self._periods.first_from(wall, budget)) is not None:
            last = self._last(found, budget)
            if last is not None and found > last:
                break
            if found // DAY in self.excluded.days:
                wall = (found // DAY + 1) * DAY
            elif found in self.excluded.walls:
                wall = found + 1
            else:
                return found
        return None

    def _wall_to(self, wall: int, budget: Budget) -> int | None:
        last = self._last(wall, budget)
        wall = wall if last is None else min(wall, last)
        while (found := self._periods.last_to(wall, budget)) is not None:
            if found // DAY in self.excluded.days:
                wall = found // DAY * DAY - 1
            elif found in self.excluded.walls:
                wall = found - 1
            else:
                return found
        return None

    def _last(self, wall: int, budget: Budget) -> int | None:
        """The wall-clock time at which COUNT is reached; None where there is no COUNT, or where `wall` lies before that."""
        if self.rule.count is None:
            return None
        if self._counted is None:
            self._counted = self._periods.nth(self.rule.count, Budget(self, _COUNTED))
        if self._counted.there:
            return self._counted.wall
        if wall > self._counted.wall:
            budget.refuse(f"{_COUNTED} steps of counting", "write an UNTIL instead of the COUNT")
        return None

    def _meaning(self) -> tuple[object, ...]:
        clock = self.clock
        return self.rule, self.start, self.until, self.excluded, clock.zone, clock.gap, clock.fold, self.by_rfc

    def __eq__(self, other: object) -> bool:
        return self._meaning() == other._meaning() if isinstance(other, Recurrence) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._meaning())

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<Recurrence {self.text!r} {self.clock.zone}>"


_MOMENT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:T([0-9]{2})([0-9]{2})([0-9]{2})(Z?))?")
_PART = re.compile(r"(DTSTART|EXDATE|RRULE)((?:;[^:]*)?):(.*)", re.DOTALL)


class _Written(NamedTuple):
    """A moment as iCalendar writes it: `20260105T090000`, with a Z in UTC, or a date alone."""

    wall: int
    in_utc: bool
    is_date: bool


def _claims(words: list[str]) -> bool:
    return bool(words) and words[0][:6].upper() in (
        "RRULE:",
        "EXDATE",
        "DTSTAR",
        "FREQ=Y",
        "FREQ=M",
        "FREQ=W",
        "FREQ=D",
    )


def _read(reading: Reading) -> Recurrence:
    found: dict[str, tuple[str, int]] = {}
    excluded: list[tuple[str, int]] = []
    for word, position in zip(reading.words, reading.positions(), strict=True):
        part = _PART.fullmatch(word.upper()) if word.isascii() else None
        if part is None or part[1] in found or "RRULE" in found:
            expected = "write DTSTART:… and EXDATE:…, if you need them, and then RRULE:…, with blanks between"
            reading.refuse(expected, field="text", value=word, position=position)
        if part[2] not in ("", ";VALUE=DATE", ";VALUE=DATE-TIME"):
            expected = "leave this out: the zone is the schedule's"
            reading.refuse(expected, field=part[1], value=part[2], position=position + len(part[1]))
        value = part[3], position + part.start(3)
        if part[1] == "EXDATE":
            excluded.append(value)
        else:
            found[part[1]] = value
    if "RRULE" not in found:
        reading.refuse("write RRULE:… behind it", field="text", value="", position=len(reading.text.rstrip()))
    rule, until = read_rule(reading, *found["RRULE"])
    start = _moment(reading, "DTSTART", *found["DTSTART"]) if "DTSTART" in found else _Written(0, False, False)
    if rule.count is not None and "DTSTART" not in found:
        expected = "needs a DTSTART:… to count from"
        reading.refuse(expected, field="COUNT", value=str(rule.count), position=found["RRULE"][1])
    if rule.freq in ("YEARLY", "MONTHLY") and not told_by_months(rule):
        _need_dateutil(reading, found["RRULE"])
    by_rfc = reading.gap is None
    clock = wall_clock("UTC", "skip", "first") if start.in_utc else reading.clock("skip", "first")
    last = None if until is None else _last_second(reading, clock, *until)
    without = [_moment(reading, "EXDATE", *one) for one in _listed(excluded)]
    return Recurrence(
        " ".join(word.upper() for word in reading.words),
        rule,
        start.wall,
        last,
        Excluded(
            frozenset(_on_the_wall(clock, one) for one in without if not one.is_date),
            frozenset(one.wall // DAY for one in without if one.is_date),
        ),
        clock,
        by_rfc=by_rfc,
    )


def _listed(values: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Each item of comma-separated lists, and where it stands."""
    items = []
    for value, position in values:
        for item in value.split(","):
            items.append((item, position))
            position += len(item) + 1
    return items


def _moment(reading: Reading, field: str, value: str, position: int) -> _Written:
    match = _MOMENT.fullmatch(value)
    if match is None:
        expected = "write 20260105T090000, 20260105T080000Z in UTC, or 20260105"
        reading.refuse(expected, field=field, value=value, position=position)
    year, month, day, hour, minute, second, utc = match.groups()
    written = f"{year}-{month}-{day}T{hour or '00'}:{minute or '00'}:{second or '00'}+00:00"
    try:
        wall = epoch_second(datetime.fromisoformat(written))
    except ValueError as error:
        reading.refuse(f"there is no such moment: {error}", field=field, value=value, position=position)
    return _Written(wall, bool(utc), hour is None)


def _last_second(reading: Reading, clock: WallClock, value: str, position: int) -> int:
    """The last second of UNTIL, which belongs to it; a date stands for the whole day."""
    until = _moment(reading, "UNTIL", value, position)
    if until.in_utc:
        return until.wall
    wall = until.wall + DAY - 1 if until.is_date else until.wall
    return wall - clock.offset_at(wall - clock.offset_at(wall))


def _on_the_wall(clock: WallClock, written: _Written) -> int:
    return written.wall + clock.offset_at(written.wall) if written.in_utc else written.wall


def _need_dateutil(reading: Reading, rule: tuple[str, int]) -> None:
    """Refuse the rule where python-dateutil is not installed."""
    try:
        import dateutil.rrule  # noqa: F401
    except ImportError:
        expected = "rules that count the weeks or days of a year need python-dateutil: pip install 'klokker[rrule]'"
        reading.refuse(expected, field="text", value=f"RRULE:{rule[0]}", position=rule[1] - len("RRULE:"))


FORM = Form("`RRULE:FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1`", _claims, _read)
