"""A clock that stands until it is moved. It takes the machine's place: under an engine, under a memory store."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
"""A Monday at noon, in a week in which no clock anywhere changes."""


class ManualClock:
    """A `Source` of time. `advance` lets time pass; `leap` sets the wall clock alone, as a person or a faulty server would."""

    def __init__(self, start: datetime = START) -> None:
        self._wall = start
        self._passed = timedelta(0)
        self._monotonic = 0.0

    def wall(self) -> datetime:
        return self._wall

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, span: timedelta) -> None:
        """Let `span` pass, on both clocks. Raises ValueError for a negative one: time that passes does not go back."""
        if span < timedelta(0):
            raise ValueError(f"time passes forward only, got {span}; `leap` sets the wall clock back")
        self._wall += span
        # From whole microseconds each time: a sum of fractions would drift from the wall clock.
        self._passed += span
        self._monotonic = self._passed.total_seconds()

    def leap(self, span: timedelta) -> None:
        """Set the wall clock `span` forward or back, while no time passes."""
        self._wall += span
