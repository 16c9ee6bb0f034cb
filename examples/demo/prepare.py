"""Makes the demonstration's database: tables, data, and the schedules of all five systems as they stood on Friday.

With SQLite the tables and the data are made once and kept beside; a later demonstration copies them, and moves them in time.
"""

import hashlib
import importlib
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.core.management import call_command
from django.db import connection

from examples.demo.ages import shift
from examples.lepton.models import Event, Order
from examples.lepton.tasks import register
from klokker.cli.faults import Refused
from klokker.cli.migrating import bring_up_to_date
from klokker.django.models import Process, Schedule
from klokker.django.schema import schema_state
from klokker.django.store import DjangoStore
from klokker.moving.declared import Declared, read_file
from klokker.moving.sync import apply_sync, plan_sync
from klokker.operations.asking import Asked
from klokker.operations.catalogue import RegisteredTasks
from klokker.operations.node import enrol_node
from klokker.operations.operation import do
from klokker.operations.pause import Pause
from klokker.tasks.registry import registry
from klokker.wiring.project import find_tasks, read_settings
from klokker.wiring.time_data import time_data

SYSTEMS = ("signalen", "privacyidea", "ddid", "lepton", "waldur")
EXAMPLES = Path(__file__).parents[1]
NODES = ("pinode1", "pinode2")

PAUSED = "waldur-firecrest-pull-jobs"
PAUSED_FOR = timedelta(hours=40)

SILENT_AFTER = timedelta(seconds=30)
"""A process that was not heard of for so long is not there any more."""


class NotADemonstration(Refused):
    """The database holds what the demonstration did not make, and would lose it."""

    def __init__(self, found: str) -> None:
        super().__init__(
            f"the demonstration empties its database first, and this one holds {found}; "
            "name another folder with KLOKKER_HOME, or an empty database with KLOKKER_DATABASE"
        )


class StillRunning(Refused):
    """A process of Klokker works on the database that the demonstration wants to make anew."""

    def __init__(self, process: Process) -> None:
        super().__init__(
            f"process {process.pid} on {process.host} works on the demonstration's database; "
            "stop it (if it was killed, wait half a minute), then try again"
        )


def declarations() -> list[Declared]:
    """What the five files of schedules declare."""
    return [read_file(EXAMPLES / system / "schedules.toml") for system in SYSTEMS]


def prepare(off_since: datetime) -> None:
    """Full tables, and the schedules as they stood when the machine was switched off. Raises NotADemonstration, StillRunning."""
    _make_sure_nothing_is_lost()
    if connection.vendor == "sqlite":
        _from_copy(off_since)
    else:
        _make(off_since)
    find_tasks(read_settings())
    store = DjangoStore()
    asked = Asked(by="demonstration", now=off_since, why="as it stood on Friday", time_data=time_data())
    for node in NODES:
        enrol_node(store, node, asked)
        store.ticked(node, off_since)
    for declared in declarations():
        apply_sync(store, plan_sync(declared, store.schedules()), asked, RegisteredTasks(registry))
    maintenance = Asked(by="operations", now=off_since, why="Firecrest is being replaced", time_data=time_data())
    do(store, Schedule.objects.get(name=PAUSED).pk, Pause(maintenance, until=off_since + PAUSED_FOR))


def take_places() -> None:
    """Three members register for an event; whether they have paid is looked at when their time is over. One has, in time."""
    event = Event.objects.latest("pk")
    for number in (1, 2, 3):
        register(event, f"member {number}", pay_within=timedelta(seconds=6 * number))
    Order.objects.create(event=event, member="member 1", paid=True)


def _make_sure_nothing_is_lost() -> None:
    if connection.vendor == "sqlite" and not Path(str(connection.settings_dict["NAME"])).exists():
        return
    if "klokker_schedule" not in connection.introspection.table_names():
        return
    store = DjangoStore()
    for schedule in store.schedules():
        if schedule.revision.definition.declared_in not in SYSTEMS:
            raise NotADemonstration(f"the schedule {schedule.revision.definition.name!r}")
    lately = store.now() - SILENT_AFTER
    for process in Process.objects.filter(left_at=None, heartbeat__gt=lately):
        raise StillRunning(process)


def _make(now: datetime) -> None:
    bring_up_to_date(schema_state(connection))
    call_command("flush", verbosity=0, interactive=False)
    for system in SYSTEMS:
        importlib.import_module(f"examples.{system}.data").fill(now)


def _from_copy(now: datetime) -> None:
    database = Path(str(connection.settings_dict["NAME"]))
    copy = database.with_name(f"prepared-{_source()}.sqlite3")
    connection.close()
    for old in database.parent.glob(f"{database.name}*"):
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    shutil.rmtree(database.parent / "datawarehouse", ignore_errors=True)
    if copy.exists():
        shutil.copyfile(copy, database)
        shift(SYSTEMS, now - datetime.fromtimestamp(copy.stat().st_mtime, UTC))
        return
    for outdated in database.parent.glob("prepared-*.sqlite3"):
        outdated.unlink()
    _make(now)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    aside = copy.with_suffix(".part")
    shutil.copyfile(database, aside)
    # The copy's age is that of its data, so that the next demonstration knows how far to move it.
    os.utime(aside, (now.timestamp(), now.timestamp()))
    aside.replace(copy)


def _source() -> str:
    """A digest of what the data is made by: when any of it changes, the copy is made anew."""
    digest = hashlib.sha256()
    made_by = [Path(next(iter(importlib.import_module("klokker.django.migrations").__path__)))]
    made_by += [EXAMPLES / system for system in SYSTEMS]
    for file in sorted(file for folder in made_by for file in folder.rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
