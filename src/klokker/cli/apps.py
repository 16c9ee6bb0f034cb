"""The Django app that gives a host project `manage.py klokker`."""

from django.apps import AppConfig


class CliConfig(AppConfig):
    """Adds the management command; it has no models."""

    name = "klokker.cli"
    label = "klokker_cli"
    verbose_name = "Klokker's command line"
