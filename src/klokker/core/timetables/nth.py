"""When is it, every Nth time that another timetable says so? `every 2nd of (0 9 * * 1) from 2026-01-05`

The first match at or after the start is number 1; the moments are the matches with numbers N, 2N, 3N and so on. Which
number a match has is counted where the other timetable can count, and else told off from the start on.
"""

from klokker.core.errors import TooSparse
from klokker.core.moments import LAST_SECOND
from klokker.core.timetables.budget import (
    Budget,
    Combined,
    count_within,
    seek_after,
    seek_at_or_before,
    size_of,
)
from klokker.core.timetables.contract import Timetable

_WALKED = 1_000
"""A match is looked for by walking over so many; one that is further away, by halving the time."""
_TOLD_OFF = 100_000
"""So many matches are told off one by one; then the question is refused, in a fresh process and in an old one alike."""
_TELLING = 200_000
"""The budget for that, beside the one of the question: what is told off once is remembered."""


class Nth(Combined):
    """Each match of `of` whose number is a multiple of `number`; match 1 is the first one at or after `start`."""

    __slots__ = ("_mark", "_written", "number", "of", "start")

    def __init__(self, number: int, of: Timetable, start: int, written: str) -> None:
        self.number, self.of, self.start = number, of, start
        self._written = written
        self.size = size_of(of) + 1
        # A second, and how many matches there are up to it: what was asked last, from which the next is counted.
        self._mark = (start - 1, 0)

    def seek_after(self, second: int, budget: Budget) -> int | None:
        budget.spend()
        second = max(second, self.start - 1)
        passed = self._number_at(second)
        left = self.number - passed % self.number
        if left > _WALKED and self._counts():
            return self._halved(passed + left, second)
        found: int | None = second
        for _ in range(left):
            if found is None:
                return None
            budget.spend()
            found = seek_after(self.of, found, budget)
        return found

    def seek_at_or_before(self, second: int, budget: Budget) -> int | None:
        budget.spend()
        if second < self.start:
            return None
        passed = self._number_at(second)
        surplus = passed % self.number
        if passed == surplus:
            return None
        if surplus > _WALKED and self._counts():
            return self._halved(passed - surplus, self.start - 1)
        for _ in range(surplus + 1):
            budget.spend()
            found = seek_at_or_before(self.of, second, budget)
            assert found is not None  # it was counted
            second = found - 1
        return second + 1

    def count_within(self, after: int, until: int, budget: Budget) -> int:
        budget.spend()
        after, until = max(after, self.start - 1), max(until, self.start - 1)
        return self._number_at(until) // self.number - self._number_at(after) // self.number

    def _number_at(self, second: int) -> int:
        """How many matches there are from the start on, up to and with `second`, which is not before it."""
        at, number = self._mark
        before, after = min(at, second), max(at, second)
        try:
            counted = count_within(self.of, before, after, Budget(self))
        except TooSparse:
            counted = None
        if counted is not None:
            number += counted if second >= at else -counted
        elif second >= at:
            number = self._told_off(at, second, number)
        else:
            number = self._told_off(self.start - 1, second, 0)
        self._mark = (second, number)
        return number

    def _told_off(self, at: int, until: int, number: int) -> int:
        """The number at `until`, found by walking over each match since `at`, where it was `number`."""
        budget = Budget(self, _TELLING)
        while (found := seek_after(self.of, at, budget)) is not None and found <= until:
            number, at = number + 1, found
            if number > _TOLD_OFF:
                budget.refuse(f"{_TOLD_OFF} matches of what it counts", "give it a later start")
        return number

    def _counts(self) -> bool:
        """Whether matches are counted, and not told off."""
        return self.of.count_seconds(self.start - 1, LAST_SECOND) is not None

    def _halved(self, number: int, low: int) -> int | None:
        """The first second up to which there are so many matches; there are fewer up to `low`."""
        high, width = low, 1
        while self._number_at(high) < number:
            if high == LAST_SECOND:
                return None
            low, high, width = high, min(high + width, LAST_SECOND), width * 2
        while high - low > 1:
            middle = (low + high) // 2
            if self._number_at(middle) < number:
                low = middle
            else:
                high = middle
        return high

    def __eq__(self, other: object) -> bool:
        return self._meaning() == other._meaning() if isinstance(other, Nth) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._meaning())

    def _meaning(self) -> tuple[object, ...]:
        return self.number, self.start, self.of

    def __str__(self) -> str:
        return f"every {ordinal(self.number)} of ({self.of}) from {self._written}"

    def __repr__(self) -> str:
        return f"<Nth {str(self)!r}>"


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th, 22nd."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
