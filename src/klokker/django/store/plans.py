"""May a server keep the plan of a statement that we ask again and again? Only the server itself, not a pooler in between.

Planning the glance of an idle tick takes PostgreSQL several times as long as answering it, so it is prepared there once for
each connection. A pooler that lends connections for one transaction would hand the next glance to a server process that
has never heard of it. Such a pooler tells its clients process ids of its own, so that their requests to cancel come back
to it: whoever is told the id of the process that answers speaks with that process.
"""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

AT_ONCE = 0
"""How often psycopg sends a statement before it has the server prepare it."""


def let_it_keep(wrapper: BaseDatabaseWrapper) -> None:
    """Find out, for a new connection to PostgreSQL, whether `keeping_cursor` may have plans kept."""
    connection: Any = wrapper.connection
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (answering,) = cursor.fetchone()
    connection.prepare_threshold = AT_ONCE if connection.info.backend_pid == answering else None


def keeping_cursor(wrapper: BaseDatabaseWrapper) -> CursorWrapper:
    """A cursor whose statements the database plans once for this connection, where it may; SQLite's driver does so by itself."""
    connection: Any = wrapper.connection
    if wrapper.vendor != "postgresql" or connection.prepare_threshold is None:
        return wrapper.cursor()
    # psycopg is there only where PostgreSQL is used. Django's cursors put values into the text, which is not prepared.
    import psycopg

    cursor: Any = psycopg.Cursor(connection)
    return wrapper.make_cursor(cursor)
