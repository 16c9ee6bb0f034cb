"""migrate (docs/commands/migrate.md)."""

import sqlite3
from pathlib import Path

import pytest

from tests.cli.conftest import Klokker

pytestmark = pytest.mark.acceptance


def test_migrate_makes_the_database_and_then_has_nothing_to_do(klokker: Klokker) -> None:
    assert klokker("migrate", "--check").returncode == 1
    assert klokker("migrate").stdout.startswith("applied 0001")
    assert klokker("migrate", "--check").returncode == 0
    assert klokker("migrate").stdout == "The schema is up to date.\n"


def test_a_database_of_a_newer_klokker_is_left_alone(klokker: Klokker, tmp_path: Path) -> None:
    klokker("migrate")
    with sqlite3.connect(tmp_path / "home" / "klokker.sqlite3") as database:
        database.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('klokker', '9999_later', '2026-01-01')"
        )
    database.close()
    refused = klokker("migrate")
    assert refused.returncode == 5
    assert "the database is of a newer Klokker (it has 9999_later)" in refused.stderr
