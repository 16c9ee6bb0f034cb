"""Rewind: the clock was ahead, and schedules are decided further than now. They go back to now.

Runs that were made stay, and ticks pass over their moments; dismissals are cut at now; a new revision, of the same
definition, holds from now on. Spans that were opened or closed in the time that has not come yet are set right too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from klokker.core.definition import InvalidDefinition, Revision
from klokker.core.errors import KlokkerError, TimetableError
from klokker.core.ledger import LedgerDismissal, Span
from klokker.core.lifecycle import ScheduleState
from klokker.core.plan import Timer
from klokker.operations.asking import Asked
from klokker.operations.effect import Effect, NothingChanges
from klokker.operations.occurrences import following
from klokker.operations.operation import Decision, Operation, do, preview, require_state
from klokker.operations.retire import STANDING
from klokker.operations.spans import Course, Decided, runs_made_so_far
from klokker.store.contract import Change, Cut, LockedSchedule, NewRevision, NewTimer, Store, TimerMove
from klokker.store.unavailable import StoreUnavailable


@dataclass(frozen=True, slots=True)
class Rewind(Operation):
    """What the schedule has decided past now is taken back, but for the runs that were made."""

    @property
    def dismissed_after(self) -> datetime | None:
        return self.asked.now

    def decide(self, locked: LockedSchedule) -> Decision:
        """Raises WrongState, InvalidDefinition."""
        require_state("rewind", locked, *STANDING)
        schedule, now = locked.schedule, self.asked.now
        definition = schedule.revision.definition
        ahead = [timer for timer in locked.timers if timer.handled_until > now or timer.since > now]
        closed_ahead = [span for span in locked.closed if span.since < span.handled_until and span.handled_until > now]
        if not ahead and not closed_ahead and schedule.revision.holds_from <= now:
            effect = Effect(schedule.id, definition.name, schedule.state, schedule.state, notes=(NothingChanges(),))
            return Decision(Change(), effect)
        if schedule.fault:
            fault = f"cannot be read: {schedule.fault}; edit the schedule first"
            raise InvalidDefinition(definition.name, {"definition": fault})
        asleep = schedule.state in (ScheduleState.PAUSED, ScheduleState.BROKEN)
        newest = Revision(schedule.revision.number + 1, now, definition, self.asked.time_data)
        course = Course(newest, now, asleep=asleep, runs_made=runs_made_so_far(locked))
        try:
            spent = schedule.state is ScheduleState.SPENT
            moves, opens = self._set_back(course, locked.timers, closed_ahead, spent=spent)
        except TimetableError as error:
            raise InvalidDefinition(definition.name, {"when": f"is wrong: {error}"}) from None
        state = ScheduleState.ACTIVE if schedule.state is ScheduleState.SPENT and opens else schedule.state
        revisions = [revision for timer in locked.timers for revision in timer.revisions] + [schedule.revision]
        change = Change(
            state=None if state is schedule.state else state,
            by=self.asked.by,
            revision=NewRevision(definition, now, self.asked.by, self.asked.why, {}, self.asked.time_data),
            timers=moves,
            open=opens,
            cut=tuple(_cut(each, now, revisions) for each in locked.dismissed),
            starts_after_completion=now if definition.rest() is not None else None,
        )
        effect = Effect(
            schedule=schedule.id,
            name=definition.name,
            state_before=schedule.state,
            state=state,
            next_before=following(definition, max(timer.handled_until for timer in ahead)) if ahead else (),
            next=following(definition, now),
            goes_on=tuple(run for timer in locked.timers for run in timer.unfinished),
            opens=tuple(timer.node for timer in opens),
        )
        return Decision(change, effect)

    def _set_back(
        self, course: Course, timers: Sequence[Timer], closed_ahead: Sequence[Span], *, spent: bool
    ) -> tuple[tuple[TimerMove, ...], tuple[NewTimer, ...]]:
        now = self.asked.now
        # Also those that are not ahead: they were to be looked at when a revision of that time said so.
        moves = [
            course.goes_on(Decided(_as_of(timer, now), min(timer.handled_until, now)))
            for timer in timers
            if timer.since <= now
        ]
        unborn = [timer for timer in timers if timer.since > now]
        # Spans of a time that has not come hold nothing; the same node begins anew from now.
        moves += [TimerMove(timer.id, timer.since, None, timer.since) for timer in unborn]
        for span in closed_ahead:
            until = max(span.since, now)
            moves.append(TimerMove(span.timer, until, None, until))
        reopened = {timer.node for timer in unborn} | ({span.node for span in closed_ahead} if spent else set())
        opens = [course.opens(node) for node in sorted(reopened)]
        return tuple(moves), tuple(timer for timer in opens if timer is not None)


@dataclass(frozen=True, slots=True)
class Rewound:
    """What became, or would become, of all schedules: those that are rewound, and by name why others cannot be."""

    effects: tuple[Effect, ...]
    refused: Mapping[str, str]


def rewind_all(store: Store, asked: Asked, *, dry_run: bool = False) -> Rewound:
    """Rewind every schedule that has something decided past now; one that cannot be stops no other.

    `dry_run`: only look at what it would come to. Raises StoreUnavailable.
    """
    effects: list[Effect] = []
    refused: dict[str, str] = {}
    wish = Rewind(asked)
    for schedule in store.schedules():
        try:
            effects.append(preview(store, schedule.id, wish) if dry_run else do(store, schedule.id, wish).effect)
        except StoreUnavailable:
            raise
        except KlokkerError as refusal:
            refused[schedule.revision.definition.name] = str(refusal)
    return Rewound(tuple(each for each in effects if NothingChanges() not in each.notes), refused)


def _as_of(timer: Timer, now: datetime) -> Timer:
    """The timer without what it was woken for in the time that has not come."""
    stale = timer.next_due is not None and timer.next_due > now
    return replace(timer, next_due=None) if stale else timer


def _cut(dismissal: LedgerDismissal, now: datetime, revisions: Sequence[Revision]) -> Cut:
    """The dismissal, as far as it reaches up to now; nothing of it is left when it began later."""
    if dismissal.after >= now:
        return Cut(dismissal.id, dismissal.after, 0)
    definition = next((each.definition for each in revisions if each.number == dismissal.revision), None)
    if definition is None or definition.rest() is not None:
        return Cut(dismissal.id, now, None)
    timetable = definition.timetable()
    # A window may hold moments that had a run already, after an earlier rewind; which ones, nobody here can say.
    whole = timetable.count(dismissal.after, dismissal.until) == dismissal.count
    return Cut(dismissal.id, now, timetable.count(dismissal.after, now) if whole else None)
