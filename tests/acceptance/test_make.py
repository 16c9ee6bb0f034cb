"""Does `make` help on a machine that lacks something, and is it quick where nothing is lacking?"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.acceptance


def make(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "PYTHON"))}
    return subprocess.run(
        ["make", *arguments], cwd=folder, env={**inherited, **environment}, capture_output=True, text=True
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """As much of a fresh clone as setting up looks at."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    return tmp_path


def python_that(folder: Path, script: str) -> str:
    fake = folder / "python"
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)
    return f"PYTHON={fake}"


def test_help_lists_every_recipe() -> None:
    listed = {line.split()[0] for line in make(ROOT, "help").stdout.splitlines()}
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony is not None
    assert listed == set(phony[1].split())


def test_a_recipe_that_is_set_up_has_nothing_to_do() -> None:
    done = make(ROOT, "--question", "setup")
    assert done.returncode == 0, "setup would run again although nothing changed"


def test_a_python_that_is_too_old_is_named(checkout: Path) -> None:
    old = python_that(checkout, 'case "$1" in --version) echo Python 3.9.2;; *) exit 1;; esac')
    done = make(checkout, "setup", old)
    assert done.returncode != 0
    assert "needs Python 3.11 or later" in done.stderr
    assert "is Python 3.9.2." in done.stderr
    assert not (checkout / ".venv").exists()


def test_no_python_at_all_is_said(checkout: Path) -> None:
    done = make(checkout, "setup", "PYTHON=python-not-there")
    assert "python-not-there is not there" in done.stderr
    assert "apt install python3" in done.stderr


def test_a_python_without_venv_is_named(checkout: Path) -> None:
    bare = python_that(checkout, 'case "$2" in *ensurepip*) exit 1;; *) exit 0;; esac')
    done = make(checkout, "setup", bare)
    assert done.returncode != 0
    assert "lacks the module venv" in done.stderr
    assert "apt install python3-venv" in done.stderr


def test_a_download_is_tried_three_times_and_then_explained(checkout: Path) -> None:
    done = make(
        checkout,
        "setup",
        "PAUSE=0",
        f"PYTHON={sys.executable}",
        # A port on which nothing listens stands for a registry that is down.
        PIP_INDEX_URL="http://127.0.0.1:9/",
        PIP_NO_CACHE_DIR="1",
        PIP_RETRIES="0",
        PIP_CONFIG_FILE=os.devnull,
    )
    assert done.returncode != 0
    assert done.stderr.count("of 3 at installing uv failed") == 2
    assert "Three tries at installing uv failed" in done.stderr


def test_a_try_that_succeeds_is_the_last(checkout: Path) -> None:
    """The first download fails, the second goes well; the environment is made of nothing but stand-ins that note their calls."""
    calls = checkout / "calls"
    pip = f'#!/bin/sh\necho pip >> {calls}\ntest "$(grep -c pip {calls})" -ge 2\n'
    venv = f"mkdir -p .venv/bin; cat > .venv/bin/python <<'END'\n{pip}END\nchmod +x .venv/bin/python"
    python = python_that(checkout, f'if [ "$2" = venv ]; then\n{venv}\nfi')
    made = f".venv/.made-in{str(checkout).replace('/', '-')}"
    done = make(checkout, made, "PAUSE=0", python)
    assert done.returncode == 0, done.stderr
    assert calls.read_text().split() == ["pip", "pip"]


def test_a_checkout_that_moved_makes_a_new_environment(checkout: Path) -> None:
    """An environment names its own folder in every script: used elsewhere it would run the code of the first folder."""
    done = make(checkout, "--dry-run", "setup")
    assert f".venv/.made-in{str(checkout).replace('/', '-')}" in done.stdout
