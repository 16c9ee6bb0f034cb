"""What is a moment, what is a window?

A moment is an aware datetime; Klokker hands out UTC only. Inside the core, moments are whole seconds since
1970-01-01 UTC: a timetable names no fractions of a second, and integers compare and count at once.
A window is open at its start and closed at its end, so that windows that adjoin share nothing and lose nothing.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from klokker.core.errors import InvalidMoment

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86_400
FIRST_SECOND = -62_135_596_800
"""0001-01-01 00:00:00 UTC, the first second that a datetime can hold, in seconds since 1970."""
LAST_SECOND = 253_402_300_799
"""9999-12-31 23:59:59 UTC, the last one."""


def epoch_second(moment: object) -> int:
    """The last whole second at or before `moment`, in seconds since 1970. Raises InvalidMoment."""
    if not isinstance(moment, datetime):
        raise InvalidMoment(moment)
    try:
        since = moment - EPOCH
    except TypeError:
        raise InvalidMoment(moment) from None
    return since.days * DAY + since.seconds


def from_epoch(second: int) -> datetime:
    """The UTC moment of a second since 1970 (between FIRST_SECOND and LAST_SECOND)."""
    return datetime.fromtimestamp(second, UTC)


def utc(moment: object) -> datetime:
    """The same moment in UTC. Raises InvalidMoment."""
    if not isinstance(moment, datetime) or moment.utcoffset() is None:
        raise InvalidMoment(moment)
    return moment.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Window:
    """The moments after `after`, up to and with `until`. Empty when `until` is not after `after`."""

    after: datetime
    until: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "after", utc(self.after))
        object.__setattr__(self, "until", utc(self.until))

    def __contains__(self, moment: datetime) -> bool:
        return self.after < utc(moment) <= self.until

    def __bool__(self) -> bool:
        """Whether there is any moment in it."""
        return self.after < self.until

    @property
    def length(self) -> timedelta:
        """How long it lasts; zero when it is empty."""
        return max(self.until - self.after, timedelta(0))

    def adjoins(self, later: "Window") -> bool:
        """Whether `later` begins exactly where this one ends."""
        return self.until == later.after

    def cut(self, other: "Window") -> "Window":
        """What both have in common; may be empty."""
        return Window(max(self.after, other.after), min(self.until, other.until))
