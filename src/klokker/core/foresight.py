"""When will a schedule run, as far as its timetable and the closings of its calendar tell? Without accidents: none is missed.

An occurrence that falls due in a closing is dismissed, or waits for the opening. All that waited for one opening is
taken for one run, as catch-up `latest` has it, whether the schedule keeps more of it or not.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from klokker.core.catchup import CatchUpKind
from klokker.core.definition import Definition
from klokker.core.moments import epoch_second, from_epoch
from klokker.core.spells import waits
from klokker.core.timetables.contract import Timetable

SHUT_AT_MOST = 2_000
"""So many closings in a row, none of which lets anything run: then nothing is foreseen."""


class Prospect(NamedTuple):
    """What becomes of an occurrence that falls due on time. `opens`: what it waits for; `dismissed`: it never runs."""

    opens: datetime | None = None
    dismissed: bool = False


def prospect(definition: Definition, nominal: datetime) -> Prospect:
    """What becomes of the occurrence at this moment. Raises TimetableError."""
    closings = definition.closings()
    closing = None if closings is None else closings.at(epoch_second(nominal))
    if closings is None or closing is None:
        return Prospect()
    return Prospect(from_epoch(closings.must_end(closing).opens)) if waits(definition) else Prospect(dismissed=True)


def runs_after(definition: Definition, timetable: Timetable, moment: datetime) -> Iterator[datetime]:
    """When it runs after this moment, one by one. `timetable`: the definition's. Raises TimetableError."""
    closings, at, shut = definition.closings(), epoch_second(moment), 0
    keeps = waits(definition) and definition.catch_up.kind is not CatchUpKind.NONE
    while shut < SHUT_AT_MOST and (found := timetable.second_after(at)) is not None:
        closing = None if closings is None else closings.at(found)
        if closings is None or closing is None:
            at, shut = found, 0
            yield from_epoch(at)
        elif keeps:
            at, shut = closings.must_end(closing).opens, 0
            yield from_epoch(at)
        else:
            at, shut = closing.opens - 1, shut + 1
