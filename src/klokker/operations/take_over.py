"""Take over: a declared schedule becomes a managed one. People edit it from then on, and sync leaves it alone and says so."""

from dataclasses import dataclass, replace

from klokker.core.definition import difference
from klokker.core.lifecycle import Origin
from klokker.operations.asking import InvalidRequest
from klokker.operations.effect import Effect
from klokker.operations.operation import Decision, Operation, require_state
from klokker.operations.retire import STANDING
from klokker.operations.spans import latest_border
from klokker.store.contract import Change, LockedSchedule, NewRevision


@dataclass(frozen=True, slots=True)
class TakeOver(Operation):
    """The schedule is managed from now on. Its definition stays; a revision says who took it over, and why."""

    def decide(self, locked: LockedSchedule) -> Decision:
        """Raises InvalidRequest, when it is managed already; WrongState."""
        require_state("take over", locked, *STANDING)
        schedule = locked.schedule
        definition = schedule.revision.definition
        if schedule.origin is Origin.MANAGED:
            raise InvalidRequest("take over", {"schedule": f"{definition.name!r} is managed here already"})
        if schedule.fault:
            raise InvalidRequest(
                "take over",
                {"schedule": f"its definition cannot be read ({schedule.fault}); mend it where it is declared"},
            )
        ours = replace(definition, declared_in="")
        changes = difference(definition, ours)
        border = latest_border(locked, self.asked.now)
        change = Change(
            by=self.asked.by,
            origin=Origin.MANAGED,
            revision=NewRevision(ours, border, self.asked.by, self.asked.why, changes, self.asked.time_data),
        )
        effect = Effect(schedule.id, definition.name, schedule.state, schedule.state, changes=changes)
        return Decision(change, effect)
