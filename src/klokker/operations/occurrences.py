"""Which occurrences does a definition have, for people to look at?"""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice

from klokker.core.definition import Definition
from klokker.core.errors import TimetableError
from klokker.core.moments import EPOCH, epoch_second
from klokker.core.plan import Timer
from klokker.core.reign import reigns
from klokker.core.timetables.contract import Timetable
from klokker.core.timetables.once import Once
from klokker.core.timetables.text import timetable
from klokker.core.undecided import count_undecided
from klokker.operations.effect import Passed

SHOWN = 5
"""Moments that a preview lists."""


def following(definition: Definition, after: datetime, *, limit: int = SHOWN) -> tuple[datetime, ...]:
    """The first occurrences after `after`; none where only completions tell, or the definition cannot be evaluated."""
    found = _walkable(definition)
    if found is None:
        return ()
    moments: list[datetime] = []
    try:
        while len(moments) < limit and (moment := found.after(moments[-1] if moments else after)) is not None:
            moments.append(moment)
    except TimetableError:
        return tuple(moments)
    return tuple(moments)


def passed(old: Definition, new: Definition, *, since: datetime, now: datetime) -> Passed | None:
    """What `new` would have had after the last occurrence of `old` (or `since`, where that is later), up to now."""
    before, after = _walkable(old), _walkable(new)
    if after is None:
        return None
    try:
        last = before.at_or_before(now) if before is not None else None
        begins = since if last is None else max(last, since)
        first = tuple(islice(after.between(begins, now), SHOWN))
        count = after.count(begins, now)
    except TimetableError:
        return None
    if not first:
        return None
    return Passed(begins, now, count if count is not None or len(first) == SHOWN else len(first), first)


def undecided(timers: Sequence[Timer], now: datetime) -> int | None:
    """How many occurrences of these timers have fallen due and are not decided; None where that cannot be told."""
    counts = [
        count_undecided(timer, reign)
        for timer in timers
        for reign in reigns(
            timer.revisions,
            epoch_second(timer.handled_until),
            epoch_second(now if timer.until is None else min(now, timer.until)),
        )
    ]
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def stated_moments(definition: Definition, until: datetime) -> tuple[datetime, ...]:
    """The moments up to `until` of an `at …`; none for other timetables."""
    plain = timetable(
        definition.when,
        zone=definition.zone,
        gap=definition.gap,
        fold=definition.fold,
        key=definition.name,
        calendars=definition.calendars,
        places=definition.places,
    )
    return tuple(plain.between(EPOCH, until)) if isinstance(plain, Once) else ()


def has_passed(moments: Sequence[datetime]) -> str:
    """What is wrong with an `at …` that names these."""
    shown = ", ".join(f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in moments[:3])
    more = f" and {len(moments) - 3} more" if len(moments) > 3 else ""
    return f"names moments that have passed ({shown}{more}); leave them out, or ask to start them now (start_past)"


def _walkable(definition: Definition) -> Timetable | None:
    """The timetable, if it can be walked."""
    try:
        return None if definition.rest() is not None else definition.timetable()
    except TimetableError:
        return None
