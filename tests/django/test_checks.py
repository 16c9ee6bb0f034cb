"""What `manage.py check` says of a project's settings (docs/embedding.md)."""

from typing import Any

import pytest
from django.conf import settings
from django.core.checks.registry import registry
from django.db.utils import ConnectionRouter

from klokker.django import checks
from klokker.django.checks import aware_moments, sqlite_is_shared, tables_have_a_database

SQLITE = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
SHARED = {**SQLITE, "OPTIONS": {"transaction_mode": "immediate", "timeout": 20}}
ROUTER = ["klokker.django.routing.KlokkerRouter"]


CHECKS = (aware_moments, tables_have_a_database, sqlite_is_shared)


@pytest.mark.parametrize(
    ("project", "ids"),
    [
        ({"USE_TZ": False}, {"klokker.E001"}),
        ({"KLOKKER_DATABASE_ALIAS": "chores"}, {"klokker.E002"}),
        ({"DATABASES": {"default": SHARED, "chores": SHARED}, "KLOKKER_DATABASE_ALIAS": "chores"}, {"klokker.E003"}),
        (
            {
                "DATABASES": {"default": SQLITE, "chores": SHARED},
                "KLOKKER_DATABASE_ALIAS": "chores",
                "DATABASE_ROUTERS": ROUTER,
            },
            set(),
        ),
        ({"DATABASES": {"default": SQLITE}}, {"klokker.W001"}),
        ({"DATABASES": {"default": SHARED}}, set()),
        ({"DATABASES": {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "shop"}}}, set()),
    ],
)
def test_what_a_projects_settings_lack_is_named(
    project: dict[str, Any], ids: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"DATABASES": {"default": SHARED}, **project}.items():
        monkeypatch.setattr(settings, name, value, raising=False)
    monkeypatch.setattr(checks, "router", ConnectionRouter(project.get("DATABASE_ROUTERS", [])))
    assert {message.id for check in CHECKS for message in check(None)} == ids


def test_django_asks_them() -> None:
    assert set(CHECKS) <= registry.registered_checks
