"""The app of the second factors."""

from django.apps import AppConfig


class PrivacyideaConfig(AppConfig):
    """Tokens, event counters and the statistics made of them."""

    name = "examples.privacyidea"
    label = "privacyidea"
    default_auto_field = "django.db.models.BigAutoField"
