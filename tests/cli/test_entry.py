"""Errors, exit codes and help of the command line (docs/commands/exit-codes.md)."""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Klokker, clean_environment

pytestmark = pytest.mark.acceptance


def test_help_and_version_work_where_settings_are_wrong(klokker: Klokker) -> None:
    assert "Recurring chores" in klokker("--help", KLOKKER_NOED="x").stdout
    assert klokker("--version", KLOKKER_NOED="x").stdout.startswith("klokker ")


def test_wrong_settings_are_one_message_and_no_traceback(klokker: Klokker) -> None:
    refused = klokker("list", KLOKKER_DATABASE="mongodb://x")
    assert refused.returncode == 2
    assert "KLOKKER_DATABASE" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_command_that_does_not_exist_is_a_slip(klokker: Klokker) -> None:
    refused = klokker("lst")
    assert refused.returncode == 2
    assert (
        refused.stderr == "klokker: No such command 'lst'. Did you mean 'list'? `klokker --help` shows what there is\n"
    )


def test_klokker_alone_shows_its_commands(klokker: Klokker) -> None:
    alone = klokker(KLOKKER_NOED="x")
    assert alone.returncode == 2
    assert "backfill" in alone.stdout
    assert alone.stderr == ""


def test_help_of_a_command_needs_no_settings(klokker: Klokker, tmp_path: Path) -> None:
    assert "--reason" in klokker("pause", "--help", KLOKKER_NOED="x").stdout
    assert not (tmp_path / "home").exists()


def test_where_there_is_no_database_yet_it_says_what_makes_it(klokker: Klokker, tmp_path: Path) -> None:
    for command in (["list"], ["lane"], ["pause", "x", "--reason", "y"], ["tick", "-d"]):
        refused = klokker(*command)
        assert refused.returncode == 5, command
        file = tmp_path / "home" / "klokker.sqlite3"
        assert refused.stderr == f"klokker: there is no database {file} yet; `klokker migrate` makes it\n"


def test_a_database_without_our_tables_says_what_makes_them(klokker: Klokker, tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "theirs.sqlite3").execute("CREATE TABLE theirs (id)")
    refused = klokker("list", KLOKKER_DATABASE=f"sqlite:///{tmp_path / 'theirs.sqlite3'}")
    assert refused.returncode == 5
    assert "Klokker has no tables in the database" in refused.stderr
    assert "`klokker migrate` makes them" in refused.stderr


def test_a_project_whose_settings_cannot_be_imported_is_named(klokker: Klokker) -> None:
    refused = klokker("list", DJANGO_SETTINGS_MODULE="shop.settings")
    assert refused.returncode == 2
    assert "DJANGO_SETTINGS_MODULE=shop.settings cannot be set up: ModuleNotFoundError" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_reader_that_has_enough_is_no_error(klokker: Klokker) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as closed:
        ended = klokker("--help", stdout=closed)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_schedule_that_does_not_exist_is_named(klokker: Klokker) -> None:
    klokker("migrate")
    missing = klokker("preview", "nonsense")
    assert missing.returncode == 3
    assert "there is no schedule 'nonsense'" in missing.stderr


def test_a_preview_of_a_text_marks_where_the_clocks_change(klokker: Klokker) -> None:
    klokker("migrate")
    shown = klokker("preview", "30 2 * * *", "--zone", "Europe/Amsterdam", "--from", "2026-03-28T12:00", "-n", "2")
    lines = shown.stdout.splitlines()
    assert any("Sun 2026-03-29 03:00:00" in line and "the clocks change" in line for line in lines), shown.stdout


def test_json_is_json_and_nothing_else(klokker: Klokker) -> None:
    klokker("migrate")
    assert klokker("list", "--json").stdout == '{"schedules": []}\n'
    assert klokker("runs", "--json").stdout == '{"runs": []}\n'


def test_closed_streams_hinder_no_command(klokker: Klokker) -> None:
    klokker("migrate")
    closed = klokker("list", "--json", prefix=("sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-'))
    assert closed.returncode == 0


def test_an_answer_that_cannot_be_written_is_no_fault_of_klokkers(klokker: Klokker) -> None:
    klokker("migrate")
    with open("/dev/full", "w", encoding="utf-8") as full:
        refused = klokker("list", stdout=full)
    assert refused.returncode == 5
    assert refused.stderr == (
        "klokker: the answer could not be written (No space left on device). "
        "What was asked may have been done: look before asking again\n"
    )


def test_an_encoding_that_lacks_a_character_gets_its_escape(klokker: Klokker) -> None:
    klokker("migrate")
    shown = klokker("lane", "set", "läden-☕", "--limit", "1", PYTHONIOENCODING="ascii")
    assert shown.returncode == 0, shown.stderr
    assert "l\\xe4den-\\u2615" in klokker("lane", PYTHONIOENCODING="ascii").stdout
    assert "läden-☕" in str(json.loads(klokker("lane", "list", "--json", PYTHONIOENCODING="ascii").stdout))


@pytest.mark.parametrize("hard", [False, True], ids=["once", "twice"])
def test_ctrl_c_while_it_still_imports_leaves_without_a_traceback(tmp_path: Path, hard: bool) -> None:
    # The first import that the program makes is where Ctrl-C comes.
    (tmp_path / "django.py").write_text(
        "import os, signal\n"
        "try:\n    os.kill(os.getpid(), signal.SIGINT)\n"
        f"finally:\n    {hard} and os.kill(os.getpid(), signal.SIGINT)\n"
    )
    interrupted = subprocess.run(
        [str(Path(sys.executable).with_name("klokker")), "list"],
        env=clean_environment() | {"PYTHONPATH": str(tmp_path), "KLOKKER_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (interrupted.returncode, interrupted.stdout, interrupted.stderr) == (130, "", "")
