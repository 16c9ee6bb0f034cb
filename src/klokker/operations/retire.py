"""A schedule is retired: it plans nothing any more, is kept for history and account, and its name is free again."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from klokker.core.lifecycle import DismissalReason, ScheduleState
from klokker.operations.asking import ENGINE, Asked
from klokker.operations.effect import Effect
from klokker.operations.occurrences import following
from klokker.operations.operation import Decision, Operation, do, require_state
from klokker.operations.pause import unbegun
from klokker.operations.spans import Decided, latest_border
from klokker.store.contract import Change, LockedSchedule, Store, TimerMove
from klokker.store.errors import NoSuchSchedule

RETIRED = ScheduleState.RETIRED
STANDING = tuple(state for state in ScheduleState if state is not RETIRED)


@dataclass(frozen=True, slots=True)
class Retire(Operation):
    """Retire the schedule. What it has not decided is dismissed; runs that were made go on, or are cancelled if not begun."""

    cancel_waiting: bool = False

    def decide(self, locked: LockedSchedule) -> Decision:
        """Raises WrongState."""
        require_state("retire", locked, *STANDING, hint="It is already.")
        return _retired(locked, self.asked, cancel_waiting=self.cancel_waiting)


@dataclass(frozen=True, slots=True)
class RetireAfterSuccess(Operation):
    """What a finisher, or a tick, asks for when the last run of "after success: delete" has succeeded. Said twice, done once."""

    def decide(self, locked: LockedSchedule) -> Decision:
        schedule = locked.schedule
        if schedule.state is RETIRED:
            return Decision(Change(), Effect(schedule.id, schedule.revision.definition.name, RETIRED, RETIRED))
        return _retired(locked, self.asked, cancel_waiting=False)


def retire_after_success(store: Store, schedule: int, now: datetime) -> None:
    """What a worker says of each schedule that `store.finish` names, and a ticker of each of `store.to_retire()`."""
    # Pruned in between: then it was retired long ago.
    with suppress(NoSuchSchedule):
        do(store, schedule, RetireAfterSuccess(Asked(ENGINE, now, "its last run has succeeded")))


def _retired(locked: LockedSchedule, asked: Asked, *, cancel_waiting: bool) -> Decision:
    schedule = locked.schedule
    definition = schedule.revision.definition
    border = latest_border(locked, asked.now)
    broken = schedule.state is ScheduleState.BROKEN or bool(schedule.fault)
    reason = DismissalReason.BROKEN if broken else DismissalReason.PAUSED
    decided = [Decided.dismissed(timer, border, reason) for timer in locked.timers]
    cancels = unbegun(locked) if cancel_waiting else ()
    change = Change(
        state=RETIRED,
        reason=asked.why,
        by=asked.by,
        timers=tuple(_closed(each) for each in decided),
        cancel=tuple(run.id for run in cancels),
    )
    effect = Effect(
        schedule=schedule.id,
        name=definition.name,
        state_before=schedule.state,
        state=RETIRED,
        next_before=following(definition, asked.now) if schedule.state is ScheduleState.ACTIVE else (),
        dismissed=tuple(dismissal for each in decided for dismissal in each.dismissals),
        goes_on=tuple(run for timer in locked.timers for run in timer.unfinished if run not in cancels),
        cancels=change.cancel,
        closes=tuple(timer.node for timer in locked.timers),
    )
    return Decision(change, effect)


def _closed(decided: Decided) -> TimerMove:
    until = max(decided.until, decided.timer.since)
    return TimerMove(decided.timer.id, until, None, until, decided.dismissals)
