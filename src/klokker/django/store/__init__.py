"""The store on Django's databases: SQLite and PostgreSQL."""

from klokker.django.store.store import DjangoStore

__all__ = ["DjangoStore"]
