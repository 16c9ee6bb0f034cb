"""The app of the registrations."""

from django.apps import AppConfig


class DdidConfig(AppConfig):
    """People who register, and the codes that they are sent."""

    name = "examples.ddid"
    label = "ddid"
    default_auto_field = "django.db.models.BigAutoField"
