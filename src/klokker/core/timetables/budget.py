"""How long may a question search before it gives up?

A recurrence rule searches period by period, the sun day by day; what combines timetables asks one for a moment, the other
whether it likes it, and so on. One budget of steps goes with each question through all that it asks, so that nesting
does not multiply the search.
"""

from abc import abstractmethod
from typing import NoReturn, Protocol

from klokker.core.errors import TooSparse
from klokker.core.timetables.contract import Timetable

STEPS = 20_000
"""Steps that a question may take in any case; a step takes some microseconds, and what takes longer spends several."""
_STEPS_A_PART = 10
"""And for each part that a timetable is made of."""


class Searched(Protocol):
    """What a question searches; its text tells what is too sparse."""

    @property
    def size(self) -> int:
        """Of how many timetables and calendars it is made."""


class Budget:
    """The steps that are left for one question."""

    __slots__ = ("_left", "_searched", "_whole")

    def __init__(self, searched: Searched, steps: int = STEPS) -> None:
        self._searched = searched
        self._whole = self._left = steps + _STEPS_A_PART * searched.size

    def affords(self, steps: int) -> bool:
        """Whether so many steps are left."""
        return steps <= self._left

    def spend(self, steps: int = 1) -> None:
        """Take so many steps. Raises TooSparse when none are left."""
        self._left -= steps
        if self._left < 0:
            self.refuse(f"{self._whole} steps")

    def refuse(self, spent: str, remedy: str = "make it match more often") -> NoReturn:
        """Raise TooSparse: nothing was found within what was spent."""
        text = str(self._searched)
        raise TooSparse(text if len(text) <= 120 else f"{text[:119]}…", spent, remedy)


class Searching(Timetable):
    """A timetable that finds its moments by searching, within a budget."""

    __slots__ = ()

    size: int
    """Of how many timetables and calendars it is made."""

    @abstractmethod
    def seek_after(self, second: int, budget: Budget) -> int | None:
        """As `second_after`, within this budget. Raises TooSparse."""

    @abstractmethod
    def seek_at_or_before(self, second: int, budget: Budget) -> int | None:
        """As `second_at_or_before`, within this budget. Raises TooSparse."""

    def second_after(self, second: int) -> int | None:
        return self.seek_after(second, Budget(self))

    def second_at_or_before(self, second: int) -> int | None:
        return self.seek_at_or_before(second, Budget(self))


class Combined(Searching):
    """A timetable made of others."""

    __slots__ = ("size",)

    @abstractmethod
    def count_within(self, after: int, until: int, budget: Budget) -> int | None:
        """As `count_seconds`, within this budget. Raises TooSparse."""

    def count_seconds(self, after: int, until: int) -> int | None:
        """How many occurrences lie after `after`, up to and with `until`; None where that takes too many steps."""
        if after >= until:
            return 0
        try:
            return self.count_within(after, until, Budget(self))
        except TooSparse:
            return None


def seek_after(timetable: Timetable, second: int, budget: Budget) -> int | None:
    """The first occurrence of any timetable after `second`, on the budget of the question that asks for it."""
    return timetable.seek_after(second, budget) if isinstance(timetable, Searching) else timetable.second_after(second)


def seek_at_or_before(timetable: Timetable, second: int, budget: Budget) -> int | None:
    """The last occurrence of any timetable at or before `second`, on the budget of the question that asks for it."""
    if isinstance(timetable, Searching):
        return timetable.seek_at_or_before(second, budget)
    return timetable.second_at_or_before(second)


def count_within(timetable: Timetable, after: int, until: int, budget: Budget) -> int | None:
    """The count of any timetable, on the budget of the question that asks for it."""
    if isinstance(timetable, Combined):
        return timetable.count_within(after, until, budget) if after < until else 0
    return timetable.count_seconds(after, until)


def size_of(timetable: Timetable) -> int:
    """Of how many timetables and calendars it is made."""
    return timetable.size if isinstance(timetable, Combined) else 1
