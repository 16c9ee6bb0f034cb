"""How do several timetables make one?

    either:  several of these, with `|` between them
    several: one of these, then any number of `except …` and `only …`
    one:     `(either)`, or `every Nth of (either) from MOMENT`, or a text of one kind, or `calendar NAME` on the right

`except` and `only` therefore bind before `|`, from left to right. The left side gives the moments. The right side is a
mask, written in the same words; inside it `|`, `except` and `only` go together masks (see `masks`).
"""

import re
from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, NoReturn, TypeAlias, TypeVar

from klokker.core.errors import InvalidTimetable
from klokker.core.timetables.calendar_text import named_calendar
from klokker.core.timetables.completion import AfterCompletion
from klokker.core.timetables.contract import Timetable
from klokker.core.timetables.cron import Cron
from klokker.core.timetables.masked import Masked
from klokker.core.timetables.masks import AllOf, AnyOf, AtTheSecond, Condition, InCalendar, Mask, OnTheWall
from klokker.core.timetables.nth import Nth
from klokker.core.timetables.reading import Reading
from klokker.core.timetables.union import Union
from klokker.core.timetables.written import read_moment

ReadOne: TypeAlias = Callable[[Reading], Timetable]
"""Reads a text that is of one kind."""

LOOKS = "several with `|`, `except` or `only` between them; `every 2nd of (0 9 * * 1) from 2026-01-05`"

_DEEPEST = 32
_MOST = 1_500
"""Timetables that go together in one text: a text is read within milliseconds."""
_LARGEST = 1_000_000

_WORD = r"(?<![^\s()|])(?:{})(?![^\s()|])"
_COMBINED = re.compile(r"[|(]|" + _WORD.format("except|only|of|calendar"), re.IGNORECASE)
_MARK = re.compile(r"[()|]|" + _WORD.format("except|only"), re.IGNORECASE)
_NTH = re.compile(r"every\s+(\S+)\s+of(?![^\s()|])\s*", re.IGNORECASE)
_ORDINAL = re.compile(r"0*([0-9]{1,9})(?:st|nd|rd|th)", re.IGNORECASE)
_CALENDAR = re.compile(r"calendar(?![^\s()|])\s*([^\s()|]*)", re.IGNORECASE)
_FROM = re.compile(r"\s*from(?!\S)\s*", re.IGNORECASE)

T = TypeVar("T")


def is_combined(text: str) -> bool:
    """Whether a text may be more than one of one kind; `read` reads the others too."""
    return _COMBINED.search(text) is not None


def read(reading: Reading, one: ReadOne) -> Timetable:
    """The timetable of a whole text. Raises InvalidTimetable."""
    parser = _Parser(reading, one)
    timetable = parser.either(_MOMENTS)
    parser.expect_end()
    return timetable


class _Side(NamedTuple, Generic[T]):
    """What a side of `except` and `only` is made of: timetables on the left, masks on the right."""

    of: Callable[[Timetable], T]
    any_of: Callable[[Sequence[T]], T]
    where: Callable[[T, Sequence[Condition]], T]
    calendar: Callable[[InCalendar], T] | None


def _union(members: Sequence[Timetable]) -> Timetable:
    return Union([each for member in members for each in (member.members if isinstance(member, Union) else (member,))])


def _masked(left: Timetable, conditions: Sequence[Condition]) -> Timetable:
    if isinstance(left, Masked):
        return Masked(left.left, (*left.conditions, *conditions))
    return Masked(left, conditions)


def _mask(timetable: Timetable) -> Mask:
    return OnTheWall(timetable) if isinstance(timetable, Cron) else AtTheSecond(timetable)


def _any_of(members: Sequence[Mask]) -> Mask:
    return AnyOf([each for member in members for each in (member.members if isinstance(member, AnyOf) else (member,))])


def _all_of(left: Mask, conditions: Sequence[Condition]) -> Mask:
    first = left.conditions if isinstance(left, AllOf) else (Condition(True, left),)
    return AllOf((*first, *conditions))


_MOMENTS = _Side[Timetable](lambda timetable: timetable, _union, _masked, None)
_MASK = _Side[Mask](_mask, _any_of, _all_of, lambda mask: mask)


class _Parser:
    """Reads a text from left to right. `at` is how far it has come."""

    def __init__(self, reading: Reading, one: ReadOne) -> None:
        self.reading, self.text, self.at, self.depth = reading, reading.text, 0, 0
        self._parts = 0
        self._read_one = one

    def either(self, side: _Side[T]) -> T:
        """`A | B | C`"""
        members = [self._several(side)]
        while self._takes("|"):
            members.append(self._several(side))
        return members[0] if len(members) == 1 else side.any_of(members)

    def expect_end(self) -> None:
        """Refuse whatever is left of the text."""
        if self._skip_blanks() < len(self.text):
            expected = "nothing opens this; leave it out, or write ( before"
            if self.text[self.at] != ")":
                expected = "write |, except or only between two timetables"
            self._refuse(expected, self.text[self.at :].split()[0])

    def _several(self, side: _Side[T]) -> T:
        """`A except B only C`"""
        left = self._one(side)
        conditions = []
        while (word := self._takes("except", "only")) is not None:
            conditions.append(Condition(word == "only", self._one(_MASK)))
        return side.where(left, conditions) if conditions else left

    def _one(self, side: _Side[T]) -> T:
        begins = self._skip_blanks()
        if self.text.startswith("(", begins):
            return self._in_parentheses(side)
        if nth := _NTH.match(self.text, begins):
            return side.of(self._nth(nth))
        if named := _CALENDAR.match(self.text, begins):
            self.at = named.end()
            if side.calendar is None:
                expected = "a calendar stands on the right of except or only: @daily except calendar nl-holidays"
                self.reading.refuse(expected, field="text", value=named[0].strip(), position=begins)
            return side.calendar(self._calendar(named[1], named.start(1)))
        end = self._end_of_one()
        if not self.text[begins:end].strip():
            self._refuse("a timetable is missing here", "")
        self.at = end
        return side.of(self._timetable(self.reading.part(begins, end)))

    def _in_parentheses(self, side: _Side[T]) -> T:
        opens = self.at
        if self.depth == _DEEPEST:
            self._refuse(f"parentheses go to a depth of {_DEEPEST}", "(")
        self.depth += 1
        self.at += 1
        found = self.either(side)
        self._skip_blanks()
        if not self.text.startswith(")", self.at):
            if self.at < len(self.text):
                self.expect_end()
            self.reading.refuse("nothing closes this; write ) behind", field="text", value="(", position=opens)
        self.depth -= 1
        self.at += 1
        return found

    def _nth(self, written: re.Match[str]) -> Nth:
        """`every 2nd of (…) from …`"""
        ordinal = _ORDINAL.fullmatch(written[1])
        number = int(ordinal[1]) if ordinal else 0
        if not 1 <= number <= _LARGEST:
            expected = f"write digits and st, nd, rd or th, as in every 2nd of (0 9 * * 1) from 2026-01-05; at most {_LARGEST}th"
            self.reading.refuse(expected, field="number", value=written[1], position=written.start(1))
        self.at = written.end()
        if not self.text.startswith("(", self.at):
            self._refuse("write what is counted in parentheses: every 2nd of (0 9 * * 1) from 2026-01-05", "")
        of = self._in_parentheses(_MOMENTS)
        follows = _FROM.match(self.text, self.at)
        if follows is None:
            expected = "write `from` and a moment: the first match at or after it is number 1"
            self._refuse(expected, " ".join(self.text[self.at :].split()[:1]), field="start")
        self.at, end = follows.end(), self._end_of_one(follows.end())
        value = self.text[self.at : end].strip()
        plain = self.reading.plain_clock()
        start, (second, *_) = read_moment(self.reading, plain, value, field="start", position=self.at)
        self.at = end
        return Nth(number, of, second, start)

    def _calendar(self, name: str, position: int) -> InCalendar:
        try:
            return named_calendar(self.reading.calendars or {}, name, self.reading.zone)
        except InvalidTimetable as fault:
            return self.reading.refuse(fault.expected, field=fault.field, value=name, position=position)

    def _timetable(self, reading: Reading) -> Timetable:
        self._parts += 1
        if self._parts > _MOST:
            expected = f"at most {_MOST:,} timetables go together in one text; write several schedules"
            reading.refuse(expected, field="text", value=reading.text.strip(), position=0)
        timetable = self._read_one(reading)
        if isinstance(timetable, AfterCompletion):
            expected = "what rests after completion stands alone as the whole text"
            reading.refuse(expected, field="text", value=reading.text.strip(), position=0)
        return timetable

    def _takes(self, *marks: str) -> str | None:
        """Pass one of these marks, if it stands here."""
        found = _MARK.match(self.text, self._skip_blanks())
        if found is None or found[0].lower() not in marks:
            return None
        self.at = found.end()
        return found[0].lower()

    def _end_of_one(self, begins: int | None = None) -> int:
        """Where a text of one kind ends that begins here. Parentheses inside belong to it: `H(0-29) 9 * * *`."""
        inside = 0
        for mark in _MARK.finditer(self.text, self.at if begins is None else begins):
            if mark[0] == "(":
                inside += 1
            elif inside and mark[0] == ")":
                inside -= 1
            elif not inside:
                return mark.start()
        return len(self.text)

    def _skip_blanks(self) -> int:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return self.at

    def _refuse(self, expected: str, value: str, field: str = "text") -> NoReturn:
        self.reading.refuse(expected, field=field, value=value, position=self._skip_blanks())
