"""Does each contract refuse the fault that it is there for? A copy of the source gets the fault, and the tool sees it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


@dataclass
class Copy:
    """The source and its configuration, in a place where a fault does no harm."""

    root: Path
    seeded: list[Path] = field(default_factory=list)

    def seed(self, path: str, text: str) -> None:
        """Write one more file, with the packages it stands in."""
        target = self.root / path
        for folder in reversed(target.relative_to(self.root).parents):
            package = self.root / folder / "__init__.py"
            if folder.parts[:1] == ("src",) and len(folder.parts) > 1 and not package.exists():
                self._write(package, '"""Seeded."""\n')
        self._write(target, f'"""Seeded."""\n\n{text}\n')

    def _write(self, target: Path, text: str) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        assert not target.exists(), f"{target} exists: choose another name for the fault"
        target.write_text(text)
        self.seeded.append(target)

    def weed(self) -> None:
        for target in reversed(self.seeded):
            target.unlink()
            if target.name == "__init__.py":
                shutil.rmtree(target.parent)
        self.seeded.clear()

    def run(self, tool: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": f"src{os.pathsep}.", "NO_COLOR": "1", "COLUMNS": "200"}
        return subprocess.run([BIN / tool, *arguments], cwd=self.root, env=environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def one_copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    copy = Copy(tmp_path_factory.mktemp("copy"))
    shutil.copytree(ROOT / "src", copy.root / "src", ignore=shutil.ignore_patterns("__pycache__"))
    # The settings, and the examples that they install, are there for mypy, whose Django plugin starts Django.
    shutil.copytree(ROOT / "examples", copy.root / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    for name in (".importlinter", "pyproject.toml", "tests/django/settings.py", "tests/examples/settings.py"):
        (copy.root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy.root / name)
    return copy


@pytest.fixture
def copy(one_copy: Copy) -> Iterator[Copy]:
    yield one_copy
    one_copy.weed()


@pytest.fixture
def lint_imports(copy: Copy) -> Callable[[], str]:
    """Checks the contracts on the copy; gives what was said of those broken, or nothing."""

    def run() -> str:
        done = copy.run("lint-imports", "--no-cache", "--no-logo")
        assert (done.returncode == 0) == (" 0 broken." in done.stdout), done.stdout + done.stderr
        return "" if done.returncode == 0 else done.stdout

    return run


LAYERS = "Imports point down only, and every folder has its place BROKEN"
CYCLES = "Siblings do not import each other in a circle, at any depth BROKEN"
PURE = "The core reads no clock, does no I/O, draws no lots BROKEN"
DJANGO = "Nothing below klokker.django imports Django BROKEN"


def test_the_source_as_it_is_keeps_all_contracts(lint_imports: Callable[[], str]) -> None:
    assert lint_imports() == ""


def test_an_upward_import_is_refused(copy: Copy, lint_imports: Callable[[], str]) -> None:
    copy.seed("src/klokker/core/seeded.py", "import klokker.store")
    said = lint_imports()
    assert LAYERS in said
    assert "klokker.core.seeded -> klokker.store" in said


def test_an_upward_import_for_types_alone_is_refused(copy: Copy, lint_imports: Callable[[], str]) -> None:
    copy.seed(
        "src/klokker/core/seeded.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import klokker.store"
    )
    assert LAYERS in lint_imports()


@pytest.mark.parametrize(
    "place", ["src/klokker/elsewhere/thing.py", "src/klokker/elsewhere.py"], ids=["folder", "module"]
)
def test_what_has_no_place_is_refused(place: str, copy: Copy, lint_imports: Callable[[], str]) -> None:
    copy.seed(place, "")
    said = lint_imports()
    assert LAYERS in said
    assert "klokker.elsewhere" in said


def test_a_circle_of_siblings_is_refused(copy: Copy, lint_imports: Callable[[], str]) -> None:
    copy.seed("src/klokker/core/seeded/one.py", "import klokker.core.seeded.other")
    copy.seed("src/klokker/core/seeded/other.py", "import klokker.core.seeded.one")
    said = lint_imports()
    assert CYCLES in said
    assert LAYERS not in said


def test_the_core_may_not_reach_for_the_world(copy: Copy, lint_imports: Callable[[], str]) -> None:
    clocks = ["time", "os", "logging", "random", "secrets", "uuid"]
    worlds = ["socket", "subprocess", "sqlite3", "asyncio", "threading", "pathlib", "urllib", "pydantic", "psycopg"]
    worldly = clocks + worlds
    copy.seed("src/klokker/core/seeded.py", "\n".join(f"import {module}" for module in worldly))
    said = lint_imports()
    assert PURE in said
    assert [module for module in worldly if f"klokker.core.seeded -> {module} " not in said] == []


def test_the_core_may_use_dates_and_zones(copy: Copy, lint_imports: Callable[[], str]) -> None:
    copy.seed("src/klokker/core/seeded.py", "import bisect, datetime, hashlib, zoneinfo")
    assert lint_imports() == ""


def test_django_is_refused_below_its_layer(copy: Copy, lint_imports: Callable[[], str]) -> None:
    below = ["core", "tasks", "store", "housekeeping", "operations", "engine", "simulation"]
    for folder in below:
        copy.seed(f"src/klokker/{folder}/seeded.py", "from django.db import models")
    said = lint_imports()
    assert DJANGO in said
    assert [folder for folder in below if f"klokker.{folder}.seeded -> django " not in said] == []


def test_django_is_welcome_from_its_layer_up(copy: Copy, lint_imports: Callable[[], str]) -> None:
    for folder in ("django", "celery", "watch", "wiring", "cli", "console", "api", "service", "testing"):
        copy.seed(f"src/klokker/{folder}/seeded.py", "from django.db import models")
    assert lint_imports() == ""


READS_THE_CLOCK = {
    "datetime.now": "from datetime import UTC, datetime\n\nseen = datetime.now(UTC)",
    "datetime.utcnow": "import datetime\n\nseen = datetime.datetime.utcnow()",
    "date.today": "from datetime import date\n\nseen = date.today()",
    "time.time": "import time\n\nseen = time.time()",
    "time.monotonic": "from time import monotonic\n\nseen = monotonic()",
    "time.perf_counter": "import time as t\n\nseen = t.perf_counter()",
    "timezone.now": "from django.utils import timezone\n\nseen = timezone.now()",
}


@pytest.mark.parametrize(
    "place", ["src/klokker/core/seeded.py", "src/klokker/engine/seeded.py", "tests/core/test_seeded.py"]
)
@pytest.mark.parametrize("fault", READS_THE_CLOCK)
def test_the_clock_is_read_nowhere(fault: str, place: str, copy: Copy) -> None:
    copy.seed(place, READS_THE_CLOCK[fault])
    done = copy.run("ruff", "check", "--no-cache", "--select=TID251", place)
    assert done.returncode == 1
    assert "read the clock in klokker.engine.clock only" in done.stdout


def test_the_clock_is_read_in_its_module(copy: Copy) -> None:
    clock = "src/klokker/engine/clock.py"
    if not (copy.root / clock).exists():
        copy.seed(clock, READS_THE_CLOCK["time.monotonic"])
    done = copy.run("ruff", "check", "--no-cache", "--select=TID251,DTZ", clock)
    assert done.returncode == 0, done.stdout


def test_sleeping_is_refused(copy: Copy) -> None:
    copy.seed("tests/core/test_seeded.py", "import time\n\ntime." + "sleep(1)")
    done = copy.run("ruff", "check", "--no-cache", "tests")
    assert "wait on an event" in done.stdout


def test_a_swallowed_exception_is_refused(copy: Copy) -> None:
    copy.seed("src/klokker/core/seeded.py", "try:\n    seen = 1\nexcept Exception:\n    pass")
    assert "BLE001" in copy.run("ruff", "check", "--no-cache", "src/klokker/core/seeded.py").stdout


def test_what_is_not_formatted_is_refused(copy: Copy) -> None:
    copy.seed("src/klokker/core/seeded.py", "seen = { 'one' : 1 }")
    assert copy.run("ruff", "format", "--no-cache", "--check", "src/klokker/core/seeded.py").returncode == 1


def test_faults_of_types_are_refused(copy: Copy) -> None:
    copy.seed(
        "src/klokker/core/seeded.py",
        "def untyped(value):\n    return value\n\n\n"
        "def wrong(value: int) -> str:\n    return value\n\n\n"
        "def silenced(value: int) -> str:\n    return value  # type: ignore\n",
    )
    done = copy.run("mypy", "--follow-imports=skip", "src/klokker/core/seeded.py")
    assert done.returncode == 1
    for code in ("no-untyped-def", "return-value", "ignore-without-code"):
        assert f"[{code}]" in done.stdout
