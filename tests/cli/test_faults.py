"""Faults: what is wrong is said in one message, with its exit code, and nothing is half written (docs/commands/exit-codes.md)."""

import sqlite3
from pathlib import Path

import pytest
from django.db import connections

from klokker.django.models import Revision, Schedule
from tests.cli.conftest import Cli, Klokker
from tests.real import Database

SHOP = """
[schedules.clean-up]
task = "shop.clean_up"
when = "0 3 * * *"
"""

CHANGES = (
    ["pause", "clean-up", "-r", "x"],
    ["retire", "clean-up", "-y"],
    ["run", "clean-up"],
    ["backfill", "clean-up", "--after", "-2d"],
    ["lane", "set", "heavy", "--limit", "1"],
    ["node", "enrol", "there"],
    ["tick"],
)
LOOKS = (["list"], ["show", "clean-up"], ["runs"], ["account"], ["tick", "-d"], ["lane"], ["node"])


def reconnect(**changed: object) -> None:
    """Let the default database be reached otherwise from now on."""
    connections["default"].close()
    options = {**connections["default"].settings_dict["OPTIONS"], **changed.pop("OPTIONS", {})}  # type: ignore[dict-item]
    connections["default"].settings_dict.update(changed, OPTIONS=options)


@pytest.mark.parametrize("command", [*CHANGES, *LOOKS], ids=" ".join)
def test_a_database_of_a_newer_release_is_left_alone(cli: Cli, command: list[str]) -> None:
    with sqlite3.connect(cli.database.path) as database:
        database.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('klokker', '9999_later', '2026-01-01')"
        )
    database.close()
    before = cli.database.path.read_bytes()
    refused = cli(*command)
    assert refused.code == 5
    assert refused.error == (
        "the database is of a newer Klokker (it has 9999_later); install that version, or restore an older copy"
    )
    assert cli.database.path.read_bytes() == before


def test_a_database_that_lets_nobody_write_says_so(cli_on_postgres: Cli) -> None:
    cli_on_postgres.sync(SHOP)
    reconnect(OPTIONS={"options": "-c default_transaction_read_only=on"})
    for command in CHANGES:
        refused = cli_on_postgres(*command)
        assert refused.code == 5, (command, refused)
        assert refused.error.startswith("The database is read-only (postgresql database "), command
        assert len(refused.error.splitlines()) == 1
    for command in LOOKS:
        assert cli_on_postgres(*command).code == 0, command
    reconnect(OPTIONS={"options": ""})
    assert Schedule.objects.get().state == "active"


def test_a_read_only_file_says_so(cli: Cli) -> None:
    cli.sync(SHOP)
    connections["default"].close()
    with sqlite3.connect(cli.database.path) as database:
        database.execute("PRAGMA journal_mode = DELETE")
    database.close()
    reconnect(NAME=f"file:{cli.database.path}?mode=ro", OPTIONS={"uri": True, "init_command": ""})
    refused = cli("pause", "clean-up", "-r", "x")
    assert refused.code == 5
    assert refused.error.startswith("The database is read-only (SQLite file ")
    assert cli("list").code == 0


def test_a_locked_file_says_who_may_hold_it(cli: Cli) -> None:
    cli.sync(SHOP)
    reconnect(OPTIONS={"timeout": 0.05})
    holder = sqlite3.connect(cli.database.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    refused = cli("pause", "clean-up", "-r", "x")
    assert refused.code == 5
    assert refused.error.startswith("The database is locked by somebody else (SQLite file ")
    assert cli("list").code == 0, "readers do not wait for a writer"
    holder.execute("ROLLBACK")
    holder.close()
    assert cli("pause", "clean-up", "-r", "x").code == 0


def test_a_server_that_is_down_or_lets_nobody_in_says_so(cli: Cli, postgres: Database, klokker: Klokker) -> None:
    down = klokker("list", KLOKKER_DATABASE="postgresql://nobody:secret@127.0.0.1:1/shop")
    stranger = klokker(
        "list", KLOKKER_DATABASE=postgres.url.replace("//", "//stranger:secret@").replace("secret@postgres@", "secret@")
    )
    for refused in (down, stranger):
        assert refused.returncode == 5, refused
        assert refused.stderr.startswith("klokker: The database does not answer (postgresql database ")
        assert "secret" not in refused.stderr
        assert len(refused.stderr.splitlines()) == 1
    assert cli.database.vendor == "sqlite"


def test_a_file_that_is_no_database_says_so(klokker: Klokker, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "klokker.sqlite3").write_text("shopping list: milk, " * 100)
    refused = klokker("list")
    assert refused.returncode == 5
    assert "file is not a database" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_a_data_folder_that_cannot_be_used_is_named(klokker: Klokker, tmp_path: Path) -> None:
    (tmp_path / "a-file").write_text("")
    for folder in (tmp_path / "a-file", tmp_path / "a-file" / "below"):
        refused = klokker("list", KLOKKER_HOME=str(folder))
        assert refused.returncode == 2
        assert refused.stderr.startswith(f"klokker: the data folder {folder} cannot be used: ")
        assert "KLOKKER_HOME" in refused.stderr


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("NODE", "a b", "'a b' may hold letters, digits, dot, dash and underscore only"),
        ("LANES", "heavy:x", "'heavy:x' is not LANE:SLOTS; write for example heavy:2,default:8"),
        ("EXECUTOR", "rockets", "must be 'processes', 'threads' or 'inline', got 'rockets'"),
        ("ZONE", "Europe/Amsterdm", "not in the time zone data; did you mean Europe/Amsterdam"),
        ("POLL", "soon", "'soon' is not a duration"),
        ("POLL", "0", "must be positive"),
        ("LEASE", "1s", "renew, child_term and lease must grow in this order"),
        ("RENEW", "-1s", "'-1s' is not a duration"),
        ("CHILD_TERM", "", "is not a duration"),
        ("DRAIN", "x", "'x' is not a duration"),
        ("RESCUE_EVERY", "0s", "must be positive"),
        ("PRUNE_EVERY", "0", "must be positive"),
        ("LOG_FORMAT", "xml", "must be 'text' or 'json', got 'xml'"),
        ("LOG_LEVEL", "loud", "must be 'DEBUG', 'INFO', 'WARNING' or 'ERROR', got 'loud'"),
        ("NOED", "x", "there is no such setting; did you mean node?"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(f"KLOKKER_{name}", value)
    refused = cli("tick")
    assert refused.code == 2
    assert refused.error.startswith(f"KLOKKER_{name}: ")
    assert said in refused.error


def test_a_task_module_that_raises_is_one_message_and_the_others_go_on(klokker: Klokker, tmp_path: Path) -> None:
    (tmp_path / "fine.py").write_text("from klokker import task\n@task('fine')\ndef fine() -> int:\n    return 7\n")
    (tmp_path / "wrong.py").write_text("import fine\n\nraise RuntimeError('no shop today')\n")
    told = {"KLOKKER_TASKS": "wrong,fine", "PYTHONPATH": str(tmp_path), "KLOKKER_EXECUTOR": "inline"}
    klokker("migrate")
    ran = klokker("run", "fine", **told)
    assert (ran.returncode, ran.stdout) == (0, "run 1 of fine succeeded: 7\n")
    place = f"The task module wrong raised RuntimeError at {tmp_path / 'wrong.py'}:3: no shop today. "
    (message,) = ran.stderr.splitlines()
    assert message.startswith(place)
    assert "`python -c 'import wrong'` shows the whole traceback" in message
    ticked = klokker("tick", "-c", **told)
    assert ticked.returncode == 0
    assert len(ticked.stderr.splitlines()) == 1
    assert place in ticked.stderr
    checked = klokker("check", "--json", **told)
    assert checked.returncode == 1
    assert '"module": "wrong"' in checked.stdout


@pytest.mark.parametrize("options", [{"foo": "bar"}, {"connect_timeout": "soon"}])
def test_an_option_that_the_driver_does_not_take_is_no_fault_of_klokkers(
    cli_on_postgres: Cli, options: dict[str, str]
) -> None:
    reconnect(OPTIONS=options)
    refused = cli_on_postgres("list")
    for option in options:
        del connections["default"].settings_dict["OPTIONS"][option]
    assert refused.code == 5
    assert next(iter(options)) in refused.error


@pytest.mark.parametrize(
    ("command", "table", "column"),
    [
        ("runs", "klokker_run", "started"),
        ("list", "klokker_schedule", "since"),
    ],
)
def test_a_value_that_somebody_spoilt_is_named_with_its_row(cli: Cli, command: str, table: str, column: str) -> None:
    cli.sync(SHOP)
    cli("run", "clean-up")
    connections["default"].close()
    with sqlite3.connect(cli.database.path) as database:
        database.execute(f"UPDATE {table} SET {column} = '2026-13-45 00:00:00'")
    database.close()
    refused = cli(command)
    assert refused.code == 5
    assert refused.error.startswith(
        f"a row as it is stored cannot be read: {column} of row 1 in {table}: month must be in 1..12; "
    )


def test_a_zone_that_this_machine_does_not_know_is_shown_in_utc(cli: Cli) -> None:
    cli.sync(SHOP)
    cli("run", "clean-up")
    Schedule.objects.update(zone="Atlantis/Capital")
    shown = cli("show", "clean-up")
    assert shown.code == 0, shown.err
    assert "Atlantis/Capital" in shown.out
    assert " UTC\n" in shown.out


@pytest.mark.parametrize("command", ["show", "preview"])
def test_a_schedule_whose_definition_is_gone_says_so(cli: Cli, command: str) -> None:
    cli.sync(SHOP)
    Revision.objects.all().delete()
    refused = cli(command, "clean-up")
    assert refused.code == 2
    assert refused.error.startswith("the stored definition cannot be read: ")


def test_a_name_that_no_file_can_have_is_told_with_the_systems_words(cli: Cli) -> None:
    refused = cli("backup", "x" * 300)
    assert refused.code == 2
    assert refused.error == f"{'x' * 300}: File name too long"
