"""`manage.py klokker` in a project of somebody's own: its database, its tasks, its models; docs/embedding.md."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import clean_environment
from tests.real import Database

pytestmark = pytest.mark.acceptance

MANAGE = """
import os, sys
from django.core.management import execute_from_command_line
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_settings")
execute_from_command_line(sys.argv)
"""

SETTINGS = """
SECRET_KEY = "a project's own"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["shop", "klokker.django", "klokker.cli"]
DATABASES = {databases!r}
KLOKKER = {{"node": "web", "executor": "inline"}}
"""

ELSEWHERE = """
KLOKKER_DATABASE_ALIAS = "chores"
DATABASE_ROUTERS = ["klokker.django.routing.KlokkerRouter"]
"""

MODELS = """
from django.db import models

class Cart(models.Model):
    days = models.IntegerField()
"""

TASKS = """
from klokker import Counts, RunContext, task
from shop.models import Cart

@task("shop.clean_up", repeatable=True)
def clean_up(run: RunContext, days: int = 30) -> Counts:
    \"\"\"Remove carts that nobody came back for.\"\"\"
    old = Cart.objects.filter(days__gte=days)
    return Counts(removed=old.count() if run.dry_run else old.delete()[0])

@task("shop.mail")
def mail() -> None:
    raise ConnectionRefusedError("the mail server does not answer")
"""

SCHEDULES = """
[schedules.clean-up]
task = "shop.clean_up"
when = "0 3 * * *"

[schedules.mail]
task = "shop.mail"
when = "0 8 * * *"
"""


@dataclass(frozen=True)
class Project:
    """A folder with a Django project, and the database of its records of Klokker."""

    folder: Path
    alias: str

    def __call__(self, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=self.folder,
            env=clean_environment() | {"PYTHONWARNINGS": "error"} | more,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
            timeout=120,
        )

    def said(self, *arguments: str, code: int = 0) -> str:
        """What `manage.py klokker` says to this, on stdout, and on stderr where it ends otherwise."""
        done = self("klokker", *arguments)
        assert done.returncode == code, (arguments, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        return done.stderr if code > 1 else done.stdout

    def json(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self.said(*arguments, "--json", code=code))


def project(folder: Path, databases: Mapping[str, Mapping[str, Any]]) -> Project:
    alias = "chores" if "chores" in databases else "default"
    (folder / "shop").mkdir()
    files = {
        "manage.py": MANAGE,
        "site_settings.py": SETTINGS.format(databases=databases) + (ELSEWHERE if alias == "chores" else ""),
        "shop/__init__.py": "",
        "shop/models.py": MODELS,
        "shop/tasks.py": TASKS,
        "shop.toml": SCHEDULES,
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    made = Project(folder, alias)
    for each in databases:
        done = made("migrate", "--run-syncdb", "--database", each, "-v", "0")
        assert done.returncode == 0, done.stderr
    return made


@pytest.fixture
def shop(tmp_path: Path, database: Database) -> Project:
    """A project whose one database, of each kind in turn, holds Klokker's records too."""
    return project(tmp_path, {"default": database.settings})


def test_the_project_checks_well_and_its_commands_do_their_work_with_their_exit_codes(shop: Project) -> None:
    assert shop("check", "--database", "default").returncode == 0
    assert shop.said("list").startswith("No schedules yet")
    assert shop.said("sync", "shop.toml", "--check", code=1)
    assert "2 created" in shop.said("sync", "shop.toml", "--yes")
    assert [each["name"] for each in shop.json("list")["schedules"]] == ["clean-up", "mail"]
    filled = shop("shell", "-c", "from shop.models import Cart; [Cart.objects.create(days=d) for d in (1, 40, 50)]")
    assert filled.returncode == 0, filled.stderr
    assert shop.said("run", "clean-up", "--dry-run") == "run 1 of clean-up succeeded: 2 removed\n"
    assert shop.said("run", "clean-up", "--arg", "days=45") == "run 2 of clean-up succeeded: 1 removed\n"
    assert "the mail server does not answer" in shop.said("run", "mail", code=1)
    assert "ConnectionRefusedError" in shop.said("logs", "3")
    (run, *_) = shop.json("runs", "--outcome", "failed")["runs"]
    assert (run["run"], run["node"], run["schedule"]) == (3, None, "mail")
    assert shop.said("account").splitlines()[-1].endswith(": exact")
    assert shop.said("tick", "-d")
    assert shop.json("show", "clean-up")["task_found"] is True


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("show", "nobody"), 3, "there is no schedule 'nobody'"),
        (("runs", "--loud"), 2, "--loud"),
        (("run", "shop.clean_up", "--arg", "days=x"), 2, "days must be a valid integer"),
        (("sync", "nowhere.toml", "--yes"), 3, "nowhere.toml"),
    ],
)
def test_what_cannot_be_is_one_message_that_names_the_program_and_an_exit_code(
    sqlite_shop: Project, arguments: tuple[str, ...], code: int, says: str
) -> None:
    said = sqlite_shop.said(*arguments, code=code)
    assert said.startswith("manage.py klokker: ")
    assert says in said
    assert len(said.splitlines()) == 1


@pytest.fixture
def sqlite_shop(tmp_path: Path, sqlite: Database) -> Project:
    return project(tmp_path, {"default": sqlite.settings})


def test_where_its_tables_are_missing_it_says_what_to_do(tmp_path: Path, sqlite: Database) -> None:
    shop = project(tmp_path, {"default": sqlite.settings})
    sqlite.path.unlink()
    assert "migrate" in shop.said("list", code=5)


def test_a_question_without_a_terminal_is_refused(sqlite_shop: Project) -> None:
    assert "needs a yes" in sqlite_shop.said("sync", "shop.toml", code=4)
    assert sqlite_shop.json("list") == {"schedules": []}


def test_the_records_may_be_in_a_database_of_their_own(tmp_path: Path, database: Database) -> None:
    """Every command goes to that one, the question what time it is included: the project's own has no table of ours."""
    own = Database.sqlite(tmp_path / "own.sqlite3")
    shop = project(tmp_path, {"default": own.settings, "chores": database.settings})
    listed = shop("shell", "-c", "from django.db import connection; print(connection.introspection.table_names())")
    assert "klokker" not in listed.stdout
    assert "2 created" in shop.said("sync", "shop.toml", "--yes")
    assert shop.said("run", "clean-up") == "run 1 of clean-up succeeded: 0 removed\n"
    assert shop.said("tick") is not None
    assert shop.json("check")["well"] is True
    assert shop.json("account")["exact"] is True
    assert [each["name"] for each in shop.json("node", "list")["nodes"]] == ["web"]
    assert shop.said("pause", "mail", "--reason", "a test").startswith("mail: active → paused")
    assert shop.said("retire", "mail", "--yes").startswith("mail: paused → retired")
    assert shop.said("lane", "set", "heavy", "--limit", "2") == "lane heavy: at most 2 at once, open\n"
