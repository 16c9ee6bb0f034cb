"""The records of the ledger, as the memory store keeps them: mutable rows, seen by nobody outside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from klokker.core.definition import AfterSuccess, Definition, Revision
from klokker.core.json_values import Json
from klokker.core.lifecycle import DismissalReason, Origin, Outcome, RunKind, RunState, ScheduleState
from klokker.core.verdict import Terms
from klokker.store.contract import NewRevision
from klokker.store.errors import NoSuchRevision
from klokker.store.runlog import RunLog


@dataclass(slots=True)
class ScheduleRow:
    """A schedule, its revisions (oldest first), and who made each."""

    id: int
    state: ScheduleState
    reason: str
    paused_until: datetime | None
    changed_by: str
    origin: Origin
    since: datetime
    revisions: list[Revision]
    made_by: list[NewRevision]
    starts_after_completion: datetime | None
    succeeded: bool = False
    """A run of it has succeeded, dry runs not counted."""

    @property
    def definition(self) -> Definition:
        return self.revisions[-1].definition

    @property
    def to_retire(self) -> bool:
        """The newest revision has the word, not the one that the run was made under."""
        last = self.definition.after_success is AfterSuccess.DELETE
        return last and self.succeeded and self.state is not ScheduleState.RETIRED

    def definition_at(self, revision: int) -> Definition:
        """The definition of this revision; raises NoSuchRevision."""
        if not 1 <= revision <= len(self.revisions):
            raise NoSuchRevision(self.id, revision)
        return self.revisions[revision - 1].definition


@dataclass(slots=True)
class TimerRow:
    """The hot row: how far the occurrences of one schedule, node and span are decided."""

    id: int
    schedule: int
    node: str
    since: datetime
    until: datetime | None
    handled_until: datetime
    next_due: datetime | None
    runs_made: int
    last_nominal: datetime | None = None
    last_finished: datetime | None = None
    last_dismissal: int | None = None

    @property
    def open(self) -> bool:
        return self.until is None or self.handled_until < self.until


@dataclass(frozen=True, slots=True)
class PastAttempt:
    """An earlier try of a run that was tried again."""

    number: int
    process: str
    started: datetime
    finished: datetime
    outcome: Outcome
    error: str


@dataclass(slots=True)
class RunRow:
    """One intent to execute a task. `definition` is that of its revision; None for an enqueued run."""

    id: int
    kind: RunKind
    task: str
    args: Sequence[Json]
    kwargs: Mapping[str, Json]
    planned: datetime
    node: str
    schedule: int | None
    revision: int | None
    definition: Definition | None
    nominal: datetime | None
    lane: str
    order: int
    takes_turn: bool
    start_before: datetime | None
    for_nominal: datetime | None = None
    previous_nominal: datetime | None = None
    asked_by: str = ""
    retry_of: int | None = None

    state: RunState = RunState.WAITING
    holds_turn: bool = False
    token: int = 0
    process: str = ""
    lease_until: datetime | None = None
    terms: Terms | None = None
    started: datetime | None = None
    first_started: datetime | None = None
    failed: int = 0
    lost: int = 0
    attempts: list[PastAttempt] = field(default_factory=list)
    next_tick_after: datetime | None = None
    """Waits for the first `klokker tick` begun after this moment, besides its planned time."""
    ended_with: int | None = None
    """The token of the last end that was accepted: the same end, said twice, is accepted again."""
    cancel_asked_by: str | None = None
    outcome: Outcome | None = None
    finished: datetime | None = None
    result: Json = None
    counts: Mapping[str, int] = field(default_factory=dict)
    error: str = ""
    done: int | None = None
    total: int | None = None
    log: RunLog = RunLog()
    prune_after: datetime | None = None

    @property
    def turn(self) -> tuple[int, str] | None:
        """The turn that this run needs, if it needs one."""
        return (self.schedule, self.node) if self.takes_turn and self.schedule is not None else None

    @property
    def claim_order(self) -> tuple[int, datetime, int]:
        return (self.order, self.planned, self.id)

    @property
    def release_order(self) -> tuple[bool, datetime, int]:
        return (self.kind is RunKind.BACKFILL, self.nominal or self.planned, self.id)

    def expired(self, now: datetime) -> bool:
        return self.start_before is not None and self.first_started is None and now > self.start_before


@dataclass(slots=True)
class DismissalRow:
    """Occurrences of a window that will not run."""

    id: int
    timer: int
    schedule: int
    node: str
    revision: int
    after: datetime
    until: datetime
    count: int | None
    reason: DismissalReason
    prune_after: datetime


@dataclass(slots=True)
class ProcessRow:
    """A process that has arrived, and when it was heard of last."""

    id: str
    node: str
    heard: datetime


@dataclass(slots=True)
class NodeRow:
    """A node."""

    name: str
    since: datetime
    retired: datetime | None = None
    ticked_at: datetime | None = None
