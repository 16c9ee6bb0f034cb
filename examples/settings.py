"""The standalone service with the five examples installed: what `make demo` runs on."""

from klokker.service.django_settings import *  # noqa: F403 - the service's settings, and the examples' apps
from klokker.service.django_settings import HOME, INSTALLED_APPS

INSTALLED_APPS += [
    "examples.signalen",
    "examples.privacyidea",
    "examples.ddid",
    "examples.lepton",
    "examples.waldur",
]

DATAWAREHOUSE = HOME / "datawarehouse"
