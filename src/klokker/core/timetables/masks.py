"""Which stretches of time does the right side of `except` or `only` cover?

A mask answers for stretches and not for moments, so that who searches skips what does not fit in one step: a mask of
one hour a year takes one step a year. Stretches are from a second since 1970 up to, and without, another one.

    cron          the wall clock matches its fields, at their own resolution: with five fields for a minute
    B | C         one of them covers it
    B except C    and B only C, as for timetables
    calendar      its days and windows, on the clocks of its own zone or else of the schedule's
    any other     the very second of an occurrence
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

from klokker.core.moments import DAY, FIRST_SECOND, LAST_SECOND
from klokker.core.timetables.budget import Budget, seek_after, seek_at_or_before, size_of
from klokker.core.timetables.calendars import FAR, Calendar, Part, WallStretch, Windows
from klokker.core.timetables.contract import Timetable
from klokker.core.timetables.cron import Cron
from klokker.core.timetables.zones import Piece, WallClock, wall_clock

LOOK = 2
"""Steps of a budget, to look what a mask covers around a second."""
NEVER_BEFORE, NEVER_AFTER = FIRST_SECOND, LAST_SECOND + 1


class Stretch(NamedTuple):
    """The seconds from `opens` up to and without `closes`, all covered or none."""

    opens: int
    closes: int
    covered: bool

    def within(self, other: "Stretch") -> "Stretch":
        """What both have in common, as covered as this one."""
        return Stretch(max(self.opens, other.opens), min(self.closes, other.closes), self.covered)


class Mask(ABC):
    """What covers stretches of time. Its text, by `str()`, reads back to an equal mask."""

    __slots__ = ("size",)

    size: int
    """Of how many timetables and parts of calendars it is made."""

    @abstractmethod
    def stretch(self, second: int, budget: Budget) -> Stretch:
        """A stretch around `second`, all covered or all not; a longer one may be. Raises TooSparse."""


class OnTheWall(Mask):
    """Where the clock on the wall matches the fields of a cron expression. Skipped and repeated times are as they are."""

    __slots__ = ("_in_day", "_unit", "clock", "cron")

    def __init__(self, cron: Cron) -> None:
        self.size = 1
        self.cron = cron
        self.clock: WallClock = wall_clock(cron.clock.zone, "skip", "both")
        self._unit = 1 if len(cron.text.split()) == 6 else 60
        self._in_day: int | None = None

    def stretch(self, second: int, budget: Budget) -> Stretch:
        budget.spend(LOOK)
        piece = self.clock.piece_at(second)
        day, time = divmod(second + piece.offset, DAY)
        days = self.cron.days
        following = days.first_from(day)
        if following != day:
            last = days.last_to(day)
            opens = -FAR if last is None else (last + 1) * DAY
            closes = FAR if following is None else following * DAY
            return _in_seconds(WallStretch(opens, closes, False), second, piece)
        # Bit n of `flips` is set where unit n of the day is covered and the one before is not, or the other way.
        covered = self._covered_in_day()
        flips = covered ^ covered << 1
        unit = time // self._unit
        later = flips >> unit + 1
        ends = unit + (later & -later).bit_length() if later else DAY // self._unit
        begins = max((flips & (2 << unit) - 1).bit_length() - 1, 0)
        opens, closes = day * DAY + begins * self._unit, day * DAY + ends * self._unit
        return _in_seconds(WallStretch(opens, closes, bool(covered >> unit & 1)), second, piece)

    def _covered_in_day(self) -> int:
        """The units of a matching day that match too, as bits."""
        if self._in_day is None:
            cron, per_minute = self.cron, 60 // self._unit
            in_hour = _repeated(cron.seconds if self._unit == 1 else 1, cron.minutes, per_minute)
            self._in_day = _repeated(in_hour, cron.hours, 60 * per_minute)
        return self._in_day

    def _meaning(self) -> tuple[object, ...]:
        return self._unit, self._covered_in_day(), self.cron.days.meaning, self.clock.zone

    def __eq__(self, other: object) -> bool:
        return self._meaning() == other._meaning() if isinstance(other, OnTheWall) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._meaning())

    def __str__(self) -> str:
        return str(self.cron)


class AtTheSecond(Mask):
    """The very seconds at which a timetable has its occurrences."""

    __slots__ = ("timetable",)

    def __init__(self, timetable: Timetable) -> None:
        self.size = size_of(timetable)
        self.timetable = timetable

    def stretch(self, second: int, budget: Budget) -> Stretch:
        budget.spend(LOOK)
        last = seek_at_or_before(self.timetable, second, budget)
        if last == second:
            return Stretch(second, second + 1, True)
        following = seek_after(self.timetable, second, budget)
        opens = NEVER_BEFORE if last is None else last + 1
        return Stretch(opens, NEVER_AFTER if following is None else following, False)

    def __eq__(self, other: object) -> bool:
        return self.timetable == other.timetable if isinstance(other, AtTheSecond) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.timetable)

    def __str__(self) -> str:
        return str(self.timetable)


class InCalendar(Mask):
    """The windows of a calendar that has a name."""

    __slots__ = ("_exceptions", "_parts", "calendar", "name", "zone")

    def __init__(self, name: str, calendar: Calendar, zone: str) -> None:
        self.size = len(calendar.parts) + len(calendar.exceptions)
        self.name, self.calendar, self.zone = name, calendar, zone
        self._parts, self._exceptions = self._on_clocks(calendar.parts), self._on_clocks(calendar.exceptions)

    def _on_clocks(self, parts: Sequence[Part]) -> list[tuple[Windows, WallClock]]:
        return [(part.windows, wall_clock(part.zone or self.zone, "skip", "both")) for part in parts]

    def stretch(self, second: int, budget: Budget) -> Stretch:
        within = _in_any(self._parts, second, budget)
        if not within.covered or not self._exceptions:
            return within
        excepted = _in_any(self._exceptions, second, budget)
        return excepted._replace(covered=False) if excepted.covered else within.within(excepted)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, InCalendar):
            return NotImplemented
        return (self.calendar, self.zone) == (other.calendar, other.zone)

    def __hash__(self) -> int:
        return hash((self.calendar, self.zone))

    def __str__(self) -> str:
        return f"calendar {self.name}"


class AnyOf(Mask):
    """What one of several masks covers."""

    __slots__ = ("members",)

    def __init__(self, members: Sequence[Mask]) -> None:
        self.members = tuple(members)
        self.size = sum(member.size for member in members)

    def stretch(self, second: int, budget: Budget) -> Stretch:
        common = Stretch(NEVER_BEFORE, NEVER_AFTER, False)
        for member in self.members:
            stretch = member.stretch(second, budget)
            if stretch.covered:
                return stretch
            common = common.within(stretch)
        return common

    def __eq__(self, other: object) -> bool:
        return set(self.members) == set(other.members) if isinstance(other, AnyOf) else NotImplemented

    def __hash__(self) -> int:
        return hash(frozenset(self.members))

    def __str__(self) -> str:
        return " | ".join(map(str, self.members))


class Condition(NamedTuple):
    """One `only` (which wants the mask to cover a moment) or `except` (which wants it not to)."""

    wants: bool
    mask: Mask

    def __str__(self) -> str:
        return f"{'only' if self.wants else 'except'} {in_parentheses(self.mask)}"


class AllOf(Mask):
    """Where every condition is as it wants: `B only C except D`."""

    __slots__ = ("conditions",)

    def __init__(self, conditions: Sequence[Condition]) -> None:
        self.conditions = tuple(conditions)
        self.size = sum(condition.mask.size for condition in conditions)

    def stretch(self, second: int, budget: Budget) -> Stretch:
        common = Stretch(NEVER_BEFORE, NEVER_AFTER, True)
        for wants, mask in self.conditions:
            stretch = mask.stretch(second, budget)
            if stretch.covered is not wants:
                return Stretch(stretch.opens, stretch.closes, False)
            common = common.within(stretch)
        return common

    def __eq__(self, other: object) -> bool:
        return set(self.conditions) == set(other.conditions) if isinstance(other, AllOf) else NotImplemented

    def __hash__(self) -> int:
        return hash(frozenset(self.conditions))

    def __str__(self) -> str:
        """As the right side of a mask: its first condition is an `only` that nobody writes."""
        first, *rest = self.conditions
        return " ".join((in_parentheses(first.mask), *map(str, rest)))


def _in_any(parts: Sequence[tuple[Windows, WallClock]], second: int, budget: Budget) -> Stretch:
    """A stretch around `second` that is in a window of one of these parts, or of none."""
    common = Stretch(NEVER_BEFORE, NEVER_AFTER, False)
    for windows, clock in parts:
        budget.spend()
        piece = clock.piece_at(second)
        stretch = _in_seconds(windows.stretch(second + piece.offset), second, piece)
        if stretch.covered:
            return stretch
        common = common.within(stretch)
    return common


def _in_seconds(stretch: WallStretch, second: int, piece: Piece) -> Stretch:
    """When the clock on the wall shows a stretch, around `second`, which lies in this piece of the clock's time."""
    opens, closes, wall = stretch.opens - piece.offset, stretch.closes - piece.offset, second + piece.offset
    # Beyond the piece the clock shows something else, by up to a day: it does not leave the stretch if that is wide.
    if opens < piece.start:
        opens = min(piece.start, stretch.opens + 2 * DAY) if stretch.closes - wall > 2 * DAY else piece.start
    if closes > piece.until:
        closes = max(piece.until, stretch.closes - 2 * DAY) if wall - stretch.opens > 2 * DAY else piece.until
    return Stretch(max(opens, NEVER_BEFORE), min(closes, NEVER_AFTER), stretch.covered)


def in_parentheses(mask: Mask) -> str:
    """The mask's text as one side of `except` or `only`."""
    return f"({mask})" if isinstance(mask, AnyOf | AllOf) else str(mask)


def _repeated(pattern: int, places: int, width: int) -> int:
    """`pattern` at each place of a set of bits, so many bits apart."""
    whole = 0
    while places:
        lowest = places & -places
        whole |= pattern << (lowest.bit_length() - 1) * width
        places ^= lowest
    return whole
