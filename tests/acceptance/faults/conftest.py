"""What every test of a fault stands on: a migrated database of each kind, and a site on it."""

from collections.abc import Iterator

import pytest
from django.db import connections

from tests.acceptance.faults.site import Site
from tests.cli.conftest import klokker
from tests.django.conftest import alias, migrated_database, migrated_file, postgres_alias, sqlite_alias

__all__ = ["alias", "klokker", "migrated_database", "migrated_file", "postgres_alias", "sqlite_alias"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of them stand on real servers or processes."""
    for item in items:
        if "acceptance/faults" in item.path.as_posix():
            item.add_marker(pytest.mark.acceptance)


def url_of(alias: str) -> str:
    """The database behind `alias`, as `KLOKKER_DATABASE` names it."""
    settings = connections[alias].settings_dict
    if connections[alias].vendor == "sqlite":
        return f"sqlite:///{settings['NAME']}"
    account = f"{settings['USER']}:{settings['PASSWORD']}".rstrip(":")
    return f"postgresql://{account}@{settings['HOST']}:{settings['PORT']}/{settings['NAME']}"


def _site_on(alias: str) -> Iterator[Site]:
    site = Site(alias, url_of(alias))
    try:
        yield site
    finally:
        site.close()


@pytest.fixture
def site(alias: str) -> Iterator[Site]:
    """A site on each kind of database in turn, with a task `note`."""
    yield from _site_on(alias)


@pytest.fixture
def sqlite_site(sqlite_alias: str) -> Iterator[Site]:
    """A site on SQLite."""
    yield from _site_on(sqlite_alias)


@pytest.fixture
def postgres_site(postgres_alias: str) -> Iterator[Site]:
    """A site on PostgreSQL."""
    yield from _site_on(postgres_alias)
