"""What do names in timetables stand for, as this command knows them?"""

from django.db import DatabaseError

from klokker.cli.migrating import see_schema
from klokker.core.errors import KlokkerError
from klokker.core.known import Known
from klokker.django.store import DjangoStore
from klokker.wiring.known import known_here
from klokker.wiring.project import read_settings


def known_anyway() -> Known:
    """Calendars and places; without a database that can be used, places alone: what is saved nowhere needs none."""
    settings = read_settings()
    try:
        see_schema()
        return known_here(settings, DjangoStore())
    except (KlokkerError, DatabaseError):
        return known_here(settings, None)
