"""A Django project with nothing but Klokker in it: for the type checker, and for tests of what a host's settings do."""

SECRET_KEY = "for tests alone"
USE_TZ = True
TIME_ZONE = "UTC"
INSTALLED_APPS = ["klokker.django"]
# Tests wait for no disk.
KLOKKER_SQLITE_SYNCHRONOUS = "NORMAL"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
