"""What is there to decide in a stretch of time? Revision by revision, the occurrences that have no run yet."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from klokker.core.definition import Definition, Revision
from klokker.core.moments import epoch_second
from klokker.core.reign import reigns
from klokker.core.timetables.contract import Timetable
from klokker.core.timetables.once import Once


class Tenure(NamedTuple):
    """A stretch of seconds in which one revision holds, and the occurrences to decide in it."""

    revision: Revision
    timetable: Timetable
    after: int
    until: int


def tenures(
    revisions: Sequence[Revision],
    after: int,
    until: int,
    *,
    woken_for: datetime | None,
    decided: Collection[datetime] = (),
) -> list[Tenure]:
    """The tenures in the seconds (after, until], oldest first. Raises TimetableError, for a definition that cannot be evaluated.

    `woken_for`: the timer's next due, which is the one occurrence of "after completion". `decided`: nominal times that
    have a run already (after a rewind); they are passed over.
    """
    ahead = frozenset(map(epoch_second, decided))
    found = []
    for revision, begins, ends in reigns(revisions, after, until):
        timetable = revision.definition.timetable()
        if revision.definition.rest() is not None:
            timetable = _woken(woken_for, revision.definition)
        if ahead:
            timetable = _Without(timetable, ahead)
        found.append(Tenure(revision, timetable, begins, ends))
    return found


def whole_second(moment: datetime) -> int:
    """The first whole second since 1970 that is not before `moment`."""
    return epoch_second(moment) + (moment.microsecond > 0)


def _woken(woken_for: datetime | None, definition: Definition) -> Timetable:
    """What "after completion" yields to a decision: the one moment for which the timer was woken."""
    if woken_for is None or (definition.ends is not None and woken_for > definition.ends):
        return Once("", ())
    return Once("", (whole_second(woken_for),))


class _Without(Timetable):
    """The occurrences of a timetable that have no run yet."""

    __slots__ = ("decided", "timetable")

    def __init__(self, timetable: Timetable, decided: Collection[int]) -> None:
        self.timetable, self.decided = timetable, decided

    def second_after(self, second: int) -> int | None:
        found = self.timetable.second_after(second)
        while found is not None and found in self.decided:
            found = self.timetable.second_after(found)
        return found

    def second_at_or_before(self, second: int) -> int | None:
        found = self.timetable.second_at_or_before(second)
        while found is not None and found in self.decided:
            found = self.timetable.second_at_or_before(found - 1)
        return found

    def count_seconds(self, after: int, until: int) -> int | None:
        count = self.timetable.count_seconds(after, until)
        if count is None:
            return None
        inside = (second for second in self.decided if after < second <= until)
        return count - sum(self.timetable.second_at_or_before(second) == second for second in inside)
