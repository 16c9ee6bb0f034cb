"""What a file would change: a plan over the schedules and calendars that stand, computed before anything is written.

A schedule belongs to the source that declared it, and so does a calendar. A sync creates and edits its own, retires or
removes its own that vanished, and touches nothing else: neither what people made by hand or took over, nor what another
source declares. But that an edit of a calendar is an edit of every schedule that names it, whoever keeps that.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from klokker.core.definition import Definition, Json, difference
from klokker.core.known import Known
from klokker.core.lifecycle import Origin
from klokker.core.schedule import Schedule
from klokker.django.settings import database_alias
from klokker.moving.declared import Declared, DeclaredCalendar, InvalidFile
from klokker.operations.asking import Asked
from klokker.operations.calendar import AddCalendar, EditCalendar, RemoveCalendar, do_calendar
from klokker.operations.catalogue import TaskCatalogue, definition_faults
from klokker.operations.create import Create as CreateOperation
from klokker.operations.create import create
from klokker.operations.edit import Edit as EditOperation
from klokker.operations.operation import do
from klokker.operations.retire import Retire as RetireOperation
from klokker.store.contract import NamedCalendar, Store


@dataclass(frozen=True, slots=True)
class Create:
    """A schedule to create."""

    definition: Definition


@dataclass(frozen=True, slots=True)
class Edit:
    """A schedule to edit: field names to [old, new]."""

    schedule: Schedule
    definition: Definition
    changes: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Retire:
    """A schedule of this source that the file no longer declares."""

    schedule: Schedule


@dataclass(frozen=True, slots=True)
class Leave:
    """A declared schedule whose name somebody else has: left as it stands. `why` says whose it is."""

    definition: Definition
    schedule: Schedule
    why: str


@dataclass(frozen=True, slots=True)
class LeaveCalendar:
    """A declared calendar whose name somebody else has: left as it stands. `why` says whose it is."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class CalendarPlan:
    """What a sync would do with calendars; `edit` holds each as it stands with what it is to be."""

    create: tuple[DeclaredCalendar, ...] = ()
    edit: tuple[tuple[NamedCalendar, DeclaredCalendar], ...] = ()
    remove: tuple[NamedCalendar, ...] = ()
    leave: tuple[LeaveCalendar, ...] = ()

    @property
    def changes(self) -> int:
        """How many calendars would be made, edited or removed."""
        return len(self.create) + len(self.edit) + len(self.remove)


@dataclass(frozen=True, slots=True)
class SyncPlan:
    """All that a sync would do; `unchanged` counts the schedules that stand as declared."""

    source: str
    create: tuple[Create, ...]
    edit: tuple[Edit, ...]
    retire: tuple[Retire, ...]
    leave: tuple[Leave, ...]
    unchanged: int
    calendars: CalendarPlan = CalendarPlan()

    @property
    def changes(self) -> int:
        """How many schedules would be created, edited or retired, and calendars made, edited or removed."""
        return len(self.create) + len(self.edit) + len(self.retire) + self.calendars.changes


def refuse_misfits(
    file: Path, declared: Declared, tasks: TaskCatalogue, calendars: Iterable[NamedCalendar] = ()
) -> None:
    """Raises InvalidFile, which names every argument and policy that does not fit its task.

    And every schedule that names one of the `calendars` kept here that this source declared, and declares no more.
    """
    faults = {
        f"schedules.{definition.name}.{field}": fault
        for definition in declared.definitions
        for field, fault in definition_faults(tasks, definition)[0].items()
    }
    gone = {each.name for each in _plan_calendars(declared, {each.name: each for each in calendars}).remove}
    faults |= {
        f"schedules.{definition.name}": f"names calendar {name!r}, which this source declared; it must stand in [calendars]"
        for definition in declared.definitions
        for name in sorted(gone & definition.calendars.keys())
    }
    if faults:
        raise InvalidFile(file, faults)


def plan_sync(declared: Declared, standing: Iterable[Schedule], calendars: Iterable[NamedCalendar] = ()) -> SyncPlan:
    """Compare what is declared with the schedules that stand (those not retired), and the calendars (those not removed).

    A schedule that names a calendar which is somebody else's goes by that one's text. Raises InvalidDefinition where it cannot.
    """
    kept = {calendar.name: calendar for calendar in calendars}
    planned = _plan_calendars(declared, kept)
    others = {each.name: kept[each.name].text for each in planned.leave}
    by_name = {each.revision.definition.name.casefold(): each for each in standing}
    create: list[Create] = []
    edit: list[Edit] = []
    leave: list[Leave] = []
    unchanged = 0
    for definition in (_going_by(others, each) for each in declared.definitions):
        there = by_name.pop(definition.name.casefold(), None)
        if there is None:
            create.append(Create(definition))
        elif why := _not_ours(there, declared.source):
            leave.append(Leave(definition, there, why))
        elif changes := difference(there.revision.definition, definition):
            edit.append(Edit(there, definition, changes))
        else:
            unchanged += 1
    retire = tuple(Retire(each) for each in by_name.values() if not _not_ours(each, declared.source))
    return SyncPlan(declared.source, tuple(create), tuple(edit), retire, tuple(leave), unchanged, planned)


def _plan_calendars(declared: Declared, kept: Mapping[str, NamedCalendar]) -> CalendarPlan:
    create: list[DeclaredCalendar] = []
    edit: list[tuple[NamedCalendar, DeclaredCalendar]] = []
    leave: list[LeaveCalendar] = []
    for calendar in declared.calendars:
        there = kept.get(calendar.name)
        if there is None:
            create.append(calendar)
        elif why := _whose(there.origin, there.declared_in, declared.source):
            leave.append(LeaveCalendar(calendar.name, why))
        elif (there.text, there.description, there.fault) != (calendar.text, calendar.description, ""):
            edit.append((there, calendar))
    names = {calendar.name for calendar in declared.calendars}
    remove = [
        each
        for each in kept.values()
        if each.name not in names and not _whose(each.origin, each.declared_in, declared.source)
    ]
    return CalendarPlan(tuple(create), tuple(edit), tuple(remove), tuple(leave))


def _going_by(others: Mapping[str, str], definition: Definition) -> Definition:
    """The definition with these texts of calendars, where it names them."""
    if not others.keys() & definition.calendars.keys():
        return definition
    return definition.knowing(Known({**definition.calendars, **others}, definition.places))


def _not_ours(schedule: Schedule, source: str) -> str:
    """Whose schedule it is, if not the source's; empty if it is."""
    return _whose(schedule.origin, schedule.revision.definition.declared_in, source)


def _whose(origin: Origin, declared_in: str, source: str) -> str:
    if origin is Origin.MANAGED:
        return "it was made by hand, or taken over"
    return "" if declared_in == source else f"{declared_in or 'another file'} declares it"


def calendar_edits(plan: SyncPlan, asked: Asked, tasks: TaskCatalogue) -> list[EditCalendar]:
    """Each edit of a calendar in the plan, with those of the plan's schedules that name it, so that each is written once."""
    edits = {each.schedule.id: _edit(each, asked, tasks) for each in plan.edit}
    wishes: list[EditCalendar] = []
    for there, calendar in plan.calendars.edit:
        along = {
            each.schedule.id: edits.pop(each.schedule.id)
            for each in plan.edit
            if each.schedule.id in edits and there.name in each.schedule.revision.definition.calendars
        }
        wishes.append(
            EditCalendar(
                asked,
                there.name,
                calendar.text,
                calendar.description,
                expected=there.version,
                declared=True,
                along=along,
                leaving=frozenset(each.schedule.id for each in plan.retire),
            )
        )
    return wishes


def _edit(edit: Edit, asked: Asked, tasks: TaskCatalogue) -> EditOperation:
    return EditOperation(asked, edit.definition, tasks, expected=edit.schedule.revision.number, declared=True)


def apply_sync(store: Store, plan: SyncPlan, asked: Asked, tasks: TaskCatalogue) -> None:
    """Write the plan in one transaction: all of it, or, when anything is refused, nothing.

    Raises what the operations refuse with; an arguments' fault names its schedule.
    """
    with transaction.atomic(using=database_alias()):
        for retired in plan.retire:
            do(store, retired.schedule.id, RetireOperation(asked))
        for made in plan.calendars.create:
            wish = AddCalendar(asked, made.name, made.text, made.description, Origin.DECLARED, plan.source)
            do_calendar(store, wish)
        written: set[int] = set()
        for edit in calendar_edits(plan, asked, tasks):
            do_calendar(store, edit)
            written |= edit.along.keys()
        for created in plan.create:
            create(store, CreateOperation(asked, created.definition, tasks, origin=Origin.DECLARED))
        for edited in plan.edit:
            if edited.schedule.id not in written:
                do(store, edited.schedule.id, _edit(edited, asked, tasks))
        for removed in plan.calendars.remove:
            do_calendar(store, RemoveCalendar(asked, removed.name, declared=True))
