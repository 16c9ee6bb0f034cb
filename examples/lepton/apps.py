"""The app of the student association."""

from django.apps import AppConfig


class LeptonConfig(AppConfig):
    """Events, registrations, orders, and a log."""

    name = "examples.lepton"
    label = "lepton"
    default_auto_field = "django.db.models.BigAutoField"
