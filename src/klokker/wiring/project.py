"""What does the Django project that this process runs in say: Klokker's settings, and the tasks of its apps.

Apart from `host`, so that whoever only looks, or only runs tasks, starts without the engine.
"""

from collections.abc import Mapping
from typing import Any

from django.apps import apps
from django.conf import settings as django_settings

from klokker.tasks.discovery import Discovery, discover
from klokker.wiring.settings import InvalidSettings, Settings


def read_settings() -> Settings:
    """The project's `settings.KLOKKER`, overruled by the environment. Raises InvalidSettings."""
    given: Any = getattr(django_settings, "KLOKKER", {})
    if not isinstance(given, Mapping):
        raise InvalidSettings({"settings.KLOKKER": f"must be a dictionary of settings, got {type(given).__name__}"})
    return Settings.read(given)


def find_tasks(settings: Settings) -> Discovery:
    """Import the tasks of all installed apps, of the modules that are named, and of entry points. Never raises for them."""
    return discover([config.name for config in apps.get_app_configs()], settings.tasks, entry_points=True)
