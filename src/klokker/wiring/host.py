"""What is a process made of in the Django project that it runs in?"""

from django.db import close_old_connections, connections

from klokker.django.schema import schema_state
from klokker.django.settings import database_alias
from klokker.django.store import DjangoStore
from klokker.engine.heart import SchemaFound
from klokker.events import TaskModuleSkipped, emit
from klokker.executors.processes import Nurse
from klokker.operations.node import enrol_node
from klokker.tasks.registry import registry
from klokker.wiring.compose import Parts
from klokker.wiring.project import find_tasks
from klokker.wiring.settings import Settings


def parts_of(settings: Settings, *, nurse: Nurse | None = None) -> Parts:
    """What a process of this project is made of; its tasks are found, and modules that raise are told as events."""
    for fault in find_tasks(settings).faults:
        emit(TaskModuleSkipped(module=fault.module, location=fault.location, error=fault.error))
    store = DjangoStore(own_connections=True)
    return Parts(
        settings,
        store,
        registry,
        tidy=close_old_connections,
        let_go=connections.close_all,
        newer_schema=newer_schema,
        close=store.close,
        nurse=nurse,
    )


def newer_schema() -> SchemaFound | None:
    """The newest migration that the database has had, if only a newer release knows it."""
    state = schema_state(connections[database_alias()])
    if not state.newer:
        return None
    known = [name for name in state.applied if name not in state.newer]
    return SchemaFound(found=state.newer[-1], known=known[-1] if known else "none")


def enrol_here(parts: Parts) -> None:
    """Make the node of these settings known, if it is not: schedules that are placed on it begin there."""
    enrol_node(parts.store, parts.settings.node, parts.asked(parts.store.now()))
