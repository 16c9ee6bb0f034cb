"""Which occurrences does a definition have, for people to look at?"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice

from klokker.core import undecided as core
from klokker.core.definition import Definition
from klokker.core.errors import TimetableError
from klokker.core.foresight import runs_after
from klokker.core.moments import EPOCH, epoch_second
from klokker.core.plan import Timer
from klokker.core.spells import waits
from klokker.core.timetables.contract import Timetable
from klokker.core.timetables.once import Once
from klokker.core.timetables.text import timetable
from klokker.core.undecided import Undecided
from klokker.operations.effect import Passed

SHOWN = 5
"""Moments that a preview lists."""


def following(definition: Definition, after: datetime, *, limit: int = SHOWN) -> tuple[datetime, ...]:
    """When it runs first after `after`; never where only completions tell, or the definition cannot be evaluated."""
    found = _walkable(definition)
    if found is None:
        return ()
    moments: list[datetime] = []
    try:
        for moment in islice(runs_after(definition, found, after), limit):
            moments.append(moment)
    except TimetableError:
        return tuple(moments)
    return tuple(moments)


def refuse_unfindable(definition: Definition, after: datetime) -> None:
    """See that its first two moments after this one are found, or that there are none. Raises TimetableError.

    A pause would ask for none until it ends; of `A | B`, where B has an answer to nothing, the first is A's.
    """
    if definition.rest() is None:
        found = definition.timetable()
        first = found.after(after)
        if first is not None:
            found.after(first)


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


def undecided(timers: Sequence[Timer], now: datetime) -> Undecided:
    """What these timers have not decided, together: those counts, the first of what waits, and the last opening."""
    each = [core.undecided(timer, now) for timer in timers]
    return Undecided(
        _sum(one.due for one in each),
        _sum(one.waiting for one in each),
        min((one.since for one in each if one.since), default=None),
        max((one.opens for one in each if one.opens), default=None),
    )


def _sum(counts: Iterable[int | None]) -> int | None:
    known = list(counts)
    return None if None in known else sum(count for count in known if count is not None)


def closing_faults(definition: Definition, now: datetime) -> dict[str, str]:
    """What is wrong with a closing for whose end occurrences would wait: that it never comes."""
    try:
        closings = definition.closings() if waits(definition) else None
        if closings is not None and (closing := closings.following(epoch_second(now))) is not None:
            closings.must_end(closing)
    except TimetableError as error:
        return {"closed": f"is wrong: {error}"}
    return {}


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
