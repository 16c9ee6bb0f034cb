"""From when until when a timetable counts: a schedule's `starts` and `ends`.

Both borders belong to it: an occurrence at `starts` counts, and so does one at `ends`.
"""

from dataclasses import dataclass

from klokker.core.timetables.contract import Timetable


@dataclass(frozen=True, slots=True)
class Limited(Timetable):
    """The occurrences of `timetable` from the second `first` up to and with the second `last` (since 1970); None: no limit."""

    timetable: Timetable
    first: int | None
    last: int | None

    def second_after(self, second: int) -> int | None:
        """The first occurrence after `second` that lies within the limits."""
        if self.first is not None and second < self.first:
            second = self.first - 1
        found = self.timetable.second_after(second)
        return None if found is None or (self.last is not None and found > self.last) else found

    def second_at_or_before(self, second: int) -> int | None:
        """The last occurrence at or before `second` that lies within the limits."""
        if self.last is not None and second > self.last:
            second = self.last
        found = self.timetable.second_at_or_before(second)
        return None if found is None or (self.first is not None and found < self.first) else found

    def count_seconds(self, after: int, until: int) -> int | None:
        """How many occurrences lie after `after`, up to and with `until`, and within the limits."""
        if self.first is not None and after < self.first:
            after = self.first - 1
        if self.last is not None and until > self.last:
            until = self.last
        return self.timetable.count_seconds(after, until) if after < until else 0

    def __str__(self) -> str:
        return str(self.timetable)
