"""What Django is told about the app."""

from django.apps import AppConfig


class KlokkerConfig(AppConfig):
    """Records, migrations and checks of Klokker."""

    name = "klokker.django"
    label = "klokker"
    verbose_name = "Klokker"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """From now on `.enqueue()` reaches the project's database. Nothing is read from it here."""
        from klokker.django import checks  # noqa: F401 — registers them
        from klokker.django.enqueueing import DjangoEnqueuePort
        from klokker.tasks.port import connect

        connect(DjangoEnqueuePort())
