"""What a file would change: a plan over the schedules that stand, computed before anything is written.

A schedule belongs to the source that declared it. A sync creates and edits its own, retires its own that vanished, and
touches nothing else: neither what people made by hand or took over, nor what another source declares.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from klokker.core.definition import Definition, Json, difference
from klokker.core.lifecycle import Origin
from klokker.core.schedule import Schedule
from klokker.django.settings import database_alias
from klokker.moving.declared import Declared, InvalidFile
from klokker.operations.asking import Asked
from klokker.operations.catalogue import TaskCatalogue, definition_faults
from klokker.operations.create import Create as CreateOperation
from klokker.operations.create import create
from klokker.operations.edit import Edit as EditOperation
from klokker.operations.operation import do
from klokker.operations.retire import Retire as RetireOperation
from klokker.store.contract import Store


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
class SyncPlan:
    """All that a sync would do; `unchanged` counts the schedules that stand as declared."""

    source: str
    create: tuple[Create, ...]
    edit: tuple[Edit, ...]
    retire: tuple[Retire, ...]
    leave: tuple[Leave, ...]
    unchanged: int

    @property
    def changes(self) -> int:
        """How many schedules would be created, edited or retired."""
        return len(self.create) + len(self.edit) + len(self.retire)


def refuse_misfits(file: Path, declared: Declared, tasks: TaskCatalogue) -> None:
    """Raises InvalidFile, which names every argument and policy that does not fit its task."""
    faults = {
        f"schedules.{definition.name}.{field}": fault
        for definition in declared.definitions
        for field, fault in definition_faults(tasks, definition)[0].items()
    }
    if faults:
        raise InvalidFile(file, faults)


def plan_sync(declared: Declared, standing: Iterable[Schedule]) -> SyncPlan:
    """Compare what is declared with the schedules that stand (those not retired)."""
    by_name = {each.revision.definition.name.casefold(): each for each in standing}
    create: list[Create] = []
    edit: list[Edit] = []
    leave: list[Leave] = []
    unchanged = 0
    for definition in declared.definitions:
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
    return SyncPlan(declared.source, tuple(create), tuple(edit), retire, tuple(leave), unchanged)


def _not_ours(schedule: Schedule, source: str) -> str:
    """Whose schedule it is, if not the source's; empty if it is."""
    if schedule.origin is Origin.MANAGED:
        return "it was made by hand, or taken over"
    declared_in = schedule.revision.definition.declared_in
    return "" if declared_in == source else f"{declared_in or 'another file'} declares it"


def apply_sync(store: Store, plan: SyncPlan, asked: Asked, tasks: TaskCatalogue) -> None:
    """Write the plan in one transaction: all of it, or, when anything is refused, nothing.

    Raises what the operations refuse with; an arguments' fault names its schedule.
    """
    with transaction.atomic(using=database_alias()):
        for retired in plan.retire:
            do(store, retired.schedule.id, RetireOperation(asked))
        for made in plan.create:
            create(store, CreateOperation(asked, made.definition, tasks, origin=Origin.DECLARED))
        for edited in plan.edit:
            wish = EditOperation(
                asked, edited.definition, tasks, expected=edited.schedule.revision.number, declared=True
            )
            do(store, edited.schedule.id, wish)
