"""What does a kind of timetable need to know in order to read its text?"""

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple, NoReturn

from klokker.core.errors import InvalidTimetable
from klokker.core.timetables.contract import Timetable
from klokker.core.timetables.zones import Fold, Gap, WallClock, wall_clock


class Reading:
    """One text and what stands beside it: zone, gap and fold (None: by the kind), the key for `H`, known names.

    It may be a part of a whole text; positions count in `text`, and errors tell them in the whole.
    """

    __slots__ = ("_begins", "_whole", "calendars", "fold", "gap", "key", "places", "text", "words", "zone")

    def __init__(
        self,
        text: str,
        zone: str,
        gap: Gap | None,
        fold: Fold | None,
        key: str,
        calendars: Mapping[str, object] | None,
        places: Mapping[str, object] | None,
    ) -> None:
        self.text, self.words = text, text.split()
        self.zone, self.gap, self.fold, self.key = zone, gap, fold, key
        self.calendars, self.places = calendars, places
        self._whole, self._begins = text, 0

    def part(self, opens: int, closes: int) -> "Reading":
        """The same for a part of the text."""
        text = self.text[opens:closes]
        part = Reading(text, self.zone, self.gap, self.fold, self.key, self.calendars, self.places)
        part._whole, part._begins = self._whole, self._begins + opens
        return part

    def clock(self, gap: Gap, fold: Fold) -> WallClock:
        """The zone's wall clock: with the choices stated for the schedule, or else with these defaults."""
        return wall_clock(self.zone, self.gap or gap, self.fold or fold)

    def plain_clock(self) -> WallClock:
        """The zone's wall clock for moments that are no occurrences, whatever is chosen for these."""
        return wall_clock(self.zone)

    def refuse(self, expected: str, *, field: str, value: str, position: int) -> NoReturn:
        """Raise InvalidTimetable for `value`, which stands at this position of the text."""
        raise InvalidTimetable(expected, field=field, value=value, text=self._whole, position=self._begins + position)

    def position(self, word: int) -> int:
        """Where the word of this number begins in the text. Only errors ask, so reading does not pay for it."""
        return next(islice(self.positions(), word, None), len(self.text))

    def positions(self) -> Iterator[int]:
        """Where each word begins in the text."""
        return (match.start() for match in re.finditer(r"\S+", self.text))


class Form(NamedTuple):
    """One kind of text: how it looks, whether a text (by its words) is meant as one, and how to read it."""

    looks: str
    claims: Callable[[list[str]], bool]
    read: Callable[[Reading], Timetable]
