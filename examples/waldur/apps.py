"""The app of the marketplace."""

from django.apps import AppConfig


class WaldurConfig(AppConfig):
    """Customers, projects, resources, orders, invoices, and the backends they live on."""

    name = "examples.waldur"
    label = "waldur"
    default_auto_field = "django.db.models.BigAutoField"
