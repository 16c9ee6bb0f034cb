"""backup and restore (docs/commands/backup.md, restore.md)."""

import json
import sqlite3
from pathlib import Path

import pytest

from tests.cli.conftest import Klokker

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
