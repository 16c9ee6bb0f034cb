"""Where a run stands, how it may end, and the only table of moves between the two.

    waiting ──► queued ──► claimed ──► done
       ▲           │          │
       └───────────┴──────────┘   (given back, a further attempt, snoozed)

Waiting: made, but its planned time or its turn has not come. Queued: any worker that knows the task may claim it.
Claimed: one process holds it, with a lease and a fencing token. Done: it has an outcome, and nothing moves it again.
"""

from enum import StrEnum


class RunState(StrEnum):
    """Where a run stands."""

    WAITING = "waiting"
    QUEUED = "queued"
    CLAIMED = "claimed"
    DONE = "done"


class Outcome(StrEnum):
    """How an attempt, or a run, ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed out"
    CANCELLED = "cancelled"
    LOST = "lost"
    EXPIRED = "expired"


class RunKind(StrEnum):
    """Why a run was made. Only scheduled runs have a nominal time and stand in the account."""

    SCHEDULED = "scheduled"
    MANUAL = "manual"
    BACKFILL = "backfill"
    DRY = "dry run"
    ENQUEUED = "enqueued"


class ScheduleState(StrEnum):
    """Whether a schedule plans runs, and if not, why."""

    ACTIVE = "active"
    PAUSED = "paused"
    BROKEN = "broken"
    SPENT = "spent"
    RETIRED = "retired"


class DismissalReason(StrEnum):
    """Why an occurrence was decided not to run."""

    MISSED = "missed"
    SUPERSEDED = "superseded"
    OVERLAPPED = "overlapped"
    PAUSED = "paused"
    CLOSED = "closed"
    BROKEN = "broken"


class Origin(StrEnum):
    """Who keeps a schedule's definition: a file or code (declared), or people in a console (managed)."""

    DECLARED = "declared"
    MANAGED = "managed"


MOVES: frozenset[tuple[RunState, RunState]] = frozenset(
    {
        (RunState.WAITING, RunState.QUEUED),  # released: its time and its turn have come
        (RunState.WAITING, RunState.DONE),  # cancelled before it began, or expired
        (RunState.QUEUED, RunState.CLAIMED),  # a process took it
        (RunState.QUEUED, RunState.DONE),  # cancelled before it began, or expired
        (RunState.CLAIMED, RunState.QUEUED),  # given back unbegun, or sent on after a rescue
        (RunState.CLAIMED, RunState.WAITING),  # a further attempt later, or snoozed
        (RunState.CLAIMED, RunState.DONE),  # ended
    }
)
"""Every move a run may make; stores refuse all others."""


def may_move(old: RunState, new: RunState) -> bool:
    """Is there a move from `old` to `new`?"""
    return (old, new) in MOVES
