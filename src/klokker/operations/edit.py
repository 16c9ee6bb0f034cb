"""An edit: what fell due before it is decided as it stood, and the edit itself starts nothing.

The new revision holds from now, or from where the schedule is decided already, should that be later. "Start these" is a
backfill (`Effect.passed` says which), asked for separately. A broken schedule is repaired by its edit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from klokker.core.definition import Definition, InvalidDefinition, Revision, difference
from klokker.core.errors import KlokkerError, TimetableError
from klokker.core.jitter import Jitter
from klokker.core.json_values import Json
from klokker.core.lifecycle import Origin, ScheduleState
from klokker.core.undecided import Undecided, opening
from klokker.operations.backfill import backfill_run
from klokker.operations.catalogue import TaskCatalogue, definition_faults
from klokker.operations.effect import Effect, Note, NothingChanges, Passed, SpreadMoves
from klokker.operations.occurrences import (
    closing_faults,
    following,
    has_passed,
    passed,
    refuse_unfindable,
    stated_moments,
    undecided,
)
from klokker.operations.operation import Decision, Operation, require_state
from klokker.operations.repair import repaired
from klokker.operations.spans import Course, Decided, latest_border, missing_nodes, rearranged, runs_made_so_far
from klokker.store.contract import Change, LockedSchedule, NewRevision
from klokker.store.errors import NameInUse

EDITABLE = (ScheduleState.ACTIVE, ScheduleState.PAUSED, ScheduleState.BROKEN, ScheduleState.SPENT)


class EditedMeanwhile(KlokkerError):
    """Somebody else edited the schedule after this editor looked. `expected` and `found` are revision numbers.

    `changes`: field → [as it stands now, as this edit would have it].
    """

    def __init__(self, name: str, expected: int, found: int, changes: Mapping[str, Json]) -> None:
        self.name, self.expected, self.found = name, expected, found
        self.changes = dict(changes)
        fields = ", ".join(self.changes) or "nothing"
        super().__init__(
            f"{name!r} was edited meanwhile: this edit began at revision {expected}, and the newest is {found}. "
            f"Against that one it changes {fields}. Look at it again, and save once more."
        )


class DeclaredElsewhere(KlokkerError):
    """The schedule is declared in a file or in code, and edited there. `name`, and `declared_in`, where."""

    def __init__(self, name: str, declared_in: str) -> None:
        self.name, self.declared_in = name, declared_in
        super().__init__(
            f"{name!r} is declared in {declared_in or 'a file'}: edit it there and sync, or take it over to edit it here."
        )


@dataclass(frozen=True, slots=True)
class Edit(Operation):
    """The schedule gets this definition, whole.

    `expected`: the number of the revision that the editor looked at; None skips the question. `declared`: the wish
    comes from where the schedule is declared. `catch_up`: a broken schedule's undecided occurrences are decided under
    the new definition, instead of being dismissed. `start_past`: moments that an `at …` gains and that have passed are
    started as backfill.
    """

    definition: Definition
    tasks: TaskCatalogue
    expected: int | None = None
    declared: bool = False
    catch_up: bool = False
    start_past: bool = False

    @property
    def new_name(self) -> str | None:
        return self.definition.name

    def decide(self, locked: LockedSchedule) -> Decision:
        """Raises InvalidDefinition, NameInUse, EditedMeanwhile, DeclaredElsewhere, WrongState."""
        schedule = locked.schedule
        old = schedule.revision.definition
        changes = difference(old, self.definition)
        self._refuse(locked, changes)
        is_broken = schedule.state is ScheduleState.BROKEN or bool(schedule.fault)
        if not changes and not is_broken:
            return _as_it_is(locked)
        faults, notes = definition_faults(self.tasks, self.definition)
        faults |= closing_faults(self.definition, self.asked.now)
        moments: tuple[datetime, ...] = ()
        try:
            moments = self._new_past_moments(old)
            border, decided = self._decided(locked, is_broken=is_broken)
            newest = Revision(schedule.revision.number + 1, border, self.definition, self.asked.time_data)
            asleep = schedule.state is ScheduleState.PAUSED
            course = Course(newest, border, asleep=asleep, runs_made=runs_made_so_far(locked))
            spans = rearranged(course, locked, decided, placed_before=old.placement.timers(locked.nodes))
            refuse_unfindable(self.definition, border)
        except TimetableError as error:
            if "closed" not in faults:
                faults["when"] = f"is wrong: {error}"
            raise InvalidDefinition(self.definition.name, faults) from None
        if moments and not self.start_past:
            faults["when"] = has_passed(moments)
        if faults:
            raise InvalidDefinition(self.definition.name, faults)
        state = ScheduleState.PAUSED if asleep else spans.state
        behind = Undecided() if is_broken else undecided(locked.timers, self.asked.now)
        nodes = self.definition.placement.timers(locked.nodes)
        runs = tuple(backfill_run(self.definition, moment, node, self.asked) for moment in moments for node in nodes)
        change = Change(
            state=None if state is schedule.state else state,
            by=self.asked.by,
            revision=NewRevision(self.definition, border, self.asked.by, self.asked.why, changes, self.asked.time_data),
            timers=spans.moves,
            open=spans.opens,
            runs=runs,
            starts_after_completion=border if self.definition.rest() is not None else None,
        )
        effect = Effect(
            schedule=schedule.id,
            name=self.definition.name,
            state_before=schedule.state,
            state=state,
            changes=changes,
            next_before=() if is_broken else following(old, self.asked.now),
            next=following(self.definition, border),
            due=behind.due,
            waiting=behind.waiting,
            waits_until=self._waits_until(locked, newest, behind),
            passed=self._passed(locked, changes),
            dismissed=spans.dismissals,
            starts=runs,
            goes_on=tuple(run for timer in locked.timers for run in timer.unfinished),
            opens=tuple(timer.node for timer in spans.opens),
            closes=tuple(
                timer.node
                for timer, move in zip(locked.timers, spans.moves, strict=True)
                if timer.until is None and move.until is not None
            ),
            notes=(*notes, *missing_nodes(self.definition, locked.nodes), *self._spread_moves(old)),
        )
        return Decision(change, effect)

    def _refuse(self, locked: LockedSchedule, changes: Mapping[str, Json]) -> None:
        schedule = locked.schedule
        old = schedule.revision.definition
        require_state("edit", locked, *EDITABLE, hint="Create a new schedule instead.")
        if self.expected is not None and self.expected != schedule.revision.number:
            raise EditedMeanwhile(old.name, self.expected, schedule.revision.number, changes)
        if schedule.origin is Origin.DECLARED and not self.declared:
            raise DeclaredElsewhere(old.name, old.declared_in)
        if locked.name_taken:
            raise NameInUse(self.definition.name)

    def _decided(self, locked: LockedSchedule, *, is_broken: bool) -> tuple[datetime, list[Decided]]:
        """From when on the new revision holds, and how far each timer is decided then."""
        if is_broken:
            return repaired(locked, self.asked.now, catch_up=self.catch_up)
        return latest_border(locked, self.asked.now), [Decided.as_it_is(timer) for timer in locked.timers]

    def _new_past_moments(self, old: Definition) -> tuple[datetime, ...]:
        """Moments of an `at …` that have passed and that the old definition did not name."""
        moments = stated_moments(self.definition, self.asked.now)
        if not moments:
            return ()
        try:
            known = set(stated_moments(old, self.asked.now))
        except TimetableError:
            known = set()
        return tuple(moment for moment in moments if moment not in known)

    def _passed(self, locked: LockedSchedule, changes: Mapping[str, Json]) -> Passed | None:
        """What the new timetable would have had since the last occurrence of the old one."""
        if not changes.keys() & {"when", "zone", "gap", "fold", "starts", "ends", "calendars", "places"}:
            return None
        schedule, now = locked.schedule, self.asked.now
        return passed(schedule.revision.definition, self.definition, since=schedule.since, now=now)

    def _waits_until(self, locked: LockedSchedule, newest: Revision, behind: Undecided) -> datetime | None:
        """When what waits for the end of a closing is decided, if it goes on waiting after this."""
        if behind.since is None:
            return None
        revisions = {each.number: each for timer in locked.timers for each in timer.revisions}
        return opening([*revisions.values(), newest], behind.since)

    def _spread_moves(self, old: Definition) -> tuple[Note, ...]:
        """A note where the name spreads the schedule, and it is another one now."""
        if old.name == self.definition.name:
            return ()
        under_old_name = following(replace(self.definition, name=old.name), self.asked.now)
        moves = under_old_name != following(self.definition, self.asked.now)
        return (SpreadMoves(self.definition.name),) if moves or self.definition.jitter != Jitter() else ()


def _as_it_is(locked: LockedSchedule) -> Decision:
    schedule = locked.schedule
    name = schedule.revision.definition.name
    return Decision(Change(), Effect(schedule.id, name, schedule.state, schedule.state, notes=(NothingChanges(),)))
