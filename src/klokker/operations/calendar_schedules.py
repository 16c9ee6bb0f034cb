"""What does another text of a calendar make of the schedules that name it? Each is edited: the edit itself starts nothing.

A schedule for which the text makes no sense refuses the whole. One that is broken for a reason of its own, and stays so
under the new text, hinders nobody: it is left as it stands.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from klokker.core.definition import Definition, InvalidDefinition
from klokker.core.errors import KlokkerError, TimetableError
from klokker.core.json_values import Json
from klokker.core.known import Known
from klokker.core.lifecycle import ScheduleState
from klokker.operations.asking import Asked
from klokker.operations.edit import EDITABLE, Edit
from klokker.operations.effect import Effect, UnknownTask
from klokker.store.contract import Change, LockedSchedule


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """A schedule that names the calendar and keeps the text that it carries, and why."""

    name: str
    why: str


class CalendarDoesNotFit(KlokkerError):
    """A calendar's new text makes no sense for schedules that name it. `faults`: schedule → what is wrong with it then."""

    def __init__(self, calendar: str, faults: Mapping[str, str]) -> None:
        self.calendar = calendar
        self.faults = dict(faults)
        told = "".join(f"\n  {name}: {fault}" for name, fault in self.faults.items())
        super().__init__(f"calendar {calendar!r} is refused, and nothing was changed; under this text{told}")


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The schedules under the new text: what to write of each, by id, and what it comes to; those left alone."""

    changes: Mapping[int, Change]
    effects: tuple[Effect, ...]
    left: tuple[LeftAlone, ...]


def rewritten(
    calendar: str, text: str, schedules: Sequence[LockedSchedule], asked: Asked, along: Mapping[int, Edit]
) -> Rewritten:
    """Each of the schedules, edited to carry this text of the calendar. Raises CalendarDoesNotFit, which names all misfits.

    `along`: edits that are wished for at the same time, by schedule; each is done in the place of ours, and raises what it raises.
    """
    changes: dict[int, Change] = {}
    effects: list[Effect] = []
    left: list[LeftAlone] = []
    faults: dict[str, str] = {}
    for locked in schedules:
        schedule = locked.schedule
        old = schedule.revision.definition
        broken = schedule.state not in EDITABLE or schedule.state is ScheduleState.BROKEN or bool(schedule.fault)
        if (edit := along.get(schedule.id)) is not None:
            decision = edit.decide(locked)
            changes[schedule.id] = decision.change
            effects.append(_but_for_the_text(decision.effect))
            continue
        if old.calendars.get(calendar) == text and not schedule.fault:
            continue
        try:
            if schedule.fault:
                raise InvalidDefinition(old.name, {"definition": f"cannot be read: {schedule.fault}"})
            new = old.knowing(Known({**old.calendars, calendar: text}, old.places))
            _refuse_nonsense(old, new, asked, was_broken=broken)
            decision = Edit(asked, new, _AnyTask(), declared=True).decide(locked)
        except (KlokkerError, OverflowError) as refused:
            if broken:
                left.append(LeftAlone(old.name, f"it is {schedule.state}, and stays so: {refused}"))
            else:
                faults[old.name] = _said(refused)
            continue
        changes[schedule.id] = decision.change
        effects.append(_but_for_the_text(decision.effect))
    if faults:
        raise CalendarDoesNotFit(calendar, faults)
    return Rewritten(changes, tuple(effects), tuple(left))


def _but_for_the_text(effect: Effect) -> Effect:
    """Without what is said once for all schedules, or is no news: the text itself, and that a task is not known here."""
    changes = {field: change for field, change in effect.changes.items() if field != "calendars"}
    return replace(
        effect, changes=changes, notes=tuple(note for note in effect.notes if not isinstance(note, UnknownTask))
    )


def _refuse_nonsense(old: Definition, new: Definition, asked: Asked, *, was_broken: bool) -> None:
    """Raises TimetableError where it would never run again."""
    ends = new.rest() is None and new.timetable().after(asked.now) is None
    if ends and (was_broken or old.timetable().after(asked.now) is not None):
        raise TimetableError("it would never run again")


def _said(refused: Exception) -> str:
    if isinstance(refused, InvalidDefinition):
        return "; ".join(f"{field} {fault}" for field, fault in refused.faults.items())
    return str(refused)


class _AnyTask:
    """Stands for every task, and takes any arguments: whether they fit is no question of a calendar."""

    repeatable = True
    heeds_dry_run = True

    def task(self, name: str) -> "_AnyTask":  # noqa: ARG002
        return self

    def faults(self, args: Sequence[Json], kwargs: Mapping[str, Json]) -> Mapping[str, str]:  # noqa: ARG002
        return {}
