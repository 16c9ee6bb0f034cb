"""What does a change come to? Plain data, for a person to look at before it is written; the faces put it in words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from klokker.core.json_values import Json
from klokker.core.lifecycle import ScheduleState
from klokker.core.plan import Dismissal, UnfinishedRun
from klokker.store.contract import NewRun


@dataclass(frozen=True, slots=True)
class UnknownTask:
    """No task of this name is known here. It is kept, and runs wait for a process that knows it."""

    task: str


@dataclass(frozen=True, slots=True)
class NodeNotEnrolled:
    """A node that is named and has not enrolled: its runs wait until it does."""

    node: str


@dataclass(frozen=True, slots=True)
class SpreadMoves:
    """The timetable or its jitter spreads by the schedule's name, which changes: `next` shows where to."""

    name: str


@dataclass(frozen=True, slots=True)
class NothingChanges:
    """It is so already; nothing is written."""


@dataclass(frozen=True, slots=True)
class HistoryPruned:
    """Which occurrences of these UTC days succeeded can no longer be told: their runs are pruned."""

    days: tuple[datetime, ...]


Note = UnknownTask | NodeNotEnrolled | SpreadMoves | NothingChanges | HistoryPruned


@dataclass(frozen=True, slots=True)
class Passed:
    """Occurrences that a new definition would have had in (`after`, `until`]; none of them is started by itself.

    `count` None: not counted. `first`: the first few.
    """

    after: datetime
    until: datetime
    count: int | None
    first: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Effect:
    """What an operation on one schedule comes to.

    `changes`: field → [old, new]. `next_before` and `next`: the occurrences that follow now, under the old definition
    and under the new. `due`: occurrences that fell due and are not decided yet; the next tick decides them as they
    stood (None: not counted). `waiting`: those that wait for the end of a closing; they go on, until `waits_until`, or
    are dismissed as closed, where that is None. `passed`: what the new definition would have had since the last occurrence of the old.
    `dismissed`: what is dismissed now. `starts`: runs that are made. `goes_on`: unfinished scheduled runs that are left
    alone; `cancels`: those asked to cancel. `opens` and `closes`: nodes whose timers do.
    """

    schedule: int | None
    name: str
    state_before: ScheduleState | None
    state: ScheduleState
    changes: Mapping[str, Json] = field(default_factory=dict)
    next_before: tuple[datetime, ...] = ()
    next: tuple[datetime, ...] = ()
    due: int | None = 0
    waiting: int | None = 0
    waits_until: datetime | None = None
    passed: Passed | None = None
    dismissed: tuple[Dismissal, ...] = ()
    starts: tuple[NewRun, ...] = ()
    goes_on: tuple[UnfinishedRun, ...] = ()
    cancels: tuple[int, ...] = ()
    opens: tuple[str, ...] = ()
    closes: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
