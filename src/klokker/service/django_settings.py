"""Django's settings for the standalone service, from `klokker.service.configuration`.

Importing this module makes the data folder and the secret key, if they are not there, unless this process only asks.
"""

import sys

from klokker.service.configuration import home, read_settings
from klokker.service.database_url import read_database_url
from klokker.service.home import secret_key
from klokker.wiring.settings import InvalidSettings

HOME = home()
SECRET_KEY = secret_key(HOME)
# Modules that KLOKKER_TASKS names may lie beside the settings. Last on the path: they hide nothing that is installed.
if str(HOME) not in sys.path:
    sys.path.append(str(HOME))

_settings = read_settings()

DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Klokker words and formats its own log lines (klokker.logs).
LOGGING_CONFIG = None

INSTALLED_APPS = [
    "klokker.django",
    "klokker.cli",
]

try:
    DATABASES = {"default": read_database_url(_settings.database, home=HOME)}
except ValueError as error:
    raise InvalidSettings({"KLOKKER_DATABASE": str(error)}) from error

KLOKKER = _settings.model_dump(exclude={"database"})
