"""What becomes of an occurrence when an earlier run of its schedule is unfinished.

Judged once, by the tick that decides the occurrence, among the scheduled runs of one schedule on one node. Unfinished
means not done: a run that waits for its planned time, its turn, a retry or a snooze is unfinished too.
"""

from enum import StrEnum

from klokker.core.fields import Unfit, shown


class Overlap(StrEnum):
    """The five answers to an unfinished earlier run."""

    SKIP = "skip"
    """The newcomer is dismissed."""
    QUEUE_ONE = "queue one"
    """One may wait; a newcomer is dismissed while another has not begun."""
    QUEUE_ALL = "queue all"
    """All wait, and take turns."""
    REPLACE = "replace"
    """The unfinished are asked to cancel; the newest waits for its turn."""
    ALLOW = "allow"
    """They run side by side."""

    @classmethod
    def read(cls, value: object) -> "Overlap":
        """Read the text of an overlap. Raises Unfit."""
        words = " ".join(value.lower().split()) if isinstance(value, str) else ""
        if words not in cls._value2member_map_:
            raise Unfit(f"must be skip, queue one, queue all, replace or allow, got {shown(value)}")
        return cls(words)

    @property
    def takes_turn(self) -> bool:
        """Whether a run needs the turn of its schedule and node before it is queued."""
        return self is not Overlap.ALLOW


class Newcomer(StrEnum):
    """What becomes of a newcomer."""

    RUNS = "runs"
    DISMISSED = "dismissed"
    REPLACES = "replaces"


def meet(overlap: Overlap, *, begun: int, unbegun: int) -> Newcomer:
    """What becomes of a newcomer that meets `begun` and `unbegun` unfinished runs of its schedule and node."""
    if begun + unbegun == 0 or overlap in (Overlap.ALLOW, Overlap.QUEUE_ALL):
        return Newcomer.RUNS
    if overlap is Overlap.REPLACE:
        return Newcomer.REPLACES
    if overlap is Overlap.QUEUE_ONE:
        return Newcomer.DISMISSED if unbegun else Newcomer.RUNS
    return Newcomer.DISMISSED
