"""The disk is full: a clear error, nothing half done, and it goes on when there is room."""

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from django.db.backends.signals import connection_created

from klokker.core.lifecycle import RunKind
from klokker.django.models import Dismissal, Run
from klokker.engine.clock import MACHINE
from klokker.simulation.clock import ManualClock
from klokker.store.contract import NewRun
from klokker.store.unavailable import StoreFull
from klokker.tasks.decorator import task
from tests.acceptance.faults.conftest import url_of
from tests.acceptance.faults.site import MINUTE, Site
from tests.cli.conftest import Klokker

SCHEDULES = 60
"""So many decide more than what is left in half-filled pages."""


class Disk:
    """Gives each connection that opens meanwhile no page more than the file has; until `give_room`."""

    def __init__(self, site: Site) -> None:
        self._raw: list[sqlite3.Connection] = []
        with closing(sqlite3.connect(site.url.removeprefix("sqlite:///"))) as raw:
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            (self._pages,) = raw.execute("PRAGMA page_count").fetchone()

    def hold(self, connection: object, **_: object) -> None:
        raw = connection.connection  # type: ignore[attr-defined] # the driver's own
        raw.execute(f"PRAGMA max_page_count = {self._pages}")
        self._raw.append(raw)

    def give_room(self) -> None:
        for raw in self._raw:
            raw.execute("PRAGMA max_page_count = 1000000")


@contextmanager
def full(site: Site) -> Iterator[Disk]:
    disk = Disk(site)
    connection_created.connect(disk.hold)
    try:
        yield disk
    finally:
        connection_created.disconnect(disk.hold)


def test_a_tick_on_a_full_disk_decides_nothing_and_decides_all_once_there_is_room(sqlite_site: Site) -> None:
    site = sqlite_site
    schedules = [site.schedule(f"chore {number}") for number in range(SCHEDULES)]
    site.clock.advance(5 * MINUTE)
    with full(site) as disk:
        member = site.member()
        with pytest.raises(StoreFull, match="no room left"):
            member.tick()
        assert not Run.objects.using(site.alias).exists()
        assert not Dismissal.objects.using(site.alias).exists()
        for schedule in schedules:
            assert site.proven(schedule).due == 5
        disk.give_room()
        member.round()
    for schedule in schedules:
        account = site.proven(schedule)
        assert (account.runs, account.dismissed, account.due) == (1, 4, 0)


def test_an_end_that_found_no_room_is_kept_and_written_once_there_is(sqlite_site: Site) -> None:
    site, ran = sqlite_site, list[int]()

    @task(name="verbose", registry=site.registry)
    def verbose() -> str:
        ran.append(1)
        return "x" * 60_000

    asked = NewRun(RunKind.ENQUEUED, "verbose", (), {}, site.now)
    site.store.enqueue([asked], now=site.now)
    with full(site) as disk:
        member = site.member()
        with pytest.raises(StoreFull):
            member.work()
        (run,) = site.runs(None)
        assert (run.state, run.outcome) == ("claimed", None)
        disk.give_room()
        member.work()
    (run,) = site.runs(None)
    assert (run.state, run.outcome, len(str(run.result))) == ("done", "succeeded", 60_000)
    assert ran == [1]


def test_a_limit_on_the_size_of_files_is_said_clearly_and_costs_nothing(sqlite_alias: str, klokker: Klokker) -> None:
    """What a quota looks like: the system refuses to let a file grow. Met by `klokker tick`, in a process of its own."""
    site = Site(sqlite_alias, url_of(sqlite_alias), ManualClock(MACHINE.wall() - 5 * MINUTE))
    try:
        schedules = [site.schedule(f"chore {number}") for number in range(SCHEDULES)]
        Disk(site)
        refused = klokker("tick", "-n", "n1", "--enrol", KLOKKER_DATABASE=site.url, prefix=LIMITED)
        assert "no room left" in refused.stderr
        assert "Traceback" not in refused.stderr
        assert refused.returncode != 0
        assert not Run.objects.using(site.alias).exists()
        assert klokker("tick", "-n", "n1", KLOKKER_DATABASE=site.url).returncode == 0
        assert Run.objects.using(site.alias).count() == len(schedules)
        assert klokker("account", KLOKKER_DATABASE=site.url).returncode == 0
    finally:
        site.close()


LIMIT = 40 * 1024
"""Bytes: room for the shared memory of a WAL, and for a handful of pages."""

LIMITED = (
    sys.executable,
    "-c",
    f"import os, resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, ({LIMIT}, {LIMIT})); os.execv(sys.argv[1], sys.argv[1:])",
)
