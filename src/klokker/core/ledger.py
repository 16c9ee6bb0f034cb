"""What was decided for one schedule, as the account reads it: spans, runs, dismissals, and the tallies that pruning left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from klokker.core.definition import Revision
from klokker.core.lifecycle import DismissalReason, Outcome, RunState
from klokker.core.schedule import Schedule


@dataclass(frozen=True, slots=True)
class LedgerRun:
    """A scheduled run, as the account sees it."""

    id: int
    node: str
    revision: int
    nominal: datetime
    state: RunState
    outcome: Outcome | None
    finished: datetime | None = None
    """When it ended; from there a schedule that rests after completion counts."""


@dataclass(frozen=True, slots=True)
class LedgerDismissal:
    """A dismissal, as the account sees it."""

    id: int
    node: str
    revision: int
    after: datetime
    until: datetime
    count: int | None
    reason: DismissalReason


@dataclass(frozen=True, slots=True)
class Tally:
    """What pruning left of one UTC day: counts by outcome and by reason. `day` is its first moment."""

    node: str
    revision: int
    day: datetime
    runs: Mapping[Outcome, int]
    dismissals: Mapping[DismissalReason, int]


@dataclass(frozen=True, slots=True)
class Span:
    """A timer as the account sees it: its occurrences are those after `since`, up to `until` where it is closed.

    `next_due`: when it is to be looked at again; None when it is closed, paused or broken, or waits for a completion.
    """

    timer: int
    node: str
    since: datetime
    until: datetime | None
    handled_until: datetime
    runs_made: int
    next_due: datetime | None


@dataclass(frozen=True, slots=True)
class Ledger:
    """Everything that was decided for one schedule, read in one transaction."""

    schedule: Schedule
    revisions: Sequence[Revision]
    spans: Sequence[Span]
    runs: Sequence[LedgerRun]
    dismissals: Sequence[LedgerDismissal]
    tallies: Sequence[Tally]
