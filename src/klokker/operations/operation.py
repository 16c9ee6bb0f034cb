"""What is an operation on a schedule? A pure decision over what is locked; written by `do`, only looked at by `preview`."""

from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from klokker.core.errors import KlokkerError
from klokker.core.lifecycle import ScheduleState
from klokker.core.schedule import Schedule
from klokker.operations.asking import Asked
from klokker.operations.effect import Effect
from klokker.store.contract import Change, Changed, LockedSchedule, Store


class WrongState(KlokkerError):
    """The schedule is not in a state for this. `what` was asked, it is `state`, and would have to be one of `allowed`."""

    def __init__(self, what: str, schedule: Schedule, allowed: Collection[ScheduleState], hint: str = "") -> None:
        self.what = what
        self.schedule = schedule.id
        self.name = schedule.revision.definition.name
        self.state = schedule.state
        self.allowed = frozenset(allowed)
        why = f" ({schedule.reason})" if schedule.reason else ""
        may = " or ".join(sorted(allowed))
        super().__init__(f"{what}: {self.name!r} is {schedule.state}{why}, and must be {may}. {hint}".rstrip())


@dataclass(frozen=True, slots=True)
class Decision:
    """What to write, and what that comes to."""

    change: Change
    effect: Effect


@dataclass(frozen=True, slots=True)
class Done:
    """What was written, and what it came to."""

    effect: Effect
    changed: Changed

    @property
    def runs(self) -> tuple[int, ...]:
        """The ids of the runs that were made."""
        return tuple(run.id for run in self.changed.runs)


@dataclass(frozen=True, slots=True)
class Operation(ABC):
    """A wish for one schedule. `decide` computes and does nothing else: it may be asked several times."""

    asked: Asked

    @property
    def new_name(self) -> str | None:
        """The name that the schedule is to bear, if that is part of the wish."""
        return None

    @property
    def dismissed_after(self) -> datetime | None:
        """From when on the schedule's dismissals matter to the decision, if they do."""
        return None

    @abstractmethod
    def decide(self, locked: LockedSchedule) -> Decision:
        """What the wish comes to. Raises KlokkerError when it cannot be fulfilled."""


def preview(store: Store, schedule: int, operation: Operation) -> Effect:
    """What the operation would come to now; writes nothing. Raises NoSuchSchedule, and what `do` would raise."""
    view = store.locked_view(schedule, new_name=operation.new_name, dismissed_after=operation.dismissed_after)
    return operation.decide(view).effect


def do(store: Store, schedule: int, operation: Operation) -> Done:
    """Decide under the locks of the schedule's timers, and write. Raises NoSuchSchedule, and what the operation refuses with."""
    effects: list[Effect] = []

    def decide(locked: LockedSchedule) -> Change:
        decision = operation.decide(locked)
        effects.append(decision.effect)
        return decision.change

    changed = store.change(schedule, decide, new_name=operation.new_name, dismissed_after=operation.dismissed_after)
    if changed.change != Change():
        store.release(operation.asked.now)
        store.wake()
    # The store may have asked again after a conflict: what was written is the last answer.
    return Done(effects[-1], changed)


def require_state(what: str, locked: LockedSchedule, *allowed: ScheduleState, hint: str = "") -> None:
    """Refuse, unless the schedule is in one of these states. Raises WrongState."""
    if locked.schedule.state not in allowed:
        raise WrongState(what, locked.schedule, allowed, hint)
