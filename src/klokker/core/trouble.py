"""What the account may come upon, and which of it disproves the account."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Trouble(StrEnum):
    """What the account may find. The first six are faults; the others explain why figures look odd."""

    LOST = "lost"
    """Occurrences that were passed without a decision."""
    DOUBLE = "decided twice"
    """Two windows, a window and a run, or two runs stand for the same occurrence."""
    STRAY = "no occurrence"
    """A run stands at a moment that the timetable does not yield, or outside every span."""
    MISCOUNTED = "miscounted"
    """A dismissal or a tally says another number than its window holds."""
    EARLY = "too early"
    """A run "after completion" stands before the rest was over."""
    ASLEEP = "asleep"
    """An active timer that nothing will wake: it has occurrences ahead, no next due, and no unfinished run."""
    MOVED = "moved by data"
    """Decided under other time data than today's, under which the revision's timetable yields other moments."""
    AHEAD = "decided ahead"
    """Runs at moments still to come, made before a rewind; they are passed over when their moments come."""
    UNDECIDED = "undecided"
    """The schedule is broken; what falls due waits for its repair."""
    UNCOUNTED = "not counted"
    """The timetable cannot be evaluated, or yields too much to list."""


FAULTS = frozenset({Trouble.LOST, Trouble.DOUBLE, Trouble.STRAY, Trouble.MISCOUNTED, Trouble.EARLY, Trouble.ASLEEP})


@dataclass(frozen=True, slots=True)
class Finding:
    """Something the account came upon: what, on which node, since when (or at which moment), how many, in words."""

    trouble: Trouble
    node: str
    at: datetime
    count: int
    words: str

    @property
    def fault(self) -> bool:
        """Does it disprove the account?"""
        return self.trouble in FAULTS
