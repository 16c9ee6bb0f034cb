"""What time is it, and can that be believed? The only module that reads a clock.

The engine's time is the database's clock at the last look, carried on by the monotonic clock of this machine: all
processes of one database agree on it, and nothing that happens to the machine's own clock moves it. The heart looks
anew with each beat. When a look shows that the two have parted by more than five minutes, one of them leapt: the gate
closes, nothing is decided, and it opens when they have gone together for a minute.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from klokker.engine.gate import Gate

LEAP = timedelta(minutes=5)
"""Wall clock and monotonic clock part by more than this between two looks: one of them leapt."""

AGREEMENT = 60.0
"""So many seconds must both clocks go together before anything is decided again."""

LEAPT = "the clock leapt"
"""The reason under which the gate is closed meanwhile."""


class Source(Protocol):
    """Where raw time comes from: this machine, or a test's hand."""

    def wall(self) -> datetime:
        """The time of day, aware, UTC."""

    def monotonic(self) -> float:
        """Seconds since some moment; never goes back, never leaps."""


class Machine:
    """This machine's own clocks."""

    def wall(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


MACHINE = Machine()


@dataclass(frozen=True, slots=True)
class Anchor:
    """A look: what the database's clock said, and what the monotonic clock said at that moment."""

    wall: datetime
    monotonic: float


class Clock:
    """The engine's time. `look` asks the database (a store's `now`); `now` never does.

    Safe from several threads: `now` reads one reference, `look` is for one thread, the heart's.
    """

    def __init__(
        self, look: Callable[[], datetime], *, gate: Gate, source: Source = MACHINE, process: str = ""
    ) -> None:
        self._ask = look
        self._source = source
        self._gate = gate
        self._process = process
        self._leapt_at: float | None = None
        self._anchor = self._looked()

    def now(self) -> datetime:
        """The moment it is, UTC."""
        return self._expected(self._source.monotonic())

    def monotonic(self) -> float:
        """Seconds for measuring spans; no relation to `now`."""
        return self._source.monotonic()

    def moment(self, monotonic: float) -> datetime:
        """The moment at which the monotonic clock showed this."""
        return self._expected(monotonic)

    def look(self) -> None:
        """Ask the database what time it is, and follow it from here. Raises what the store raises."""
        seen = self._looked()
        leap = seen.wall - self._expected(seen.monotonic)
        self._anchor = seen
        if abs(leap) <= LEAP and self._leapt_at is None:
            return
        # Imported where they are told: commands that only ask what time it is start without them.
        from klokker.events import ClockLeapt, ClockSettled, emit

        if abs(leap) > LEAP:
            self._leapt_at = seen.monotonic
            self._gate.close(LEAPT)
            emit(ClockLeapt(process=self._process, now=seen.wall, leap=leap))
        elif self._leapt_at is not None and seen.monotonic - self._leapt_at >= AGREEMENT:
            self._leapt_at = None
            self._gate.open(LEAPT)
            emit(ClockSettled(process=self._process, now=seen.wall))

    def _expected(self, monotonic: float) -> datetime:
        anchor = self._anchor
        return anchor.wall + timedelta(seconds=monotonic - anchor.monotonic)

    def _looked(self) -> Anchor:
        asked = self._source.monotonic()
        wall = self._ask()
        # The database read its clock somewhere between question and answer: the middle is off by half of that at most.
        return Anchor(wall, (asked + self._source.monotonic()) / 2)
