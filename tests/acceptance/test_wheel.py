"""Does the built wheel work by itself, in an environment that has nothing but what it asks for?"""

import os
import re
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
DEMONSTRATION = Path("klokker/cli/demonstration/examples")
"""Where the wheel keeps what `klokker demo` runs."""

pytestmark = pytest.mark.acceptance


def clean() -> dict[str, str]:
    """The environment without what knows of this checkout."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("KLOKKER_", "DJANGO_", "DEMO_", "PYTHON", "VIRTUAL_"))
    }


def done(*command: str | Path, folder: Path, **environment: str) -> str:
    """What the command printed. It must succeed, and knows nothing of this checkout."""
    ended = subprocess.run(command, cwd=folder, env={**clean(), **environment}, capture_output=True, text=True)
    assert ended.returncode == 0, f"{command} ended with {ended.returncode}\n{ended.stdout}{ended.stderr}"
    return ended.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    done(BIN / "hatchling", "build", "--target", "wheel", "--directory", folder, folder=ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment with the wheel and its requirements, and without those of its extras."""
    folder = tmp_path_factory.mktemp("environment")
    python = folder / "bin" / "python"
    done(BIN / "uv", "venv", "--quiet", "--python", sys.executable, folder, folder=ROOT)
    install = (BIN / "uv", "pip", "install", "--quiet", "--python", python)
    done(*install, "--require-hashes", "-r", ROOT / "requirements" / "run.txt", folder=ROOT)
    done(*install, "--no-deps", wheel, folder=ROOT)
    done(BIN / "uv", "pip", "uninstall", "--quiet", "--python", python, "psycopg", "psycopg-binary", folder=ROOT)
    return python.parent


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    """Migrations, static files, templates, the mark of typed packages: whatever stands in the source, and the examples."""

    def files_in(folder: Path, under: Path) -> set[str]:
        return {
            str(under / path.relative_to(folder))
            for path in folder.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
        }

    files = files_in(ROOT / "src", Path()) | files_in(ROOT / "examples", DEMONSTRATION)
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert held == files
    assert {"klokker/py.typed", "klokker/django/migrations/0001_initial.py"} <= held


def test_it_is_imported_from_its_own_environment(installed: Path, tmp_path: Path) -> None:
    said = done(installed / "python", "-c", "import klokker; print(klokker.__file__)", folder=tmp_path)
    assert Path(said.strip()).is_relative_to(installed.parent)


def test_every_module_can_be_imported_without_the_extras(installed: Path, tmp_path: Path) -> None:
    """But for those that are there for an extra alone."""
    script = (
        "import importlib, os, pkgutil, sys\n"
        "os.environ['DJANGO_SETTINGS_MODULE'] = 'klokker.service.django_settings'\n"
        "import django, klokker\n"
        "django.setup()\n"
        "for module in pkgutil.walk_packages(klokker.__path__, 'klokker.'):\n"
        "    if not module.name.endswith(('__main__', 'klokker.django.waking.postgres', 'klokker.testing.plugin')):\n"
        "        importlib.import_module(module.name)\n"
        "assert 'psycopg' not in sys.modules\n"
    )
    done(installed / "python", "-W", "error", "-c", script, folder=tmp_path, KLOKKER_HOME=str(tmp_path / "home"))


def test_the_console_script_names_its_version_and_its_commands(installed: Path, tmp_path: Path, wheel: Path) -> None:
    said = done(installed / "klokker", "--version", folder=tmp_path)
    assert said.split() == ["klokker", wheel.name.split("-")[1]]


def test_its_requirements_hold_together(installed: Path, tmp_path: Path) -> None:
    done(BIN / "uv", "pip", "check", "--quiet", "--python", installed / "python", folder=tmp_path)


def test_django_finds_nothing_to_migrate_or_to_complain_of(installed: Path, tmp_path: Path) -> None:
    service = {"DJANGO_SETTINGS_MODULE": "klokker.service.django_settings", "KLOKKER_HOME": str(tmp_path / "home")}
    done(installed / "django-admin", "check", "--fail-level", "WARNING", folder=tmp_path, **service)
    done(installed / "django-admin", "migrate", folder=tmp_path, **service)
    done(installed / "django-admin", "makemigrations", "--check", folder=tmp_path, **service)


CHORES = '''
from pathlib import Path

from klokker import Counts, task


@task("shop.note", repeatable=True)
def note(file: str) -> Counts:
    """Write a line."""
    with Path(file).open("a") as lines:
        lines.write("noted\\n")
    return Counts(lines=1)
'''

SCHEDULES = """
[schedules.note]
task = "shop.note"
when = "every 1 second"
kwargs = { file = "notes" }
"""


@pytest.fixture
def shop(tmp_path: Path) -> dict[str, str]:
    """The settings of a program with one task and one schedule: two files in a folder."""
    home = tmp_path / "shop"
    home.mkdir()
    (home / "chores.py").write_text(CHORES)
    (home / "schedules.toml").write_text(SCHEDULES)
    return {"KLOKKER_HOME": str(home), "KLOKKER_TASKS": "chores"}


def test_a_program_of_two_files_is_synced_listed_run_and_ticked(
    installed: Path, tmp_path: Path, shop: dict[str, str]
) -> None:
    klokker = installed / "klokker"
    assert "applied" in done(klokker, "migrate", folder=tmp_path, **shop)
    assert "1 created" in done(klokker, "sync", "shop/schedules.toml", "--yes", folder=tmp_path, **shop)
    assert "shop.note\n" in done(klokker, "list", folder=tmp_path, **shop)
    assert "succeeded: 1 lines" in done(klokker, "run", "note", folder=tmp_path, **shop)
    done(klokker, "tick", folder=tmp_path, **shop)
    assert set((tmp_path / "notes").read_text().splitlines()) == {"noted"}
    assert done(klokker, "account", folder=tmp_path, **shop).endswith("in the tally: exact\n")


def test_serve_needs_nothing_but_itself(installed: Path, tmp_path: Path) -> None:
    """The first start makes the data folder, the database and a secret key that nobody else can read."""
    home = tmp_path / "home"
    with served(installed, tmp_path, KLOKKER_HOME=str(home)) as process:
        assert process.stderr is not None
        assert any("process.started" in line for line in process.stderr), "it ended before it had begun"
        assert stat.S_IMODE((home / "secret-key").stat().st_mode) == 0o600
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        assert (home / "klokker.sqlite3").exists()
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == 0


@contextmanager
def served(installed: Path, folder: Path, **environment: str) -> Iterator["subprocess.Popen[str]"]:
    """`klokker serve`, its log on stderr; it is ended if the test did not."""
    with subprocess.Popen(
        [installed / "klokker", "serve"],
        cwd=folder,
        env={**clean(), **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()


def test_a_django_project_gets_the_same_commands(installed: Path, tmp_path: Path) -> None:
    done(installed / "django-admin", "startproject", "shop", ".", folder=tmp_path)
    settings = tmp_path / "shop" / "settings.py"
    settings.write_text(settings.read_text() + '\nINSTALLED_APPS += ["klokker.django", "klokker.cli"]\n')
    python, manage = installed / "python", ("manage.py", "klokker")
    assert "Applying klokker.0001_initial" in done(python, "manage.py", "migrate", folder=tmp_path)
    assert "No schedules yet" in done(python, *manage, "list", folder=tmp_path)
    assert "well" in done(python, *manage, "check", folder=tmp_path).lower()


def test_the_demonstration_runs_without_a_checkout(installed: Path, tmp_path: Path) -> None:
    said = done(installed / "klokker", "demo", "--seconds", "1", folder=tmp_path)
    assert "occurrences, each decided" in said
    assert re.search(r"in the tally: exact$", said, re.MULTILINE)
    assert (tmp_path / "demo-data" / "klokker.sqlite3").exists()


def test_postgresql_without_its_driver_says_what_to_install(installed: Path, tmp_path: Path) -> None:
    home = {"KLOKKER_HOME": str(tmp_path / "home"), "KLOKKER_DATABASE": "postgresql://shop@localhost/shop"}
    refused = subprocess.run([installed / "klokker", "list"], env={**clean(), **home}, capture_output=True, text=True)
    assert refused.returncode == 2
    assert refused.stderr == "klokker: KLOKKER_DATABASE: PostgreSQL needs psycopg: pip install 'klokker[postgres]'\n"
