"""When is it, by any of several timetables? `A | B`"""

from collections.abc import Callable, Sequence
from heapq import heapify, heappop, heapreplace

from klokker.core.timetables.budget import Budget, Combined, count_within, seek_after, seek_at_or_before, size_of
from klokker.core.timetables.contract import Timetable


class Union(Combined):
    """The moments of all members; one that several have is one moment."""

    __slots__ = ("_ahead", "_behind", "members")

    def __init__(self, members: Sequence[Timetable]) -> None:
        self.members = tuple(members)
        self.size = sum(map(size_of, members))
        # Fronts that nobody uses just now. Who asks takes one away, so that two threads never share it.
        self._ahead: list[_Front] = []
        self._behind: list[_Front] = []

    def seek_after(self, second: int, budget: Budget) -> int | None:
        budget.spend()
        front = _taken(self._ahead)
        found = front.reach(second + 1, self.members, lambda member: seek_after(member, second, budget))
        _given_back(self._ahead, front)
        return found

    def seek_at_or_before(self, second: int, budget: Budget) -> int | None:
        budget.spend()

        def before(member: Timetable) -> int | None:
            found = seek_at_or_before(member, second, budget)
            return None if found is None else -found

        front = _taken(self._behind)
        found = front.reach(-second, self.members, before)
        _given_back(self._behind, front)
        return None if found is None else -found

    def count_within(self, after: int, until: int, budget: Budget) -> int | None:
        """All of the largest member, and of each smaller one what none of the larger ones has."""
        counts = []
        for member in self.members:
            count = count_within(member, after, until, budget)
            if count is None:
                return None
            counts.append((count, member))
        counts.sort(key=lambda counted: -counted[0])
        total = counts[0][0]
        if not budget.affords(sum(place * count for place, (count, _) in enumerate(counts))):
            return None
        for place, (_, member) in enumerate(counts[1:], 1):
            larger = [other for _, other in counts[:place]]
            at = after
            while (found := seek_after(member, at, budget)) is not None and found <= until:
                budget.spend(place)
                total += not any(seek_at_or_before(other, found, budget) == found for other in larger)
                at = found
        return total

    def __eq__(self, other: object) -> bool:
        return set(self.members) == set(other.members) if isinstance(other, Union) else NotImplemented

    def __hash__(self) -> int:
        return hash(frozenset(self.members))

    def __str__(self) -> str:
        return " | ".join(map(str, self.members))

    def __repr__(self) -> str:
        return f"<Union {str(self)!r}>"


class _Front:
    """The nearest answer of each member from one moment on, so that who walks on asks only the members he passes."""

    __slots__ = ("_heap", "_reached")

    def __init__(self) -> None:
        self._heap: list[tuple[int, int]] = []
        self._reached: int | None = None

    def reach(self, moment: int, members: Sequence[Timetable], ask: Callable[[Timetable], int | None]) -> int | None:
        """The lowest answer that is at least `moment`; `ask` gives the lowest such answer of one member."""
        if self._reached is None or moment < self._reached:
            answers = [(ask(member), number) for number, member in enumerate(members)]
            self._heap = [(answer, number) for answer, number in answers if answer is not None]
            heapify(self._heap)
        heap, self._reached = self._heap, moment
        while heap and heap[0][0] < moment:
            number = heap[0][1]
            answer = ask(members[number])
            if answer is None:
                heappop(heap)
            else:
                heapreplace(heap, (answer, number))
        return heap[0][0] if heap else None


def _taken(spare: list[_Front]) -> _Front:
    try:
        return spare.pop()
    except IndexError:
        return _Front()


def _given_back(spare: list[_Front], front: _Front) -> None:
    # One is enough. A front whose question failed is not given back: it may be half moved.
    if not spare:
        spare.append(front)
