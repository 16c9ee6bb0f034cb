"""Migrations: the tables are what the models say, on each database (docs/concepts/storage.md)."""

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connections


@pytest.mark.usefixtures("alias")
def test_the_migrations_say_all_that_the_models_say() -> None:
    # Exits with 1, and thereby raises, when a migration is missing.
    call_command("makemigrations", "klokker", check=True, dry_run=True, verbosity=0)


def test_each_record_has_its_table(alias: str) -> None:
    tables = {model._meta.db_table for model in apps.get_app_config("klokker").get_models()}
    assert tables
    assert tables <= set(connections[alias].introspection.table_names())


def test_the_tables_can_be_taken_away_again(alias: str) -> None:
    call_command("migrate", "klokker", "zero", database=alias, verbosity=0)
    assert [name for name in connections[alias].introspection.table_names() if name.startswith("klokker_")] == []
    call_command("migrate", "klokker", database=alias, verbosity=0)
