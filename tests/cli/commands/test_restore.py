"""backup and restore (docs/commands/backup.md, restore.md)."""

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Klokker, clean_environment

pytestmark = pytest.mark.acceptance


def test_what_was_backed_up_comes_back(klokker: Klokker, tmp_path: Path) -> None:
    klokker("migrate")
    home = tmp_path / "home" / "klokker.sqlite3"
    with sqlite3.connect(home) as database:
        database.execute("INSERT INTO klokker_node (name, since) VALUES ('kept', '2026-01-01 00:00:00')")
    database.close()
    saved = json.loads(klokker("backup", "copy.sqlite3", "--json").stdout)
    assert saved["bytes"] == (tmp_path / "copy.sqlite3").stat().st_size
    with sqlite3.connect(home) as database:
        database.execute("DELETE FROM klokker_node")
    database.close()
    assert klokker("restore", "copy.sqlite3").returncode == 4, "without a yes nothing is replaced"
    assert klokker("restore", "copy.sqlite3", "--yes").returncode == 0
    with sqlite3.connect(home) as database:
        assert database.execute("SELECT name FROM klokker_node").fetchall() == [("kept",)]
    database.close()


def test_a_backup_does_not_overwrite_unasked(klokker: Klokker, tmp_path: Path) -> None:
    klokker("migrate")
    (tmp_path / "precious").write_text("mine")
    refused = klokker("backup", "precious")
    assert refused.returncode == 4
    assert (tmp_path / "precious").read_text() == "mine"


def test_a_file_that_is_no_copy_is_not_restored(klokker: Klokker, tmp_path: Path) -> None:
    klokker("migrate")
    (tmp_path / "shopping.txt").write_text("milk")
    refused = klokker("restore", "shopping.txt", "--yes")
    assert refused.returncode == 2
    assert "Nothing was changed" in refused.stderr
    assert klokker("list").returncode == 0


def names(file: Path) -> list[str]:
    """The nodes in a database."""
    with closing(sqlite3.connect(file)) as database:
        return [name for (name,) in database.execute("SELECT name FROM klokker_node ORDER BY name")]


def add(database: sqlite3.Connection, name: str) -> None:
    database.execute("INSERT INTO klokker_node (name, since) VALUES (?, '2026-01-01 00:00:00')", [name])
    database.commit()


@pytest.fixture
def live(klokker: Klokker, tmp_path: Path) -> Path:
    """A database with one node, of which `copy.sqlite3` is a copy, and with another one since: that stands in the log beside it."""
    klokker("migrate")
    home = tmp_path / "home"
    with closing(sqlite3.connect(home / "klokker.sqlite3")) as database:
        database.execute("PRAGMA journal_mode = WAL")
        add(database, "old")
        assert klokker("backup", "copy.sqlite3").returncode == 0
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        add(database, "new")
        # As after a power cut: nobody has it open, and the log has not been folded into the file.
        crashed = tmp_path / "crashed"
        shutil.copytree(home, crashed)
    shutil.rmtree(home)
    crashed.rename(home)
    assert (home / "klokker.sqlite3-wal").stat().st_size > 0
    return home / "klokker.sqlite3"


KILLED = """
import os, pathlib
left, replace = [{at}], pathlib.Path.replace
def once_more(self, target):
    left[0] -= 1
    if not left[0]:
        os._exit(137)
    return replace(self, target)
pathlib.Path.replace = once_more
from klokker.service.main import main
main()
"""


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_restore_that_is_killed_before_a_file_takes_its_place_has_lost_nothing(
    live: Path, tmp_path: Path, at: int
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED.format(at=at), "restore", str(tmp_path / "copy.sqlite3"), "--yes"],
        env=clean_environment() | {"KLOKKER_HOME": str(live.parent)},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == (137 if at < 3 else 0), done.stderr
    assert names(live) == (["new", "old"] if at < 3 else ["old"])
    assert names(tmp_path / "copy.sqlite3") == ["old"]


def test_what_stood_before_is_kept_with_all_that_its_log_held(live: Path, klokker: Klokker) -> None:
    assert klokker("restore", "copy.sqlite3", "--yes").returncode == 0
    assert names(live) == ["old"]
    assert names(live.with_name("klokker.before-restore.sqlite3")) == ["new", "old"]
    assert not live.with_name("klokker.sqlite3-wal").exists(), "it would be replayed into the copy"


def test_a_file_that_somebody_has_open_is_replaced_by_force_only(live: Path, klokker: Klokker) -> None:
    with closing(sqlite3.connect(live)) as database:
        assert database.execute("SELECT count(*) FROM klokker_node").fetchone() == (2,)
        refused = klokker("restore", "copy.sqlite3", "--yes")
        assert refused.returncode == 4
        assert "is open in another process" in refused.stderr
        assert not live.with_name("klokker.before-restore.sqlite3").exists()
        add(database, "newest")
        forced = klokker("restore", "copy.sqlite3", "--yes", "--force")
        assert forced.returncode == 0, forced.stderr
        assert database.execute("SELECT name FROM klokker_node").fetchall() == [("old",)]
        add(database, "after")
    assert names(live) == ["after", "old"]
    assert names(live.with_name("klokker.before-restore.sqlite3")) == ["new", "newest", "old"]


def test_a_process_that_gives_signs_of_life_is_named(live: Path, klokker: Klokker) -> None:
    with closing(sqlite3.connect(live)) as database:
        database.execute(
            "INSERT INTO klokker_process (id, node, roles, host, pid, version, time_data, tasks, lanes, arrived_at, heartbeat) "
            "VALUES ('p1', 'n1', '[\"worker\"]', 'h', 1, '1', '', '[]', '{}', datetime('now'), datetime('now'))"
        )
        database.commit()
    refused = klokker("restore", "copy.sqlite3", "--yes")
    assert refused.returncode == 4
    assert "p1 (worker) still run on this database" in refused.stderr
    assert klokker("restore", "copy.sqlite3", "--yes", "--force").returncode == 0
    assert names(live) == ["old"]


def test_a_damaged_database_is_moved_away_as_it_is(live: Path, klokker: Klokker) -> None:
    live.write_bytes(b"no database any more" * 100)
    restored = klokker("restore", "copy.sqlite3", "--yes")
    assert restored.returncode == 0, restored.stderr
    assert names(live) == ["old"]
    damaged = live.with_name("klokker.damaged.sqlite3")
    assert damaged.read_bytes().startswith(b"no database any more")
    assert damaged.with_name(damaged.name + "-wal").exists()


def test_calendars_and_their_versions_come_back_with_a_copy(klokker: Klokker) -> None:
    klokker("migrate")
    klokker("calendar", "add", "night", "daily 22:00-06:00")
    klokker("calendar", "edit", "night", "daily 23:00-06:00", "--yes")
    assert klokker("backup", "copy.sqlite3").returncode == 0
    klokker("calendar", "edit", "night", "daily 21:00-06:00", "--yes")
    assert klokker("restore", "copy.sqlite3", "--yes").returncode == 0
    shown = json.loads(klokker("calendar", "show", "night", "--json").stdout)
    assert (shown["version"], [each["text"] for each in shown["versions"]]) == (
        2,
        ["daily 23:00-06:00", "daily 22:00-06:00"],
    )
