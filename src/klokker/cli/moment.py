"""The moment at which a command looks: the database's clock, since that is the one that decides."""

from datetime import datetime

from django.db import connections

from klokker.django.settings import database_alias
from klokker.engine.clock import MACHINE


def now() -> datetime:
    """The database's time, UTC; SQLite has no other than the machine's."""
    connection = connections[database_alias()]
    if connection.vendor != "postgresql":
        return MACHINE.wall()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment
