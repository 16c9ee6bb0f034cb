"""The program `klokker`: the command line against the standalone service's settings, or a project's."""

import os
from collections.abc import Callable
from functools import partial

import django
from django.apps import apps
from django.conf import settings

from klokker.cli.entry import run
from klokker.core.errors import KlokkerError
from klokker.service.home import only_ask

STARTERS = {
    "serve": (),
    "beat": (),
    "worker": (),
    "tick": ("-d", "--dry-run", "--print-cron"),
    "migrate": ("--check",),
    "restore": (),
    "demo": (),
}
"""The commands that make the data folder where it is not there, each with the options that make it one that only asks."""


class SettingsUnusable(KlokkerError):
    """The project's settings, or one of its apps, cannot be imported. `module`: the settings; `error`: what was raised."""

    def __init__(self, module: str, error: Exception) -> None:
        self.module = module
        self.error = error
        super().__init__(
            f"the project of DJANGO_SETTINGS_MODULE={module} cannot be set up: {type(error).__name__}: {error} "
            "(--debug shows where)"
        )


def call(arguments: list[str]) -> int:
    """Set Django up with the service's settings, unless DJANGO_SETTINGS_MODULE names a project's, and run one command; its exit code."""
    code = run(arguments, prepare=_preparation(arguments))
    _hang_up()
    return code


def _preparation(arguments: list[str]) -> Callable[[], None] | None:
    """What must be done before the command. Help and version need no settings, and must work where those are wrong."""
    if all(argument.startswith("-") for argument in arguments):
        return None
    return _without_settings if "--help" in arguments else partial(_set_up, starts=_starts(arguments))


def _hang_up() -> None:
    """Say goodbye to the database, as `manage.py` does: a server counts who only vanished."""
    if apps.ready:
        # Imported only where it has been already: `klokker --version` waits for no driver.
        from django.db import connections

        connections.close_all()


def _starts(arguments: list[str]) -> bool:
    """Does this command start something, or does it only ask?"""
    command = next(argument for argument in arguments if not argument.startswith("-"))
    return command in STARTERS and not set(STARTERS[command]).intersection(arguments)


def _set_up(*, starts: bool) -> None:
    module = os.environ.setdefault("DJANGO_SETTINGS_MODULE", "klokker.service.django_settings")
    try:
        if not starts:
            only_ask()
        django.setup()
    except KlokkerError:
        raise
    except Exception as error:
        raise SettingsUnusable(module, error) from error


def _without_settings() -> None:
    """As much of Django as it takes to import the commands."""
    settings.configure(INSTALLED_APPS=["klokker.django"], USE_TZ=True)
    django.setup()
