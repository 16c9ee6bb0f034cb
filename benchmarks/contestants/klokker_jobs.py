"""Ours: `klokker worker` and `klokker serve` as the command line starts them."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - Django is set up first
from django.db import connection, transaction  # noqa: E402

from klokker.core.definition import Definition  # noqa: E402
from klokker.core.lifecycle import RunKind  # noqa: E402
from klokker.django.store import DjangoStore  # noqa: E402
from klokker.operations.asking import Asked  # noqa: E402
from klokker.operations.catalogue import RegisteredTasks  # noqa: E402
from klokker.operations.create import Create, create  # noqa: E402
from klokker.store.contract import NewRun  # noqa: E402
from klokker.tasks.registry import registry  # noqa: E402
from klokker.wiring.project import find_tasks, read_settings  # noqa: E402

KLOKKER = str(Path(sys.executable).parent / "klokker")
TASK = os.environ.get("BENCHMARK_TASK", "noop.threads")


class System:
    """Ours, on a new database; `BENCHMARK_TASK` says whether the job runs in a thread or in a child process."""

    def __init__(self) -> None:
        call_command("migrate", verbosity=0)
        find_tasks(read_settings())

    def empty(self) -> None:
        with connection.cursor() as cursor:
            for table in ("attempt", "runlog", "dismissal", "run", "process"):
                if f"klokker_{table}" in connection.introspection.table_names():
                    cursor.execute(f"DELETE FROM klokker_{table}")

    def enqueue(self, jobs: int) -> None:
        store = DjangoStore()
        now = store.now()
        with transaction.atomic():
            for first in range(0, jobs, 1000):
                store.enqueue([_run(now)] * min(1000, jobs - first), now=now)

    def enqueue_one(self) -> None:
        registry.find(TASK).enqueue()

    def worker(self, processes: int) -> list[list[str]]:
        return [[KLOKKER, "worker"]] * processes

    def scheduler(self) -> list[list[str]]:
        store = DjangoStore()
        if store.schedule("each second") is None:
            definition = Definition(name="each second", task=TASK, when="* * * * * *")
            create(store, Create(Asked("benchmark", store.now()), definition, RegisteredTasks(registry)))
        return [[KLOKKER, "serve"]]


def _run(now: datetime) -> NewRun:
    return NewRun(kind=RunKind.ENQUEUED, task=TASK, args=(), kwargs={}, planned=now.astimezone(UTC))
