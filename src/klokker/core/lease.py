"""Who holds a run: until when, when to renew, and when it is open to others.

A process renews the leases of all its claims at once. Three spans must keep their order, or a run could be rescued
while its first process still works on it: a parent renews well before a child gives up, and a child gives up before
the lease runs out.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from klokker.core.errors import InvalidPolicy


@dataclass(frozen=True, slots=True)
class Lease:
    """A claim's term: `length` from the claim or the last renewal; renewed each `renewal`.

    `child_term`: a child whose parent has not renewed for this long ends itself and its process group.
    """

    length: timedelta = timedelta(seconds=30)
    renewal: timedelta = timedelta(seconds=10)
    child_term: timedelta = timedelta(seconds=20)

    def __post_init__(self) -> None:
        InvalidPolicy.collect(
            self,
            (self.renewal > timedelta(0), "renewal", "must be positive"),
            (self.child_term >= 1.5 * self.renewal, "child_term", "must be at least one and a half renewals"),
            (
                self.length >= 1.25 * self.child_term,
                "length",
                "must be at least a quarter longer than the child's term",
            ),
        )

    @classmethod
    def lasting(cls, length: timedelta) -> "Lease":
        """A lease of this length, with the renewal and child's term in their usual proportions (a third, two thirds)."""
        return cls(length, length / 3, length * 2 / 3)

    def until(self, now: datetime) -> datetime:
        """The end of a lease that is claimed or renewed now."""
        return now + self.length

    def renew_at(self, renewed: datetime) -> datetime:
        """When a holder that renewed at `renewed` should do so again."""
        return renewed + self.renewal

    def child_gives_up_at(self, renewed: datetime) -> datetime:
        """When a child ends itself, if its parent has not renewed since `renewed`."""
        return renewed + self.child_term


AHEAD = timedelta(minutes=1)
"""Clocks may differ by so much before a heartbeat counts as one of a time that has not come."""


def set_right(lease_until: datetime, heartbeat: datetime, now: datetime) -> datetime | None:
    """The end, by the clock as it is now, of a lease that was given when the clock was ahead; None: it is right as it is.

    `heartbeat`: when its process was heard of last. That moment lies ahead of now where the clock was set back and the
    process has not been heard of since. From now on it has as long as it had then; who lives renews within that time.
    A lease that was set right ends before that heartbeat, and is not set right again.
    """
    if heartbeat <= now + AHEAD or lease_until <= heartbeat:
        return None
    return now + (lease_until - heartbeat)


def expired(lease_until: datetime, now: datetime) -> bool:
    """Is the lease over, so that the run may be rescued? At its last moment it is still held."""
    return lease_until < now
