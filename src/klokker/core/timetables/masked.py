"""When is it, but for what a mask covers, or only then? `A except B`, `A only B`"""

from collections.abc import Sequence

from klokker.core.timetables.budget import Budget, Combined, count_within, seek_after, seek_at_or_before, size_of
from klokker.core.timetables.contract import Timetable
from klokker.core.timetables.masks import AllOf, Condition
from klokker.core.timetables.union import Union

_LISTED = 500
"""Up to so many moments of the left side are looked at one by one to count; more are counted by stretches."""


class Masked(Combined):
    """The moments of `left` at which every condition holds."""

    __slots__ = ("_holds", "left")

    def __init__(self, left: Timetable, conditions: Sequence[Condition]) -> None:
        self.left = left
        self._holds = AllOf(conditions)
        self.size = size_of(left) + self._holds.size

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Each `except` and `only`, from left to right."""
        return self._holds.conditions

    def seek_after(self, second: int, budget: Budget) -> int | None:
        while (found := seek_after(self.left, second, budget)) is not None:
            stretch = self._holds.stretch(found, budget)
            if stretch.covered:
                return found
            second = stretch.closes - 1
        return None

    def seek_at_or_before(self, second: int, budget: Budget) -> int | None:
        while (found := seek_at_or_before(self.left, second, budget)) is not None:
            stretch = self._holds.stretch(found, budget)
            if stretch.covered:
                return found
            second = stretch.opens - 1
        return None

    def count_within(self, after: int, until: int, budget: Budget) -> int | None:
        whole = count_within(self.left, after, until, budget)
        if whole is None or whole == 0:
            return whole
        if whole <= _LISTED:
            return self._listed(after, until, budget)
        total = 0
        while after < until:
            stretch = self._holds.stretch(after + 1, budget)
            closes = min(stretch.closes - 1, until)
            if stretch.covered:
                # A part of what could be counted can be counted too.
                total += count_within(self.left, after, closes, budget) or 0
            after = closes
        return total

    def _listed(self, after: int, until: int, budget: Budget) -> int:
        total = 0
        while (found := self.seek_after(after, budget)) is not None and found <= until:
            total, after = total + 1, found
        return total

    def __eq__(self, other: object) -> bool:
        return (self.left, self._holds) == (other.left, other._holds) if isinstance(other, Masked) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.left, self._holds))

    def __str__(self) -> str:
        left = f"({self.left})" if isinstance(self.left, Union) else str(self.left)
        return " ".join((left, *map(str, self.conditions)))

    def __repr__(self) -> str:
        return f"<Masked {str(self)!r}>"
