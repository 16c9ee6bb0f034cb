"""What makes a child of the processes executor ready: the project, its tasks, and the store to ask. Called once, in the nursery."""

import django
from django.db import close_old_connections, connections

from klokker.django.store import DjangoStore
from klokker.executors.contract import Prepared
from klokker.tasks.registry import registry
from klokker.wiring.preparing import prepared
from klokker.wiring.project import find_tasks, read_settings


def prepare() -> Prepared:
    """Set the project up and find its tasks. Children are copies of this process, so no connection may be left open in it."""
    django.setup()
    find_tasks(read_settings())
    ready = prepared(DjangoStore(own_connections=True), registry, close_old_connections)
    connections.close_all()
    return ready
