"""The app of the reports."""

from django.apps import AppConfig


class SignalenConfig(AppConfig):
    """Reports, their reporters, and the datawarehouse."""

    name = "examples.signalen"
    label = "signalen"
    default_auto_field = "django.db.models.BigAutoField"
