"""Which database do Klokker's models read from, when it is not the default one?

A project that keeps Klokker's tables elsewhere sets `KLOKKER_DATABASE_ALIAS` and
`DATABASE_ROUTERS = ["klokker.django.routing.KlokkerRouter"]`.
"""

from django.db.models import Model

from klokker.django.settings import database_alias

LABEL = "klokker"


class KlokkerRouter:
    """Sends Klokker's models, and them alone, to the database that KLOKKER_DATABASE_ALIAS names."""

    def db_for_read(self, model: type[Model], **_hints: object) -> str | None:
        """The alias for Klokker's own models; None: no opinion."""
        return database_alias() if model._meta.app_label == LABEL else None

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, **_hints: object) -> bool | None:
        """Klokker's tables are made there and nowhere else; None: no opinion about others'."""
        return db == database_alias() if app_label == LABEL else None
