"""The public map as a materialised view, where the database has such."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

VIEW = "public_signals_geography_feature_collection"


def make(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            f"CREATE MATERIALIZED VIEW {VIEW} AS SELECT id AS report, category, latitude, longitude "
            "FROM signalen_report WHERE state NOT IN ('o', 'a', 's')"
        )
        # Only a view with a unique index can be refreshed while it is being read.
        schema_editor.execute(f"CREATE UNIQUE INDEX {VIEW}_report ON {VIEW} (report)")


def drop(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP MATERIALIZED VIEW {VIEW}")


class Migration(migrations.Migration):
    dependencies = [("signalen", "0001_initial")]

    operations = [migrations.RunPython(make, drop, elidable=False)]
