"""The plugin comes with Klokker: whoever installs it may ask for its fixtures, and pays nothing otherwise."""

import subprocess
import sys
from pathlib import Path

TEST = """
from datetime import UTC, datetime, timedelta


def test_through_a_clock_change(klokker_world):
    world = klokker_world(start=datetime(2026, 3, 28, tzinfo=UTC))
    world.create("nightly", "30 2 * * *", zone="Europe/Amsterdam")
    world.advance(timedelta(days=2))
    assert world.fired("nightly") == [
        datetime(2026, 3, 28, 1, 30, tzinfo=UTC),
        datetime(2026, 3, 29, 1, 0, tzinfo=UTC),
    ]


def test_the_clock_moves_by_hand(klokker_clock):
    before = klokker_clock.wall()
    klokker_clock.advance(timedelta(hours=1))
    assert klokker_clock.wall() - before == timedelta(hours=1)


def test_nothing_was_loaded_for_the_others():
    pass
"""

UNLOADED = """
import sys
import klokker.testing.plugin
loaded = [name for name in sys.modules if name.startswith(("django", "pydantic", "klokker.core", "klokker.store"))]
sys.exit(f"loaded: {loaded}" if loaded else 0)
"""


def test_its_fixtures_are_there_without_being_asked_for(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(TEST)
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "-p", "no:django", tmp_path],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "3 passed" in ran.stdout


def test_it_loads_nothing_until_it_is_used() -> None:
    ran = subprocess.run([sys.executable, "-c", UNLOADED], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
