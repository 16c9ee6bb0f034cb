"""Which revision does a moment belong to?

To the highest number whose `holds_from` lies before it: an occurrence exactly at an edit is still the old revision's.
After a rewind, a revision may hold from a moment before that of its forerunner, which then holds no longer at all.
"""

from collections.abc import Sequence
from operator import attrgetter
from typing import NamedTuple

from klokker.core.definition import Revision
from klokker.core.moments import LAST_SECOND, epoch_second


class Reign(NamedTuple):
    """The seconds since 1970 after `after`, up to and with `until`, in which one revision holds."""

    revision: Revision
    after: int
    until: int


def reigns(revisions: Sequence[Revision], after: int, until: int = LAST_SECOND) -> list[Reign]:
    """Who holds in (after, until], oldest first; none of them empty. Moments before the first revision belong to nobody."""
    found: list[Reign] = []
    border = until
    for revision in sorted(revisions, key=_number, reverse=True):
        begins = max(epoch_second(revision.holds_from), after)
        if begins < border:
            found.append(Reign(revision, begins, border))
            border = begins
    return found[::-1]


_number = attrgetter("number")
