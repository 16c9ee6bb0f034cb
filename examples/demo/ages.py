"""Moves the data in time, so that what was made once is as old today as it was then. For SQLite."""

from collections.abc import Iterable
from datetime import timedelta

from django.apps import apps
from django.db import connection, models, transaction


@transaction.atomic
def shift(labels: Iterable[str], by: timedelta) -> None:
    """Add `by` to every moment in the tables of these apps, in SQLite's own words: tenths of a second, where the ORM takes seconds."""
    seconds = f"{by.total_seconds():+.3f} seconds"
    with connection.cursor() as cursor:
        for label in labels:
            for model in apps.get_app_config(label).get_models():
                moments = [each.column for each in model._meta.local_fields if isinstance(each, models.DateTimeField)]
                if moments:
                    moved = ", ".join(
                        f"{moment} = strftime('%%Y-%%m-%%d %%H:%%M:%%f', {moment}, %s)" for moment in moments
                    )
                    cursor.execute(f"UPDATE {model._meta.db_table} SET {moved}", [seconds] * len(moments))
