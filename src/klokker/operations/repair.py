"""A broken schedule goes on: its definition can be evaluated again, or somebody gave it another one (an edit repairs too).

While it was broken nothing was decided. What fell due meanwhile is dismissed as broken, or caught up, as the person
chooses. It can be caught up only from where the definition in force can be evaluated: the repaired one.
"""

from dataclasses import dataclass
from datetime import datetime

from klokker.core.definition import InvalidDefinition
from klokker.core.errors import TimetableError
from klokker.core.lifecycle import DismissalReason, ScheduleState
from klokker.operations.effect import Effect
from klokker.operations.occurrences import following, undecided
from klokker.operations.operation import Decision, Operation, require_state
from klokker.operations.spans import Course, Decided, decided_so_far, latest_border, rearranged, runs_made_so_far
from klokker.store.contract import Change, LockedSchedule


@dataclass(frozen=True, slots=True)
class Repair(Operation):
    """The schedule goes on under the definition that it has. `catch_up`: what fell due meanwhile is decided, not dismissed."""

    catch_up: bool = False

    def decide(self, locked: LockedSchedule) -> Decision:
        """Raises WrongState; InvalidDefinition, when the definition still cannot be evaluated."""
        require_state("repair", locked, ScheduleState.BROKEN)
        schedule = locked.schedule
        definition = schedule.revision.definition
        if schedule.fault:
            raise InvalidDefinition(
                definition.name, {"definition": f"cannot be read: {schedule.fault}; edit the schedule"}
            )
        try:
            definition.timetable()
            border, decided = repaired(locked, self.asked.now, catch_up=self.catch_up)
            course = Course(schedule.revision, border, runs_made=runs_made_so_far(locked))
            placed = definition.placement.timers(locked.nodes)
            spans = rearranged(course, locked, decided, placed_before=placed)
        except TimetableError as error:
            raise InvalidDefinition(definition.name, {"when": f"is wrong: {error}"}) from None
        change = Change(
            state=spans.state,
            by=self.asked.by,
            timers=spans.moves,
            open=spans.opens,
            starts_after_completion=border if definition.rest() is not None else None,
        )
        effect = Effect(
            schedule=schedule.id,
            name=definition.name,
            state_before=schedule.state,
            state=spans.state,
            next=following(definition, self.asked.now),
            due=undecided(locked.timers, self.asked.now).due if self.catch_up else 0,
            dismissed=spans.dismissals,
            goes_on=tuple(run for timer in locked.timers for run in timer.unfinished),
        )
        return Decision(change, effect)


def repaired(locked: LockedSchedule, now: datetime, *, catch_up: bool) -> tuple[datetime, list[Decided]]:
    """From when on the repaired definition holds, and how far each timer is decided then.

    To catch up, it holds from where the span that got furthest stopped; what others left before that is dismissed.
    """
    decided = decided_so_far(locked)
    border = max(decided) if catch_up and decided else latest_border(locked, now)
    return border, [Decided.dismissed(timer, border, DismissalReason.BROKEN) for timer in locked.timers]
