"""Processes that work until a signal tells them otherwise (docs/concepts/drain.md)."""

import json
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.cli.conftest import clean_environment
from tests.real import Database
from tests.waiting import until

pytestmark = pytest.mark.acceptance

CHORES = """
from pathlib import Path
from threading import Event
from klokker import RunContext, task

@task("hold", repeatable=False)
def hold(run: RunContext, folder: str) -> None:
    Path(folder, "begun").touch()
    while not Path(folder, "let-go").exists():
        Event().wait(0.05)

@task("quick")
def quick() -> int:
    return 1
"""
SECONDS = 60.0


@dataclass
class Service:
    """A data folder or a server's database, the commands that use it, and the processes that live on it."""

    folder: Path
    database: Database
    environment: dict[str, str]
    started: "list[subprocess.Popen[str]]"

    def __call__(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [self.program, *arguments], env=self.environment, capture_output=True, text=True, check=False, timeout=60
        )

    @property
    def program(self) -> str:
        return str(Path(sys.executable).with_name("klokker"))

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """A process that lives; its log is in `log`."""
        with (self.folder / "log").open("w") as log:
            process = subprocess.Popen(
                [self.program, *arguments], env=self.environment, stdout=log, stderr=log, text=True
            )
        self.started.append(process)
        self.hears("process.started")
        return process

    def hears(self, words: str) -> None:
        """Wait until the log says so."""
        until(lambda: words in self.log(), f"{words!r} in the log", within=SECONDS)

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def runs(self) -> list[dict[str, object]]:
        found: list[dict[str, object]] = json.loads(self("runs", "--json").stdout)["runs"]
        return found

    def sql(self, statement: str) -> list[tuple[object, ...]]:
        """What the database itself answers; nothing, to what only changes something."""
        if self.database.url.startswith("sqlite"):
            with closing(sqlite3.connect(self.database.path, isolation_level=None, timeout=30)) as lite:
                return lite.execute(statement).fetchall()
        with psycopg.connect(self.database.url, autocommit=True) as server:
            cursor = server.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def begin_to_hold(self) -> None:
        """A run is under way that ends once it is let go."""
        assert self("run", "hold", "-a", f"folder={self.folder}", "--queue").returncode == 0
        until(lambda: (self.folder / "begun").exists(), "the task to begin", within=SECONDS)


def service(folder: Path, database: Database) -> Service:
    (folder / "chores.py").write_text(CHORES)
    environment = clean_environment() | {
        "KLOKKER_HOME": str(folder),
        "KLOKKER_DATABASE": database.url,
        "KLOKKER_TASKS": "chores",
        "KLOKKER_POLL": "0.2s",
        "KLOKKER_RENEW": "0.2s",
        "KLOKKER_CHILD_TERM": "5s",
        "KLOKKER_LEASE": "8s",
        "PYTHONPATH": str(folder),
        "PYTHONWARNINGS": "error",
    }
    made = Service(folder, database, environment, [])
    assert made("migrate").returncode == 0
    return made


@pytest.fixture
def shop(tmp_path: Path, database: Database) -> Iterator[Service]:
    """On each kind of database in turn."""
    made = service(tmp_path, database)
    yield made
    for process in made.started:
        process.kill()
        process.wait()


def test_a_first_sigterm_drains_what_runs_may_end(shop: Service) -> None:
    process = shop.start("serve")
    shop.begin_to_hold()
    process.send_signal(signal.SIGTERM)
    shop.hears("process.draining")
    assert shop("run", "quick", "--queue").returncode == 0
    (shop.folder / "let-go").touch()
    assert process.wait(SECONDS) == 0
    assert [(run["task"], run["state"], run["outcome"]) for run in shop.runs()] == [
        ("quick", "queued", None),
        ("hold", "done", "succeeded"),
    ]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_stops_at_once_and_the_exit_code_says_so(shop: Service, number: signal.Signals) -> None:
    process = shop.start("worker", "--lanes", "default:1")
    shop.begin_to_hold()
    process.send_signal(number)
    shop.hears("process.draining")
    process.send_signal(number)
    assert process.wait(SECONDS) == 1
    (run,) = shop.runs()
    assert (run["state"], run["outcome"]) != ("done", "succeeded")


def test_an_idle_process_ends_well_at_ctrl_c(shop: Service) -> None:
    process = shop.start("beat")
    process.send_signal(signal.SIGINT)
    assert process.wait(SECONDS) == 0
    assert "Traceback" not in shop.log()


def test_following_a_log_ends_at_ctrl_c_with_its_own_exit_code(shop: Service) -> None:
    assert shop("run", "quick", "--queue").returncode == 0
    following = subprocess.Popen(
        [shop.program, "logs", "1", "--follow"],
        env=shop.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    shop.started.append(following)
    assert following.stderr is not None
    assert following.stderr.readline() == "run 1 of quick: queued\n"
    following.send_signal(signal.SIGINT)
    out, err = following.communicate(timeout=SECONDS)
    assert (following.returncode, out, err) == (130, "", "")


TICKING = """
[schedules.quick]
task = "quick"
when = "* * * * * *"
overlap = "allow"
"""


def newer(shop: Service) -> None:
    """A newer release has migrated."""
    shop.sql("INSERT INTO django_migrations (app, name, applied) VALUES ('klokker', '9999_later', '2026-01-01')")
    shop.hears("schema.newer")
    assert re.search(r"9999_later", shop.log())


def ours_again(shop: Service) -> None:
    shop.sql("DELETE FROM django_migrations WHERE name = '9999_later'")


def beats(shop: Service, number: int) -> None:
    """So many signs of life from now."""
    for _ in range(number):
        before = shop.sql("SELECT max(heartbeat) FROM klokker_process")
        until(
            lambda before=before: shop.sql("SELECT max(heartbeat) FROM klokker_process") != before,  # type: ignore[misc]
            "the next sign of life",
            within=SECONDS,
        )


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_process_that_meets_a_newer_schema_stops_claiming_and_says_so(shop: Service, command: str) -> None:
    # A run waits in a lane that opens only when the newer release is here.
    assert shop("lane", "pause", "default").returncode == 0
    assert shop("run", "quick", "--queue").returncode == 0
    process = shop.start(command)
    newer(shop)
    shop.sql("UPDATE klokker_lane SET paused = FALSE")
    beats(shop, 5)
    assert shop.sql("SELECT state FROM klokker_run") == [("queued",)], "it lives, and claims nothing"
    ours_again(shop)
    until(
        lambda: shop.sql("SELECT state FROM klokker_run") == [("done",)],
        "the run, once the schema is ours again",
        within=SECONDS,
    )
    process.send_signal(signal.SIGTERM)
    assert process.wait(SECONDS) == 0


@pytest.mark.parametrize("command", ["serve", "beat"])
def test_a_process_that_meets_a_newer_schema_decides_nothing_and_catches_up_when_it_is_ours_again(
    shop: Service, command: str
) -> None:
    process = shop.start(command)
    (shop.folder / "shop.toml").write_text(TICKING)
    assert shop("sync", str(shop.folder / "shop.toml"), "--yes").returncode == 0
    until(lambda: shop.sql("SELECT 1 FROM klokker_run LIMIT 1"), "a first decision", within=SECONDS)
    newer(shop)
    beats(shop, 2)
    decided = shop.sql("SELECT handled_until FROM klokker_timer")
    beats(shop, 5)
    assert shop.sql("SELECT handled_until FROM klokker_timer") == decided, "it lives, and decides nothing"
    ours_again(shop)
    until(
        lambda: shop.sql("SELECT handled_until FROM klokker_timer") != decided,
        "a decision, once the schema is ours again",
        within=SECONDS,
    )
    process.send_signal(signal.SIGTERM)
    assert process.wait(SECONDS) == 0
    assert shop("account").returncode == 0


def test_a_stop_waits_as_long_as_the_option_drain_says(shop: Service) -> None:
    process = shop.start("worker", "--drain", "200ms")
    shop.begin_to_hold()
    process.send_signal(signal.SIGTERM)
    assert process.wait(SECONDS) == 1, "one signal, and what ran was killed"
    assert [run["outcome"] for run in shop.runs()] == ["lost"]


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_drain_that_is_no_length_is_refused_before_anything_is_started(shop: Service, command: str) -> None:
    refused = shop(command, "--drain", "a while")
    assert refused.returncode == 2
    assert refused.stderr.startswith("klokker: ")
    assert "drain" in refused.stderr
    assert "'a while'" in refused.stderr
    assert shop.sql("SELECT * FROM klokker_process") == []


def test_a_scheduler_and_a_worker_that_know_each_other_by_the_database_alone_do_the_work(shop: Service) -> None:
    (shop.folder / "shop.toml").write_text(TICKING)
    assert shop("sync", str(shop.folder / "shop.toml"), "--yes").returncode == 0
    started = [shop.start("beat"), shop.start("worker")]
    until(
        lambda: len(shop.sql("SELECT id FROM klokker_run WHERE outcome = 'succeeded'")) >= 2,
        "two runs that succeeded",
        within=SECONDS,
    )
    for process in started:
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0
    assert shop("account").returncode == 0
    assert shop.sql("SELECT id FROM klokker_process WHERE left_at IS NULL") == []
