"""A process stopped past its lease and continued: what it ends late is refused, and nothing happens twice."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from klokker.core.lifecycle import Outcome, RunKind
from klokker.core.verdict import Done, Ending
from klokker.django.store import DjangoStore
from klokker.engine.clock import MACHINE
from klokker.engine.rescuer import Rescuer
from klokker.simulation.clock import ManualClock
from klokker.store.contract import Claim, End, NewRun
from klokker.store.seen import SeenRun
from klokker.tasks.registry import registry
from tests.acceptance.faults import chores
from tests.acceptance.faults.conftest import url_of
from tests.acceptance.faults.site import MINUTE, Member, Site
from tests.waiting import until

ROOT = Path(__file__).parents[3]
SHORT = {"KLOKKER_LEASE": "2s", "KLOKKER_CHILD_TERM": "1s", "KLOKKER_RENEW": "0.3s", "KLOKKER_POLL": "0.2s"}


class Process:
    """A process of ours: it can be stopped where it stands, and continued."""

    def __init__(self, command: Sequence[str], url: str, home: Path, **settings: str) -> None:
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("KLOKKER_", "DJANGO_"))
        }
        self._said = home / "said"
        with self._said.open("wb") as said:
            self._process = subprocess.Popen(
                [sys.executable, *command],
                env={
                    **environment,
                    "KLOKKER_HOME": str(home),
                    "KLOKKER_DATABASE": url,
                    "PYTHONPATH": str(ROOT),
                    **settings,
                },
                cwd=ROOT,
                stdout=said,
                stderr=said,
            )

    @property
    def said(self) -> str:
        return self._said.read_text()

    @property
    def state(self) -> str:
        return state_of(self._process.pid)

    def stop(self) -> None:
        self._process.send_signal(signal.SIGSTOP)
        until(lambda: self.state == "T", "a process that stands still")

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def end(self) -> int:
        self.go_on()
        self._process.terminate()
        return self._process.wait(30)

    def remove(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(30)


def state_of(pid: int) -> str:
    """R, S, T, Z as the system has it; empty for one that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


@contextmanager
def worker(url: str, home: Path, executor: str) -> Iterator[Process]:
    klokker = str(Path(sys.executable).with_name("klokker"))
    settings = {**SHORT, "KLOKKER_TASKS": chores.__name__, "KLOKKER_EXECUTOR": executor}
    process = Process([klokker, "worker", "-n", "n1"], url, home, **settings)
    try:
        yield process
    finally:
        process.remove()


class Held:
    """A run that a real worker holds, and this process beside it."""

    def __init__(self, alias: str, home: Path, task: str) -> None:
        self.home = home
        self.store = DjangoStore(alias, own_connections=True)
        now = self.store.now()
        (made,) = self.store.enqueue([NewRun(RunKind.ENQUEUED, task, (str(home),), {}, now)], now=now)
        self.id = made.id
        self._rescuer = Rescuer(self.store, patience=timedelta(0))

    def begun(self) -> int:
        """The process in which it has begun."""
        until((self.home / "begun").exists, "the run's beginning", within=30)
        return int((self.home / "begun").read_text())

    def may_go_on(self) -> None:
        (self.home / "go").touch()

    def rescue(self) -> None:
        until(lambda: self._rescuer.run_once(self.store.now()).lost, "the end of its lease", within=20)

    def claimed_by_another(self) -> Claim:
        """A process beside us takes it, and works on it from now on."""
        Member(self.store, registry, MACHINE, name="p9", node="n2")
        now = self.store.now()
        (claim,) = self.store.claim(
            "p9", now, lanes={"default": 1}, known=registry.terms("inline"), lease=timedelta(minutes=5)
        )
        return claim

    def work(self) -> None:
        """What another process does meanwhile."""
        until(lambda: Member(self.store, registry, MACHINE, name="p9", node="n2").work() or self.seen().outcome, "work")

    def seen(self) -> SeenRun:
        run = self.store.run(self.id)
        assert run is not None
        return run


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def test_what_a_stopped_process_ends_late_is_refused_while_another_one_works(alias: str, home: Path) -> None:
    run = Held(alias, home, "faults.repeatable")
    with worker(url_of(alias), home, "threads") as process:
        run.begun()
        process.stop()
        run.rescue()
        claim = run.claimed_by_another()
        assert claim.attempt.number == 2
        refused(process, run)
        assert (run.seen().state, run.seen().process, run.seen().token) == ("claimed", "p9", claim.token)
        now = run.store.now()
        end = End(run.id, claim.token, now, now, Ending(Outcome.SUCCEEDED, result="second"), Done(Outcome.SUCCEEDED))
        assert [each.accepted for each in run.store.finish([end], now)] == [True]
        assert process.end() == 0
    assert (run.seen().outcome, run.seen().result) == ("succeeded", "second")
    assert [attempt.outcome for attempt in run.seen().attempts] == ["lost"]
    run.store.close()


def test_what_is_not_repeatable_is_lost_for_good_and_its_late_end_changes_nothing(alias: str, home: Path) -> None:
    run = Held(alias, home, "faults.once-only")
    with worker(url_of(alias), home, "threads") as process:
        run.begun()
        process.stop()
        run.rescue()
        lost = run.seen()
        assert (lost.state, lost.outcome, lost.token) == ("done", "lost", 1)
        refused(process, run)
        assert process.end() == 0
    assert run.seen() == lost
    run.store.close()


def refused(process: Process, run: Held) -> None:
    """The process goes on, its run ends there, and it is told that this counts no more."""
    run.may_go_on()
    process.go_on()
    until(lambda: "run.end_refused" in process.said, "the word that its end was refused")


def test_the_children_of_a_stopped_process_end_before_others_begin_anew(sqlite_alias: str, home: Path) -> None:
    run = Held(sqlite_alias, home, "faults.repeatable")
    with worker(url_of(sqlite_alias), home, "processes") as process:
        child = run.begun()
        process.stop()
        until(lambda: state_of(child) in ("", "Z"), "the end of a child whose parent gives no sign of life")
        assert run.seen().outcome is None, "its lease has not run out yet, or nobody looked"
        run.rescue()
        run.work()
        process.go_on()
        assert process.end() == 0
    assert (run.seen().outcome, run.seen().result) == ("succeeded", "second")
    run.store.close()


STOPS_WHILE_IT_DECIDES = """
import os, signal, sys
import django
django.setup()
from klokker.django.store import DjangoStore
from klokker.core.plan import plan
store = DjangoStore(own_connections=True)
now = store.now()
def planner(timer):
    os.kill(os.getpid(), signal.SIGSTOP)
    return plan(timer, now=now, previous_tick=None)
print(store.decide(now, planner))
"""


def test_a_transaction_that_a_stopped_process_holds_is_ended_by_the_server(postgres_alias: str, home: Path) -> None:
    """It holds its timers locked. Others pass over them, and decide them once the server has had enough (5 s)."""
    site = Site(postgres_alias, url_of(postgres_alias), ManualClock(MACHINE.wall() - MINUTE))
    schedule = site.schedule()
    site.clock.leap(MACHINE.wall() - site.now)
    settings = {"DJANGO_SETTINGS_MODULE": "klokker.service.django_settings"}
    process = Process(["-c", STOPS_WHILE_IT_DECIDES], site.url, home, **settings)
    try:
        until(lambda: process.state == "T", "a process that stands still in mid-transaction", within=30)
        member = site.member()
        member.tick()
        assert site.nominals(schedule) == [], "what is locked is passed over, not waited for"
        until(lambda: member.tick() and site.nominals(schedule), "the server's idle limit", within=20, every=0.2)
        assert len(site.nominals(schedule)) == 1
        process.go_on()
        until(lambda: process.state in ("", "Z"), "the end of the process")
        assert "StoreUnavailable" in process.said
        assert len(site.nominals(schedule)) == 1
        site.proven(schedule)
    finally:
        process.remove()
        site.close()
