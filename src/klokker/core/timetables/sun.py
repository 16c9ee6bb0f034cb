"""When is it, by the sun? `sunset at 52.37,4.90`, `30 minutes before nautical dawn at amsterdam`

The sun crosses a height: at sunrise and sunset its upper edge seems to touch the horizon (its centre stands 50 arc
minutes below, as almanacs have it), at dawn and dusk its centre stands 6, 12 or 18 degrees below. Where it does not
cross, on polar days and in polar nights, there is no moment. Where the sun stands, ephem says, to the second or so.

Each solar day of the place, from midnight to midnight by the sun, has its own moments, found from nothing but the day's
number: whoever comes from before, from behind or from another process finds the same second.
"""

from functools import lru_cache
from math import floor
from typing import NamedTuple

from klokker.core.moments import DAY, FIRST_SECOND, LAST_SECOND
from klokker.core.timetables.budget import Budget, Searching
from klokker.core.timetables.every import read_period
from klokker.core.timetables.places import Place, read_place
from klokker.core.timetables.reading import Form, Reading
from klokker.core.timetables.sun_height import height, noon

_LOOKED_THROUGH = 3_000
"""Days without a moment after which there are none. A polar day or night lasts under a year; but at the very poles, where
the sun rises once a year, it may do so in the afternoon, when the search for a day's sunrise is over, four years running."""
_CLIMBS = 0.42
"""Degrees: by no more than this does the sun climb higher, or sink lower, a day later; its declination changes by 0.40."""
_QUESTION, _LOOK = 30, 5
"""Steps of a budget, for a question and each day that it looks at: where the sun stands takes long to find out."""
_SHOWN_EVERY_DAY = 65.5
"""Degrees: nearer to the equator than this, less the depth, the sun crosses a height every day. (66.6 for the horizon
itself; the tilt of the Earth's axis changes by half a degree within the calendar's years.)"""


class Event(NamedTuple):
    """What the sun does. `height`: of its centre, in degrees, when it does; None when it is highest."""

    name: str
    height: float | None
    rises: bool


_EVENTS = {
    event.name: event
    for event in (
        Event("sunrise", -50 / 60, True),
        Event("sunset", -50 / 60, False),
        Event("solar noon", None, False),
        Event("dawn", -6, True),
        Event("dusk", -6, False),
        Event("civil dawn", -6, True),
        Event("civil dusk", -6, False),
        Event("nautical dawn", -12, True),
        Event("nautical dusk", -12, False),
        Event("astronomical dawn", -18, True),
        Event("astronomical dusk", -18, False),
    )
}


class Sun(Searching):
    """Each `event` at a place, moved by `offset` seconds."""

    __slots__ = ("event", "offset", "place", "text")

    size = 1

    def __init__(self, text: str, event: Event, place: Place, offset: int) -> None:
        self.text, self.event, self.place, self.offset = text, event, place, offset

    @property
    def every_day(self) -> bool:
        """Whether the place is so far from the poles that the sun does it every day of the year."""
        return self.event.height is None or abs(self.place.latitude) <= _SHOWN_EVERY_DAY + self.event.height

    def seek_after(self, second: int, budget: Budget) -> int | None:
        budget.spend(_QUESTION)
        second = max(second, FIRST_SECOND - 1) - self.offset
        day = self._day_of(second) - 1
        end = day + _LOOKED_THROUGH
        while day < end:
            budget.spend(_LOOK)
            found, idle = self._on(day)
            if found is not None and found > second:
                return found + self.offset if FIRST_SECOND <= found + self.offset <= LAST_SECOND else None
            day += idle
        return None

    def seek_at_or_before(self, second: int, budget: Budget) -> int | None:
        last = self._last_day(min(second, LAST_SECOND), budget)
        if last is None:
            return None
        found, _ = self._on(last)
        return found + self.offset if found is not None and found + self.offset >= FIRST_SECOND else None

    def count_seconds(self, after: int, until: int) -> int | None:
        """One a day, where the sun does it every day."""
        if after >= until:
            return 0
        if not self.every_day:
            return None
        after, until = max(after, FIRST_SECOND - 1), min(until, LAST_SECOND)
        first, last = self._last_day(after, Budget(self)), self._last_day(until, Budget(self))
        return None if first is None or last is None else max(0, last - first)

    def _last_day(self, second: int, budget: Budget) -> int | None:
        """The last solar day whose moment lies at or before `second`."""
        budget.spend(_QUESTION)
        second -= self.offset
        day = self._day_of(second) + 1
        end = day - _LOOKED_THROUGH
        while day > end:
            budget.spend(_LOOK)
            found, idle = self._on(day)
            if found is not None and found <= second:
                return day
            day -= idle
        return None

    def _day_of(self, second: int) -> int:
        """The solar day, by the mean sun, in which a second lies."""
        return floor((second + self.place.longitude * 240) / DAY)

    def _on(self, day: int) -> tuple[int | None, int]:
        return _moment(self.place, self.event.height, self.event.rises, day)

    def _meaning(self) -> tuple[object, ...]:
        return self.event.height, self.event.rises, self.place, self.offset

    def __eq__(self, other: object) -> bool:
        return self._meaning() == other._meaning() if isinstance(other, Sun) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._meaning())

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<Sun {self.text!r}>"


@lru_cache(maxsize=16_384)
def _moment(place: Place, limit: float | None, rises: bool, day: int) -> tuple[int | None, int]:
    """When the sun crosses a height (in degrees) on a solar day, or is highest: the second, None where it does not.

    And how many days, this one included, are over with it, whichever way one goes on.
    """
    highest = _noon(place, day)
    if limit is None:
        return highest, 1
    lowest = (highest + _noon(place, day - 1 if rises else day + 1)) // 2
    least, most = _height(place, lowest), _height(place, highest)
    if not least < limit <= most:
        return None, max(1, int(max(limit - most, least - limit) / _CLIMBS))
    below, above = lowest, highest
    while abs(above - below) > 1:
        middle = (below + above) // 2
        if _height(place, middle) < limit:
            below = middle
        else:
            above = middle
    # The first second on the other side.
    return above if rises else below, 1


@lru_cache(maxsize=16_384)
def _noon(place: Place, day: int) -> int:
    return noon(place.longitude, day)


def _height(place: Place, second: int) -> float:
    return height(place.latitude, place.longitude, second)


def _claims(words: list[str]) -> bool:
    """Whether the sun is named: `sunset …`, `civil dawn …`, `30 minutes before sunrise …`."""
    return any(word.lower() in ("dawn", "dusk", "sunrise", "sunset", "noon") for word in words[:5])


def _read(reading: Reading) -> Sun:
    words = [word.lower() for word in reading.words]
    reading.plain_clock()  # a zone that does not exist is refused here too
    at, written, offset = 0, "", 0
    if "before" in words or "after" in words:
        length, offset, at = read_period(reading, 0)
        if at >= len(words) or words[at] not in ("before", "after"):
            expected, value = "write before or after", " ".join(reading.words[at : at + 1])
            reading.refuse(expected, field="offset", value=value, position=reading.position(at))
        written = f"{length} {words[at]} "
        offset = -offset if words[at] == "before" else offset
        at += 1
    place_at = words.index("at", at) if "at" in words[at:] else len(words)
    name = " ".join(words[at:place_at])
    event = _EVENTS.get(name)
    if event is None:
        expected = (
            "write sunrise, sunset, solar noon, dawn or dusk, or with civil, nautical or astronomical before these"
        )
        value = " ".join(reading.words[at:place_at])
        reading.refuse(expected, field="event", value=value, position=reading.position(at))
    where, place = read_place(reading, " ".join(reading.words[place_at + 1 :]), reading.position(place_at + 1))
    _need_ephem(reading)
    return Sun(f"{written}{name} at {where}", event, place, offset)


def _need_ephem(reading: Reading) -> None:
    """Refuse the text where ephem is not installed."""
    try:
        import ephem  # noqa: F401
    except ImportError:
        expected = "what the sun does needs ephem: pip install 'klokker[sun]'"
        reading.refuse(expected, field="text", value=reading.text.strip(), position=reading.position(0))


FORM = Form("`sunset at 52.37,4.90`, `30 minutes before nautical dawn at amsterdam`", _claims, _read)
