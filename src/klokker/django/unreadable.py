"""Which stored value can the database's driver not read? Somebody wrote it by hand; SQLite takes any text for a moment."""

from django.apps import apps
from django.db.models import Model

from klokker.core.errors import KlokkerError


class UnreadableValue(KlokkerError):
    """A stored value cannot be read: `field` of the row `pk` of `table`; `fault` says why."""

    def __init__(self, table: str, pk: object, field: str, fault: str) -> None:
        self.table, self.pk, self.field, self.fault = table, pk, field, fault
        super().__init__(
            f"a row as it is stored cannot be read: {field} of row {pk} in {table}: {fault}; "
            "look at who wrote to the table, and set it right there"
        )


def first_unreadable() -> UnreadableValue | None:
    """The first value in any of our tables that cannot be read; None if all can. Reads all of them."""
    return next((found for model in apps.get_app_config("klokker").get_models() if (found := _in(model))), None)


def _in(model: type[Model]) -> UnreadableValue | None:
    rows = model._default_manager.order_by("pk")
    try:
        for _ in rows.iterator():
            pass
    except ValueError:
        for pk in rows.values_list("pk", flat=True):
            for field in model._meta.concrete_fields:
                try:
                    rows.values_list(field.attname).get(pk=pk)
                except ValueError as fault:
                    return UnreadableValue(model._meta.db_table, pk, field.name, str(fault))
    return None
