"""A pause: the schedule plans nothing; what passes meanwhile is dismissed as paused, not missed. Resuming ends it.

What fell due before the pause and is not decided yet is dismissed with it: a person who pauses wants nothing more to
start. Runs that are queued or running go on; those that wait do so until it is resumed, or are cancelled on request.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from klokker.core.errors import TimetableError
from klokker.core.json_values import Json
from klokker.core.lifecycle import DismissalReason, ScheduleState
from klokker.core.plan import UnfinishedRun
from klokker.operations.asking import ENGINE, Asked, InvalidRequest
from klokker.operations.effect import Effect
from klokker.operations.occurrences import following, undecided
from klokker.operations.operation import Decision, Operation, do, require_state
from klokker.operations.spans import Course, Decided, runs_made_so_far
from klokker.store.contract import Change, LockedSchedule, Store, TimerMove
from klokker.store.errors import NoSuchSchedule

PAUSED = ScheduleState.PAUSED


@dataclass(frozen=True, slots=True)
class Pause(Operation):
    """Pause the schedule, `until` a moment or until it is resumed. One that is paused gets this reason and end instead.

    `cancel_waiting`: its unfinished scheduled runs that have not begun are cancelled.
    """

    until: datetime | None = None
    cancel_waiting: bool = False

    def decide(self, locked: LockedSchedule) -> Decision:
        """Raises WrongState, InvalidRequest."""
        require_state(
            "pause",
            locked,
            ScheduleState.ACTIVE,
            PAUSED,
            hint="There is nothing to pause: it plans no runs.",
        )
        now = self.asked.now
        if self.until is not None and self.until <= now:
            raise InvalidRequest("pause", {"until": f"must lie after now ({_shown(now)}), got {_shown(self.until)}"})
        schedule = locked.schedule
        still_paused = schedule.state is PAUSED and not has_expired(locked, now)
        decided = [
            Decided.as_it_is(timer) if still_paused else Decided.dismissed(timer, now, DismissalReason.PAUSED)
            for timer in locked.timers
        ]
        cancels = unbegun(locked) if self.cancel_waiting else ()
        change = Change(
            state=PAUSED,
            reason=self.asked.why,
            paused_until=self.until,
            by=self.asked.by,
            timers=tuple(_asleep(each) for each in decided),
            cancel=tuple(run.id for run in cancels),
        )
        definition = schedule.revision.definition
        effect = Effect(
            schedule=schedule.id,
            name=definition.name,
            state_before=schedule.state,
            state=PAUSED,
            next_before=following(definition, now) if schedule.state is ScheduleState.ACTIVE else (),
            next=following(definition, self.until) if self.until is not None else (),
            dismissed=tuple(dismissal for each in decided for dismissal in each.dismissals),
            goes_on=tuple(run for timer in locked.timers for run in timer.unfinished if run not in cancels),
            cancels=change.cancel,
            changes=self._changes(locked),
        )
        return Decision(change, effect)

    def _changes(self, locked: LockedSchedule) -> dict[str, Json]:
        """What another reason and another end take the place of, where it is paused already."""
        schedule = locked.schedule
        if schedule.state is not PAUSED:
            return {}
        pairs = {
            "reason": (schedule.reason, self.asked.why),
            "until": (_shown(schedule.paused_until), _shown(self.until)),
        }
        return {field: list(pair) for field, pair in pairs.items() if pair[0] != pair[1]}


@dataclass(frozen=True, slots=True)
class Resume(Operation):
    """The schedule plans again: what passed under the pause is dismissed, one dismissal a revision.

    A pause that had an end covers nothing past it: what fell due since then is decided as ever.
    """

    def decide(self, locked: LockedSchedule) -> Decision:
        """Raises WrongState."""
        require_state("resume", locked, PAUSED)
        return _resumed(locked, self.asked)


@dataclass(frozen=True, slots=True)
class ExpirePause(Operation):
    """What a tick asks for when a pause has come to its end. Nothing changes when somebody was first."""

    def decide(self, locked: LockedSchedule) -> Decision:
        schedule = locked.schedule
        if schedule.state is not PAUSED or not has_expired(locked, self.asked.now):
            name = schedule.revision.definition.name
            return Decision(Change(), Effect(schedule.id, name, schedule.state, schedule.state))
        return _resumed(locked, self.asked)


def _resumed(locked: LockedSchedule, asked: Asked) -> Decision:
    schedule, now = locked.schedule, asked.now
    definition = schedule.revision.definition
    ended = schedule.paused_until if schedule.paused_until is not None and schedule.paused_until <= now else now
    decided = [Decided.dismissed(timer, ended, DismissalReason.PAUSED) for timer in locked.timers]
    course = Course(schedule.revision, border=ended, at_once=True, runs_made=runs_made_so_far(locked))
    try:
        moves = tuple(course.goes_on(each) for each in decided)
        state = ScheduleState.ACTIVE if not moves or any(_lives(move) for move in moves) else ScheduleState.SPENT
    except TimetableError:
        # Looked at in the next tick, it is found out and shown as broken, with its place kept.
        moves = tuple(replace(_asleep(each), next_due=now) for each in decided)
        state = ScheduleState.ACTIVE
    change = Change(state=state, by=asked.by, timers=moves, starts_after_completion=ended)
    waking = [replace(each.timer, handled_until=each.until) for each in decided]
    behind = undecided(waking, now)
    effect = Effect(
        schedule=schedule.id,
        name=definition.name,
        state_before=schedule.state,
        state=state,
        next=following(definition, now),
        due=behind.due,
        waiting=behind.waiting,
        waits_until=behind.opens,
        dismissed=tuple(dismissal for each in decided for dismissal in each.dismissals),
        goes_on=tuple(run for timer in locked.timers for run in timer.unfinished),
    )
    return Decision(change, effect)


def _shown(at: datetime | None) -> str:
    return "" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _lives(move: TimerMove) -> bool:
    return move.until is None or move.handled_until < move.until


def expire_pause(store: Store, schedule: int, now: datetime) -> None:
    """What a ticker says of each of `store.expired_pauses(now)`."""
    # Pruned in between: then there is nothing left to resume.
    with suppress(NoSuchSchedule):
        do(store, schedule, ExpirePause(Asked(ENGINE, now, "the pause has come to its end")))


def has_expired(locked: LockedSchedule, now: datetime) -> bool:
    """Has the pause come to its end, though nobody resumed the schedule yet?"""
    until = locked.schedule.paused_until
    return until is not None and until <= now


def unbegun(locked: LockedSchedule) -> tuple[UnfinishedRun, ...]:
    """The schedule's unfinished scheduled runs that have not begun."""
    return tuple(run for timer in locked.timers for run in timer.unfinished if not run.begun)


def _asleep(decided: Decided) -> TimerMove:
    timer = decided.timer
    return TimerMove(timer.id, decided.until, None, timer.until, decided.dismissals)
