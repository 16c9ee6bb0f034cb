"""How does a database come to hold 100 000 schedules within seconds? A few are made in the ordinary way, and copied in sets."""

from datetime import datetime, timedelta

from django.db import connection, models

from klokker.core.definition import Definition
from klokker.django.models import Revision, Schedule, Timer
from klokker.django.store import DjangoStore
from klokker.operations.asking import Asked
from klokker.operations.catalogue import RegisteredTasks
from klokker.operations.create import Create, create
from klokker.tasks.registry import registry

GROUPS = 100
"""Hourly schedules come in so many groups, each due at a moment of its own: each time one in a hundred is due."""


def make(count: int, first: datetime) -> list[datetime]:
    """Make so many hourly schedules; the moments from `first` on at which one group after the other is due."""
    moments = [first + timedelta(seconds=36 * group) for group in range(GROUPS)]
    store = DjangoStore()
    now = store.now()
    for moment in moments:
        definition = Definition(
            name=f"hourly-{moment:%M%S}",
            task="noop.threads",
            when=f"every 1 hour from {moment:%Y-%m-%dT%H:%M:%S}",
        )
        create(store, Create(Asked("benchmark", now), definition, RegisteredTasks(registry)))
    copies = max(count // GROUPS - 1, 0)
    _copy(Schedule, "name", "name_key", copies=copies)
    for model in (Revision, Timer):
        _copy_for_copies(model)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return moments


def _copy(model: type[models.Model], *named: str, copies: int) -> None:
    columns = _columns(model)
    values = ", ".join(f"t.{each} || '-' || n.i" if each.strip('"') in named else f"t.{each}" for each in columns)
    _do(
        f"""
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {copies})
        INSERT INTO {model._meta.db_table} ({", ".join(columns)})
        SELECT {values} FROM {model._meta.db_table} t, n WHERE n.i <= {copies}
        """
    )


def _copy_for_copies(model: type[models.Model]) -> None:
    """What the copied schedules need besides; a copy has its timetable, and so its place, in common with one made before it."""
    columns = _columns(model)
    values = ", ".join("c.id" if each == '"schedule_id"' else f"t.{each}" for each in columns)
    _do(
        f"""
        INSERT INTO {model._meta.db_table} ({", ".join(columns)})
        SELECT {values} FROM {model._meta.db_table} t
        JOIN klokker_schedule s ON s.id = t.schedule_id
        JOIN klokker_schedule c ON c."when" = s."when" AND c.id > s.id
        """
    )


def _columns(model: type[models.Model]) -> list[str]:
    return [f'"{field.column}"' for field in model._meta.concrete_fields if not field.primary_key]


def _do(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
