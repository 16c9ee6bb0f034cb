"""Does the demonstration show real work, and does its exit code tell the truth about the account?"""

import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

import pytest

from tests.real import Database

ROOT = Path(__file__).parents[2]
KLOKKER = Path(sys.executable).with_name("klokker")

CAUGHT_UP = 99
"""Runs that a weekend off comes to, at the least: one for each schedule and node that fell due and is not paused."""

UNKNOWN = 14
"""Those of them whose task nobody knows."""

TOLD_WITHIN = 180.0
"""Seconds after which a demonstration that does not tell what it should is ended."""

pytestmark = pytest.mark.acceptance


def environment(**more: str) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("KLOKKER_", "DJANGO_", "DEMO_", "MAKE"))
    }
    return {**kept, "PYTHONUNBUFFERED": "1", **more}


class Demonstration:
    """`klokker demo` that runs, and the lines that it has told so far."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.told: list[str] = []

    def tells(self, pattern: str, times: int = 1) -> None:
        """Read on until so many lines fit `pattern`, of those that were told before too."""
        assert self.process.stdout is not None
        fits = re.compile(pattern)
        times -= sum(bool(fits.search(line)) for line in self.told)
        too_late = Timer(TOLD_WITHIN, self.process.terminate)
        too_late.start()
        while times > 0 and (line := self.process.stdout.readline()):
            self.told.append(line)
            times -= bool(fits.search(line))
        too_late.cancel()
        if times > 0:
            raise AssertionError(f"it ended without telling {pattern!r}:\n{''.join(self.told)}")

    def interrupted(self) -> int:
        """Press Ctrl-C, and hear it out; its exit code."""
        self.process.send_signal(signal.SIGINT)
        rest, _ = self.process.communicate(timeout=120)
        self.told.append(rest)
        return self.process.returncode

    @property
    def output(self) -> str:
        """All that it has told so far."""
        return "".join(self.told)


@contextmanager
def demonstration(home: Path, **more: str) -> Iterator[Demonstration]:
    """A demonstration in this data folder, without an end of its own."""
    with subprocess.Popen(
        [KLOKKER, "demo", "--home", home],
        cwd=home.parent,
        env=environment(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield Demonstration(process)
        finally:
            if process.poll() is None:
                process.terminate()


@pytest.fixture(scope="module")
def seen_out(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Demonstration, int]:
    """A first demonstration, watched until all that can be caught up has ended: its folder, what it told, its exit code."""
    home = tmp_path_factory.mktemp("demonstration") / "data"
    with demonstration(home) as demo:
        demo.tells(r"^(succeeded|failed|timed out|expired|cancelled|lost) ", CAUGHT_UP - UNKNOWN)
        for slow in (
            "anonymize_reporters",
            "save_and_zip_csv_files_endpoint",
            "delete_signals_in_state_for_x_days: handled",
            "refresh_materialized_view_public_signals_geography_feature_collection",
            "pull-priorities",
        ):
            demo.tells(f"^succeeded +{slow}")
        return home, demo, demo.interrupted()


def test_it_shows_what_is_caught_up_and_what_is_dismissed_and_why(seen_out: tuple[Path, Demonstration, int]) -> None:
    _, demo, _ = seen_out
    assert re.search(r"^caught up +9\d runs", demo.output, re.MULTILINE)
    for reason in ("superseded", "missed", "paused"):
        assert re.search(rf"^dismissed +[\d,]+ occurrences: {reason}, \w+", demo.output, re.MULTILINE), reason


def test_real_rows_are_anonymised_deleted_and_exported(seen_out: tuple[Path, Demonstration, int]) -> None:
    home, demo, _ = seen_out
    for words in ("reporters anonymised", "rows deleted", "rows exported", "rows pulled", "points on the map"):
        assert re.search(rf"[\d,]{{2,}} {words}", demo.output), words
    with sqlite3.connect(home / "klokker.sqlite3") as database:
        ((address,),) = database.execute(
            "SELECT count(*) FROM signalen_reporter WHERE email = 'reporter-17@example.org'"
        )
        ((deleted,),) = database.execute("SELECT count(*) FROM signalen_deletedreport")
    assert address == 0
    assert deleted > 1000
    assert list((home / "datawarehouse").glob("signals-*.zip"))


def test_everything_that_runs_ends_well_and_what_nobody_knows_waits(seen_out: tuple[Path, Demonstration, int]) -> None:
    """S4.2: each task of the five systems, in processes of its own, beside the others."""
    home, demo, _ = seen_out
    with sqlite3.connect(home / "klokker.sqlite3") as database:
        ended = Counter(dict(database.execute("SELECT outcome, count(*) FROM klokker_run GROUP BY outcome")))
    assert set(ended) <= {"succeeded", ""}, demo.output
    assert ended["succeeded"] >= CAUGHT_UP - UNKNOWN
    assert f"{UNKNOWN} runs wait: no worker here knows their task" in demo.output


def test_it_ends_at_ctrl_c_with_an_account_that_comes_out_even(seen_out: tuple[Path, Demonstration, int]) -> None:
    _, demo, code = seen_out
    assert code == 0, demo.output
    total = re.search(
        r"^([\d,]+) expected = ([\d,]+) runs \+ ([\d,]+) dismissed \+ ([\d,]+) in the tally: exact", demo.output, re.M
    )
    assert total is not None, demo.output
    expected, *decided = (int(figure.replace(",", "")) for figure in total.groups())
    assert expected == sum(decided) > 50_000
    assert "NOT EXACT" not in demo.output


def test_the_tasks_that_nothing_registers_show_as_just_that(seen_out: tuple[Path, Demonstration, int]) -> None:
    """S4.1: in the list, on the schedule's own page, and among what is wrong."""
    home, _, _ = seen_out
    there = environment(KLOKKER_HOME=str(home), DJANGO_SETTINGS_MODULE="examples.settings", PYTHONPATH=str(ROOT))

    def says(*words: str) -> str:
        return subprocess.run([KLOKKER, *words], cwd=home, env=there, capture_output=True, text=True).stdout.lower()

    not_found = "task not found in registry"
    assert says("list").count(not_found) == UNKNOWN
    assert not_found in says("show", "update-custom-quotas")
    assert says("check").count(not_found) == UNKNOWN


def test_the_service_goes_on_with_the_data_of_the_demonstration(seen_out: tuple[Path, Demonstration, int]) -> None:
    home, _, _ = seen_out
    with subprocess.Popen(
        ["make", "serve", f"DEMO_HOME={home}"],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as service:
        assert service.stdout is not None
        try:
            assert any("process.started" in line for line in service.stdout)
        finally:
            os.killpg(service.pid, signal.SIGTERM)
        rest, _ = service.communicate(timeout=60)
    assert "process.stopped" in rest


def test_a_later_one_takes_the_data_from_the_first_and_ends_by_itself(
    seen_out: tuple[Path, Demonstration, int],
) -> None:
    home, _, _ = seen_out
    (prepared,) = home.glob("prepared-*.sqlite3")
    made = prepared.stat().st_ctime_ns
    ended = subprocess.run(
        ["make", "demo", f"DEMO_HOME={home}"],
        cwd=ROOT,
        env=environment(DEMO_SECONDS="0.5"),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stderr == ""
    assert prepared.stat().st_ctime_ns == made
    assert "occurrences, each decided" in ended.stdout
    assert re.search(r"in the tally: exact$", ended.stdout, re.MULTILINE)


def test_a_ledger_that_was_tampered_with_is_found_out(seen_out: tuple[Path, Demonstration, int]) -> None:
    home, _, _ = seen_out
    with demonstration(home) as demo:
        demo.tells("^dismissed .*superseded")
        with sqlite3.connect(home / "klokker.sqlite3", timeout=30) as database:
            database.execute(
                "UPDATE klokker_dismissal SET count = count - 1 WHERE id = (SELECT min(id) FROM klokker_dismissal)"
            )
        code = demo.interrupted()
    assert code == 1, demo.output
    assert "NOT EXACT" in demo.output


def test_it_leaves_alone_a_database_that_it_did_not_make(tmp_path: Path) -> None:
    home = tmp_path / "home"
    file = tmp_path / "mine.toml"
    file.write_text('[schedules.mine]\ntask = "mine.task"\nwhen = "@daily"\n')
    there = environment(KLOKKER_HOME=str(home))
    for words in (("migrate",), ("sync", "mine.toml", "--yes")):
        subprocess.run([KLOKKER, *words], cwd=tmp_path, env=there, check=True, capture_output=True)
    refused = subprocess.run(
        [KLOKKER, "demo", "--home", home, "--seconds", "1"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert refused.returncode == 4
    assert "holds the schedule 'mine'" in refused.stderr
    listed = subprocess.run([KLOKKER, "list"], cwd=tmp_path, env=there, capture_output=True, text=True)
    assert "mine.task" in listed.stdout


def test_it_runs_on_postgresql_again_and_again(postgres: Database, tmp_path: Path) -> None:
    """S0.5: with the public map as a materialised view."""
    for _ in range(2):
        with demonstration(tmp_path / "home", KLOKKER_DATABASE=postgres.url) as demo:
            demo.tells("^succeeded +refresh_materialized_view")
            assert demo.interrupted() == 0, demo.output
    assert not list((tmp_path / "home").glob("*.sqlite3"))
