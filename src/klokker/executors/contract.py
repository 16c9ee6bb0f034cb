"""What does a worker hand to an executor, and what does it hear back? Values in, values out.

A worker calls `start` with as many assignments as there is room for, then waits in `reports`; nothing is polled. One
thread owns an executor; `wake` and `renewed` alone may be called from any other. Moments are seconds of the monotonic
clock that was handed in; executors know no calendar.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias

from klokker.core.errors import KlokkerError
from klokker.core.json_values import Json
from klokker.core.moments import Window
from klokker.core.verdict import Ending
from klokker.tasks.context import RunContext


@dataclass(frozen=True, slots=True)
class Assignment:
    """One attempt to make: the run, its fencing token, the task by name, and what the task may know.

    `attempt` counts from 1. `timeout` None means never. `schedule` is empty for a run without one. A `repeatable` one may
    wait here for a slot, and begins unasked.
    """

    run: int
    token: int
    task: str
    args: Sequence[Json] = ()
    kwargs: Mapping[str, Json] = field(default_factory=dict)
    attempt: int = 1
    schedule: str = ""
    timeout: timedelta | None = None
    nominal_at: datetime | None = None
    window: Window | None = None
    dry_run: bool = False
    repeatable: bool = False


# ── what is heard back ──────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Started:
    """The attempt has begun. Nothing that was reported as started is given back."""

    run: int
    token: int
    began: float


@dataclass(frozen=True, slots=True)
class Progressed:
    """So much is done, out of so much if that is known. Only the newest figures are passed on, a few times a second."""

    run: int
    token: int
    done: int
    total: int | None


@dataclass(frozen=True, slots=True)
class LogLine:
    """One entry of the run log: when, a level of `logging`, and text, which may have several lines."""

    at: datetime
    level: int
    message: str


@dataclass(frozen=True, slots=True)
class Logged:
    """The run logged these, in this order. All of them come before its Ended."""

    run: int
    token: int
    lines: tuple[LogLine, ...]


@dataclass(frozen=True, slots=True)
class Overrun:
    """The run was asked to end (its time is up, or it was cancelled) and goes on. Said once for a run; it keeps its slot."""

    run: int
    token: int
    why: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The attempt is over, and nothing of it goes on. The last report of an assignment, and the only one of its kind.

    `began` and `ended` are seconds of the monotonic clock; equal for what ended before it began.
    """

    run: int
    token: int
    ending: Ending
    began: float
    ended: float


Report: TypeAlias = Started | Progressed | Logged | Overrun | Ended


# ── what an executor is handed ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Prepared:
    """What running tasks needs from the layers above; made once in each process that runs tasks.

    `call(task, run, args, kwargs)` finds the task by name, checks its arguments, and returns what it returns (an
    awaitable included). `still_mine(run, token)` asks the store. `monotonic` is the clock, in seconds; the same clock
    for parent and child. `tidy` is called before and after each attempt, in the thread that makes it: database
    connections that broke or have grown old are closed there.
    """

    call: Callable[[str, RunContext, Sequence[Json], Mapping[str, Json]], object]
    still_mine: Callable[[int, int], bool]
    monotonic: Callable[[], float]
    tidy: Callable[[], None] = lambda: None


class NoRoom(KlokkerError):
    """More assignments were handed to an executor than it has room for. `room` says how many it would have taken."""

    def __init__(self, executor: str, room: int, handed: int) -> None:
        self.executor, self.room, self.handed = executor, room, handed
        super().__init__(
            f"The {executor} executor was handed {handed} assignments and has room for {room}; ask `free()` first."
        )


class Executor(Protocol):
    """Runs assignments, as many at once as it has slots, and reports on them.

    Whatever a task does, its assignment ends in exactly one Ended, and the worker lives on.
    """

    @property
    def name(self) -> str:
        """`inline`, `threads` or `processes`, as tasks and schedules call it."""

    @property
    def kills(self) -> bool:
        """Do timeout and cancel end a run, or merely ask it to end?"""

    def free(self) -> int:
        """How many assignments would begin at once."""

    def ahead(self) -> int:
        """How many more repeatable assignments may be handed over beyond `free()`, to wait here."""

    def running(self) -> Collection[int]:
        """The runs handed over and not yet reported as ended, those that wait included."""

    def start(self, assignments: Sequence[Assignment]) -> None:
        """Begin these, in this order, but those that cannot wait first.

        Raises NoRoom, and begins none, if more than `free()` cannot wait, or there are more than `free() + ahead()`.
        """

    def give_back(self) -> Sequence[Assignment]:
        """Those that wait and have not begun; they will not, and nothing more is reported of them."""

    def cancel(self, run: int, *, kill_after: timedelta | None = None) -> None:
        """Ask a run to end; `run.cancelled` becomes true for its task. An unknown run is ignored: it has just ended.

        With `kill_after`, an executor that kills does so when the run has not ended that long after this call.
        """

    def renewed(self) -> None:
        """The worker's leases hold: children may go on. To be called at each renewal, by the thread that renewed."""

    def reports(self, wait: float = 0) -> list[Report]:
        """What has happened since the last call; blocks until there is something, or `wake`, or `wait` seconds passed.

        Also returns, with nothing, when there is more room than before: a child has become ready.
        """

    def fileno(self) -> int:
        """A file descriptor that becomes readable when `reports(0)` would have something to do, or after `wake`."""

    def due(self) -> float | None:
        """The moment by which `reports` must be called even if the descriptor stays silent: the next timeout. None: never."""

    def wake(self) -> None:
        """Let a `reports` that blocks return at once, or the next one not block."""

    def kill_all(self, why: str) -> None:
        """End every run now, as lost: the worker's leases are gone, or it was told to stop at once. `reports` tells of each.

        Where nothing can be killed, every run is asked to end.
        """

    def close(self) -> None:
        """Let go of threads and processes; runs still going are killed where that can be done. Draining comes before."""
