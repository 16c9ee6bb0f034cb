"""What does every timetable answer?

A kind of timetable answers two questions about whole seconds since 1970: which of mine comes next, which came last.
Everything that people ask (moments in, UTC moments out) follows from these two and is written once, here.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import datetime

from klokker.core.moments import epoch_second, from_epoch


class Timetable(ABC):
    """A pure rule that yields moments. Its text, by `str()`, reads back to an equal timetable.

    All moments handed in are aware datetimes of any zone (else InvalidMoment); all results are in UTC.
    """

    __slots__ = ()

    @abstractmethod
    def second_after(self, second: int) -> int | None:
        """The first occurrence after `second`, in seconds since 1970; None when none is left."""

    @abstractmethod
    def second_at_or_before(self, second: int) -> int | None:
        """The last occurrence at or before `second`, in seconds since 1970; None when there was none."""

    def count_seconds(self, after: int, until: int) -> int | None:  # noqa: ARG002 - kinds that can count override it
        """How many occurrences lie after `after`, up to and with `until`; None where only listing them would tell."""
        return None

    def after(self, moment: datetime) -> datetime | None:
        """The first occurrence after `moment`; None when the timetable is spent or the calendar ends (year 9999)."""
        # Occurrences are whole seconds: one is after a moment exactly when it is after the moment's whole second.
        second = self.second_after(epoch_second(moment))
        return None if second is None else from_epoch(second)

    def at_or_before(self, moment: datetime) -> datetime | None:
        """The last occurrence at or before `moment`; None when there was none."""
        second = self.second_at_or_before(epoch_second(moment))
        return None if second is None else from_epoch(second)

    def between(self, after: datetime, until: datetime) -> Iterator[datetime]:
        """The occurrences after `after`, up to and with `until`, in order, each found when it is asked for."""
        return self._walk(epoch_second(after), epoch_second(until))

    def count(self, after: datetime, until: datetime) -> int | None:
        """How many occurrences `between` would list, without listing them; None where that cannot be told."""
        return self.count_seconds(epoch_second(after), epoch_second(until))

    def _walk(self, second: int, until: int) -> Iterator[datetime]:
        while (found := self.second_after(second)) is not None and found <= until:
            yield from_epoch(found)
            second = found
