"""A new schedule: what it will do is shown first; it starts nothing that lies before its creation, unless asked to."""

from dataclasses import dataclass
from datetime import datetime

from klokker.core.definition import Definition, InvalidDefinition, Revision
from klokker.core.errors import TimetableError
from klokker.core.lifecycle import Origin, ScheduleState
from klokker.operations.asking import Asked
from klokker.operations.backfill import backfill_run
from klokker.operations.catalogue import TaskCatalogue, definition_faults
from klokker.operations.effect import Effect
from klokker.operations.occurrences import closing_faults, following, has_passed, refuse_unfindable, stated_moments
from klokker.operations.spans import Course, missing_nodes
from klokker.store.contract import NameTaken, NewRevision, NewSchedule, NewTimer, Store
from klokker.store.errors import NameInUse


@dataclass(frozen=True, slots=True)
class Create:
    """`definition` as a new schedule. `start_past`: moments of an `at …` that lie in the past are started as backfill.

    `paused`: why it is made paused, if it is; its first occurrence is then the first after it is resumed.
    """

    asked: Asked
    definition: Definition
    tasks: TaskCatalogue
    origin: Origin = Origin.MANAGED
    start_past: bool = False
    paused: str | None = None


@dataclass(frozen=True, slots=True)
class Created:
    """The id of the new schedule, and what its creation came to."""

    schedule: int
    effect: Effect


def preview_create(store: Store, wish: Create) -> Effect:
    """What would be made; writes nothing. Raises InvalidDefinition, NameInUse."""
    bearer = store.schedule(wish.definition.name)
    if bearer is not None:
        raise NameInUse(wish.definition.name, bearer.id)
    return _decide(store, wish)[1]


def create(store: Store, wish: Create) -> Created:
    """Make the schedule. Raises InvalidDefinition, with all faults by field; NameInUse."""
    new, effect = _decide(store, wish)
    made = store.create(new)
    if isinstance(made, NameTaken):
        raise NameInUse(made.name, made.by)
    if new.runs:
        store.release(wish.asked.now)
    store.wake()
    return Created(made, effect)


def _decide(store: Store, wish: Create) -> tuple[NewSchedule, Effect]:
    asked, definition = wish.asked, wish.definition
    faults, notes = definition_faults(wish.tasks, definition)
    faults |= closing_faults(definition, asked.now)
    nodes = [node.name for node in store.nodes() if node.retired is None]
    wanted = definition.placement.timers(nodes)
    course = Course(
        Revision(1, asked.now, definition, asked.time_data),
        asked.now,
        asleep=wish.paused is not None,
        at_once=True,
    )
    past: tuple[datetime, ...] = ()
    opens: tuple[NewTimer, ...] = ()
    try:
        past = stated_moments(definition, asked.now)
        refuse_unfindable(definition, asked.now)
        opens = tuple(timer for node in wanted if (timer := course.opens(node)) is not None)
        if past and not wish.start_past:
            faults["when"] = has_passed(past)
        elif wanted and not opens and not past:
            faults["when"] = (
                f"yields no moment after {asked.now:%Y-%m-%dT%H:%M:%SZ}; look at its dates, starts and ends"
            )
    except TimetableError as error:
        if "closed" not in faults:
            faults["when"] = f"is wrong: {error}"
    if faults:
        raise InvalidDefinition(definition.name, faults)
    runs = tuple(backfill_run(definition, moment, node, asked) for moment in past for node in wanted)
    state = ScheduleState.ACTIVE if opens or not wanted else ScheduleState.SPENT
    if wish.paused is not None and state is ScheduleState.ACTIVE:
        state = ScheduleState.PAUSED
    new = NewSchedule(
        revision=NewRevision(definition, asked.now, asked.by, asked.why, {}, asked.time_data),
        origin=wish.origin,
        open=opens,
        state=state,
        reason=wish.paused or "",
        runs=runs,
        starts_after_completion=asked.now,
    )
    effect = Effect(
        schedule=None,
        name=definition.name,
        state_before=None,
        state=state,
        next=following(definition, asked.now),
        starts=runs,
        opens=tuple(timer.node for timer in opens),
        notes=(*notes, *missing_nodes(definition, nodes)),
    )
    return new, effect
