"""What has a timer not decided yet, and how is all of it dismissed at once? For pauses, retirement, repair: one dismissal a revision."""

from datetime import datetime

from klokker.core.errors import TimetableError
from klokker.core.lifecycle import DismissalReason
from klokker.core.moments import epoch_second, from_epoch
from klokker.core.plan import Dismissal, LastDismissal, Timer
from klokker.core.reign import Reign, reigns
from klokker.core.tenure import tenures


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
