"""The tests' Django project with the five examples in it: also what the type checker knows them by."""

from pathlib import Path
from tempfile import gettempdir

from tests.django.settings import *  # noqa: F403 - the same project, and more apps
from tests.django.settings import INSTALLED_APPS as _APPS

INSTALLED_APPS = [
    *_APPS,
    "examples.signalen",
    "examples.privacyidea",
    "examples.ddid",
    "examples.lepton",
    "examples.waldur",
]
DATAWAREHOUSE = Path(gettempdir()) / "never-used-without-a-test's-own"
