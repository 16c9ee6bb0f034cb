"""`klokker worker` as an operator meets it: stopped, stopped at once, killed, overtaken by a newer release, and in company on one file."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from klokker.core.lifecycle import Outcome, RunKind, RunState
from klokker.django.models import Process, Run
from klokker.django.store import DjangoStore
from klokker.store.contract import NewRun
from tests.django.conftest import as_alias, migrate
from tests.executors.watching import Watch
from tests.real import Database
from tests.waiting import until

pytestmark = pytest.mark.acceptance

SOON = 30.0

CHORES = '''
import os
from pathlib import Path

from django.db import connection, transaction

from klokker import task


@task("waits")
def waits(pid: str, gate: str) -> str:
    """Wait at the gate until somebody lets us through."""
    Path(pid).write_text(str(os.getpid()))
    return Path(gate).read_text()


task("waits.unless_it_failed", retry=3)(waits.function)
task("waits.repeatable", retry=3, repeatable=True)(waits.function)


@task("writes")
def writes(times: int) -> None:
    """Read, then write, in one transaction each."""
    for _ in range(times):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT COALESCE(MAX(number), 0) FROM written")
            (last,) = cursor.fetchone()
            cursor.execute("INSERT INTO written (number) VALUES (%s)", [last + 1])
'''


class Place:
    """A data folder with a migrated database and a module of tasks, and a worker that runs there."""

    def __init__(self, folder: Path, alias: str) -> None:
        self.folder, self.alias = folder, alias
        self.gate, self._pid = folder / "gate", folder / "pid"
        os.mkfifo(self.gate)
        (folder / "chores.py").write_text(CHORES)
        self._log = folder / "log"
        self._worker: subprocess.Popen[bytes] | None = None

    def start(self, **settings: str) -> subprocess.Popen[bytes]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("KLOKKER_", "DJANGO_"))}
        environment = inherited | {
            "KLOKKER_HOME": str(self.folder),
            "KLOKKER_TASKS": "chores",
            "PYTHONPATH": str(self.folder),
        }
        with self._log.open("wb") as log:
            self._worker = subprocess.Popen(
                [str(Path(sys.executable).with_name("klokker")), "worker"],
                env=environment | settings,
                stdout=log,
                stderr=log,
            )
        return self._worker

    def close(self) -> None:
        if self._worker is not None:
            self._worker.kill()
            self._worker.wait()

    def log(self) -> str:
        return self._log.read_text()

    def logged(self, event: str) -> None:
        until(lambda: event in self.log(), event, within=SOON)

    def enqueue(self, task: str, *args: str | int, times: int = 1) -> list[int]:
        store = DjangoStore(self.alias)
        now = store.now()
        return [run.id for run in store.enqueue([NewRun(RunKind.ENQUEUED, task, args, {}, now)] * times, now=now)]

    def waiting_at_the_gate(self, task: str = "waits") -> tuple[int, int]:
        """A run that waits there: its number, and its process."""
        (run,) = self.enqueue(task, str(self._pid), str(self.gate))
        return run, int(until(lambda: self._pid.exists() and self._pid.read_text(), "the run to begin", within=SOON))

    def run(self, run: int) -> Run:
        return Run.objects.using(self.alias).get(pk=run)


@pytest.fixture
def place(tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[Place]:
    database = Database.sqlite(tmp_path / "klokker.sqlite3")
    with django_db_blocker.unblock():
        migrate(database)
        with as_alias(database) as alias:
            place = Place(tmp_path, alias)
            yield place
            place.close()


def test_sigterm_lets_what_runs_come_to_its_end(place: Place) -> None:
    worker = place.start()
    run, _ = place.waiting_at_the_gate()
    worker.send_signal(signal.SIGTERM)
    place.logged("process.draining")
    (left,) = place.enqueue("writes", 0)
    place.gate.write_text("through")
    assert worker.wait(SOON) == 0
    assert (place.run(run).outcome, place.run(run).result) == (Outcome.SUCCEEDED, "through")
    assert place.run(left).state == RunState.QUEUED


def test_a_second_sigterm_kills_what_runs_and_says_so_by_the_exit_code(place: Place) -> None:
    worker = place.start()
    run, pid = place.waiting_at_the_gate()
    with Watch([pid]) as watch:
        worker.send_signal(signal.SIGTERM)
        place.logged("process.draining")
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(SOON) == 1
        assert watch.gone() == {pid}
    assert place.run(run).outcome == Outcome.LOST


def test_when_a_worker_is_killed_nothing_of_it_goes_on(place: Place) -> None:
    worker = place.start()
    _, pid = place.waiting_at_the_gate()
    with Watch([pid]) as watch:
        worker.kill()
        assert watch.gone() == {pid}


@pytest.mark.parametrize(("task", "state"), [("waits.unless_it_failed", "done"), ("waits.repeatable", "waiting")])
def test_when_the_process_of_a_task_is_killed_its_run_is_lost_whatever_its_retry_says_of_failures(
    place: Place, task: str, state: str
) -> None:
    place.start()
    run, pid = place.waiting_at_the_gate(task)
    os.kill(pid, signal.SIGKILL)
    until(lambda: place.run(run).state == state, "the end of the attempt", within=SOON)
    lost = place.run(run)
    assert "died with signal 9 (SIGKILL)" in lost.error
    assert (lost.outcome, lost.failed, lost.lost) == (("lost", 0, 0) if state == "done" else ("", 0, 1))


def test_when_a_newer_release_has_migrated_it_claims_nothing_and_finishes_what_runs(place: Place) -> None:
    place.start(KLOKKER_RENEW="0.2s")
    run, _ = place.waiting_at_the_gate()
    database = DjangoStore(place.alias)._db
    database.do("INSERT INTO django_migrations (app, name, applied) VALUES ('klokker', '9999_next', '2030-01-01')")
    place.logged("schema.newer")
    (later,) = place.enqueue("writes", 0)
    place.gate.write_text("through")
    until(lambda: place.run(run).outcome == Outcome.SUCCEEDED, "the end of what ran", within=SOON)
    beats(place, 2)
    assert place.run(later).state == RunState.QUEUED
    database.do("DELETE FROM django_migrations WHERE name = '9999_next'")
    until(lambda: place.run(later).state != RunState.QUEUED, "what was left to be claimed", within=SOON)


def beats(place: Place, number: int) -> None:
    """So many heartbeats from now: time in which it would have claimed."""
    seen: set[object] = set()

    def beaten() -> bool:
        seen.add(Process.objects.using(place.alias).get().heartbeat)
        return len(seen) > number

    until(beaten, "heartbeats", within=SOON)


@pytest.mark.parametrize("executor", ["processes", "threads"])
def test_tasks_that_write_to_the_engines_own_file_are_never_told_that_it_is_locked(place: Place, executor: str) -> None:
    database = DjangoStore(place.alias)._db
    database.do("CREATE TABLE written (number integer PRIMARY KEY)")
    runs = place.enqueue("writes", 10, times=24)
    place.start(KLOKKER_EXECUTOR=executor)
    done = Run.objects.using(place.alias).filter(pk__in=runs, state=RunState.DONE)
    until(lambda: done.count() == len(runs), "all writers", within=2 * SOON)
    assert {run.outcome for run in done} == {Outcome.SUCCEEDED}, [run.error for run in done if run.error]
    assert database.plain_rows("SELECT COUNT(*) FROM written") == [(len(runs) * 10,)]
    assert "locked" not in place.log()
