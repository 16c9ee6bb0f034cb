"""What has a timer not decided yet, and how is all of it dismissed at once? For pauses, retirement, repair: one dismissal a revision."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from klokker.core.definition import Revision
from klokker.core.errors import TimetableError
from klokker.core.lifecycle import DismissalReason
from klokker.core.moments import epoch_second, from_epoch
from klokker.core.plan import Dismissal, LastDismissal, Timer
from klokker.core.reign import Reign, reigns
from klokker.core.spells import decidable_at, held_after, spells
from klokker.core.tenure import tenures


@dataclass(frozen=True, slots=True)
class Undecided:
    """Occurrences that fell due and are not decided: the next tick decides `due`, and `waiting` when it opens, at `opens`.

    Counts are None where that cannot be told. `since`: the nominal time of the first that waits.
    """

    due: int | None = 0
    waiting: int | None = 0
    since: datetime | None = None
    opens: datetime | None = None


def undecided(timer: Timer, now: datetime) -> Undecided:
    """What the timer has not decided up to `now`, or to the end of its span. What cannot be evaluated is not told."""
    until = now if timer.until is None else min(now, timer.until)
    first, last = epoch_second(timer.handled_until), epoch_second(until)
    since = opens = None
    try:
        holding = tenures(timer.revisions, first, last, woken_for=timer.next_due, decided=timer.decided_ahead)
        held = held_after(spells(holding), epoch_second(now))
        waited = [] if held is None else [tenure for tenure in holding if tenure.until > held]
        for place, tenure in enumerate(waited):
            found = tenure.timetable.second_after(max(tenure.after, held or tenure.after))
            if found is not None and found <= tenure.until:
                since, opens = from_epoch(found), from_epoch(decidable_at(waited[place:], found))
                break
    except TimetableError:
        return Undecided(due=None)
    border = last if held is None else held
    return Undecided(_counted(timer, first, border), _counted(timer, border, last), since, opens)


def opening(revisions: Sequence[Revision], nominal: datetime) -> datetime | None:
    """When an occurrence that waits since `nominal` is decided under these revisions; None: at once, as closed.

    Raises TimetableError.
    """
    second = epoch_second(nominal)
    found = decidable_at(reigns(revisions, second - 1), second)
    return None if found == second else from_epoch(found)


def _counted(timer: Timer, after: int, until: int) -> int | None:
    total = 0
    for reign in reigns(timer.revisions, after, until):
        count = count_undecided(timer, reign)
        if count is None:
            return None
        total += count
    return total


def dismiss_all(timer: Timer, until: datetime, reason: DismissalReason) -> tuple[Dismissal, ...]:
    """A dismissal for each revision that has undecided occurrences of `timer` up to and with `until`.

    A revision that cannot be evaluated gets one too, not counted: nobody can say that there was nothing.
    """
    first, last = epoch_second(timer.handled_until), epoch_second(until)
    written: list[Dismissal] = []
    for reign in reigns(timer.revisions, first, last):
        count = count_undecided(timer, reign)
        if count == 0:
            continue
        begins = timer.handled_until if reign.after == first else from_epoch(reign.after)
        ends = until if reign.until == last else from_epoch(reign.until)
        number = reign.revision.number
        extends = _adjoining(timer.last_dismissal, number, reason, begins) if not written else None
        written.append(Dismissal(number, begins, ends, count, reason, extends))
    return tuple(written)


def count_undecided(timer: Timer, reign: Reign) -> int | None:
    """How many undecided occurrences a revision has in its reign; None where that cannot be told."""
    try:
        (tenure,) = tenures(
            (reign.revision,), reign.after, reign.until, woken_for=timer.next_due, decided=timer.decided_ahead
        )
        count = tenure.timetable.count_seconds(reign.after, reign.until)
        if count is None:
            found = tenure.timetable.second_after(reign.after)
            return None if found is not None and found <= reign.until else 0
    except TimetableError:
        return None
    return count


def _adjoining(last: LastDismissal | None, revision: int, reason: DismissalReason, begins: datetime) -> int | None:
    """The id of the timer's last dismissal, if a window of this kind that begins there carries it on."""
    if last is None or (last.revision, last.reason, last.until) != (revision, reason, begins):
        return None
    return last.id
