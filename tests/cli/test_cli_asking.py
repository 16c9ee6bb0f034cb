"""Asking changes nothing: the database, and the data folder, are after each asking command what they were before it."""

import sqlite3
from collections.abc import Callable
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connections

from klokker.cli.app import CATALOGUE
from klokker.django.models import Incident, Revision, Timer
from tests.cli.conftest import Cli, Klokker
from tests.real import Database

SHOP = """
[schedules.clean-up]
task = "shop.clean_up"
when = "*/5 * * * *"

[schedules.foreign]
task = "elsewhere.work"
when = "every 1 minute"

[schedules.rests]
task = "shop.clean_up"
when = "5 minutes after completion"
"""
NIGHT = """
[calendars]
night = "daily 22:00-06:00"

[schedules.by-night]
task = "shop.clean_up"
when = "0 * * * * only calendar night"
closed = "run anyway during night"
"""
LATER = SHOP.replace("*/5", "*/10") + '\n[schedules.more]\ntask = "shop.clean_up"\nwhen = "@daily"\n'

ASKING: dict[str, tuple[str, ...]] = {
    "list": ("", "clean", "--retired", "--state paused"),
    "show": ("clean-up", "foreign", "rests", "gone#4"),
    "preview": ("clean-up", "rests", "@hourly", "every 7 minutes"),
    "explain": ("clean-up", "rests", "@hourly"),
    "forecast": ("--for 1d",),
    "simulate": ("later.toml --for 1h",),
    "lint": ("", "clean-up"),
    "tzdiff": (str(files("tzdata") / "zoneinfo"),),
    "runs": ("", "clean-up", "--outcome failed"),
    "logs": ("1", "clean-up"),
    "account": ("", "clean-up", "gone"),
    "tick": ("-d", "--print-cron"),
    "node": ("", "list"),
    "lane": ("", "list"),
    "calendar": (
        "",
        "list",
        "show night",
        "show night --version 1",
        "edit night holidays NL --dry-run",
        "remove night",
        "apply night --dry-run",
    ),
    "migrate": ("--check",),
    "sync": ("later.toml --check", "later.toml"),
    "pause": ("clean-up -r x --dry-run",),
    "resume": ("halted --dry-run",),
    "retire": ("clean-up --dry-run", "clean-up"),
    "backfill": ("clean-up --after -2h --dry-run", "clean-up --after -20d"),
    "rewind": ("clean-up --dry-run",),
    "backup": ("copy --overwrite",),
}
"""Each command that can be asked, and what to ask it. One without `--yes`, where it needs one, asks too."""

HOUR = timedelta(hours=1)

ONLY_CHANGING = {"serve", "beat", "worker", "run", "cancel", "retry", "restore", "demo"}
KEEPS_INCIDENTS = "check"


def test_every_command_is_asked_here_or_only_changes() -> None:
    assert {*ASKING, *ONLY_CHANGING, KEEPS_INCIDENTS} == set(CATALOGUE)


@pytest.fixture
def shop(anywhere: Cli) -> Cli:
    """Something of everything: runs of each kind, dismissals, a failure, a pause, a retired schedule, and something due."""
    extra = "".join(
        f'\n[schedules.{name}]\ntask = "shop.clean_up"\nwhen = "every 1 minute"\n' for name in ("gone", "halted")
    )
    anywhere.sync(SHOP + NIGHT + extra)
    made_an_hour_ago()
    for command in (
        "run clean-up",
        "run shop.import_prices -a file=/nowhere",
        "backfill clean-up --after -30m",
        "retire gone --yes",
        "pause halted -r moving",
        "lane set heavy --limit 2",
        "tick",
        "run clean-up --queue",
    ):
        assert anywhere(*command.split()).code in (0, 1), command
    anywhere.file(LATER, "later.toml")
    return anywhere


def made_an_hour_ago() -> None:
    """All schedules stand since an hour, so that there is something to decide."""
    for revision in Revision.objects.all():
        Revision.objects.filter(pk=revision.pk).update(holds_from=revision.holds_from - HOUR)
    for timer in Timer.objects.all():
        moments = {name: getattr(timer, name) - HOUR for name in ("since", "handled_until", "next_due")}
        Timer.objects.filter(pk=timer.pk).update(**moments)


def rows(database: Database, *, but: type[Any] | None = None) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of ours; of PostgreSQL with the transaction that wrote it, so that no rewrite is overlooked."""
    version = "xmin::text || ctid::text, " if database.vendor == "postgresql" else ""
    found = {}
    with connections["default"].cursor() as cursor:
        for model in apps.get_app_config("klokker").get_models():
            if model is not but:
                cursor.execute(f'SELECT {version}* FROM "{model._meta.db_table}"')
                found[model._meta.db_table] = sorted(cursor.fetchall(), key=repr)
    return found


def watch_commits(database: Database) -> Callable[[], object]:
    """Counts what others committed to an SQLite file; on PostgreSQL the rows themselves tell."""
    if database.vendor == "postgresql":
        return lambda: None
    watching = sqlite3.connect(database.path)
    return lambda: watching.execute("PRAGMA data_version").fetchone()


def test_asking_changes_nothing(shop: Cli) -> None:
    commits = watch_commits(shop.database)
    before = rows(shop.database), commits()
    assert before[0]["klokker_run"], "there is something that could change"
    assert before[0]["klokker_dismissal"]
    for command, questions in ASKING.items():
        for asked in questions:
            words = [str(shop.folder / word) if word in ("later.toml", "copy") else word for word in asked.split()]
            for form in ([], ["--json"]) if asked != "--print-cron" else ([],):
                said = shop(command, *words, *form)
                # PostgreSQL's own programs, which make its backups, may be missing here, or be older than the server.
                refused = 5 if command == "backup" and shop.database.vendor == "postgresql" else 0
                assert said.code in (0, 1, 2, 3, 4, refused), (command, asked, said)
                assert "fault in Klokker" not in said.err
                assert (rows(shop.database), commits()) == before, f"{command} {asked} wrote"


def test_a_check_writes_incidents_and_nothing_else(shop: Cli) -> None:
    before = rows(shop.database, but=Incident)
    assert shop("check").code == 1
    assert Incident.objects.exists()
    assert rows(shop.database, but=Incident) == before


def test_what_is_changed_and_changed_back_is_noticed_here(shop: Cli) -> None:
    """The comparison above can fail."""
    commits = watch_commits(shop.database)
    before = rows(shop.database), commits()
    for limit in ("3", "2"):
        assert shop("lane", "set", "heavy", "--limit", limit).code == 0
    assert (rows(shop.database), commits()) != before


NOWHERE = (
    "list",
    "show x",
    "preview x",
    "runs",
    "logs 1",
    "account",
    "check",
    "node",
    "lane",
    "tick -d",
    "tick --print-cron",
    "migrate --check",
    "pause x -r y",
    "backup copy",
)


@pytest.mark.acceptance
def test_asking_where_nothing_was_started_makes_no_file(klokker: Klokker, tmp_path: Path) -> None:
    for asked in NOWHERE:
        said = klokker(*asked.split())
        assert said.returncode in (0, 1, 5), said
        assert list(tmp_path.iterdir()) == [], asked
    (tmp_path / "home").mkdir()
    assert klokker("list").returncode == 5
    assert list((tmp_path / "home").iterdir()) == []


def test_a_timetable_that_is_saved_nowhere_needs_no_database(klokker: Klokker, tmp_path: Path) -> None:
    said = klokker("preview", "every", "10", "minutes", "-n", "1")
    assert (said.returncode, said.stderr) == (0, "")
    assert len(said.stdout.splitlines()) == 3
    assert list(tmp_path.iterdir()) == []
