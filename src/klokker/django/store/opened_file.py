"""Is the SQLite file that a connection has open the one that stands under its name?

Who deletes a file, or puts another in its place, does not end the connections to it: they would go on, with a file that
nobody else will ever see, and all that they write there would be lost.
"""

import os
from weakref import WeakKeyDictionary

from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

Identity = tuple[int, int]
"""Device and inode."""


class OpenedFiles:
    """Which file each connection has open. Of servers, and of databases in memory, it knows nothing and asks nothing."""

    def __init__(self) -> None:
        self._opened: WeakKeyDictionary[BaseDatabaseWrapper, Identity] = WeakKeyDictionary()

    def connects(self, wrapper: BaseDatabaseWrapper) -> None:
        """The connection is about to be opened. Raises OperationalError where there is no file: SQLite would make an empty one."""
        if wrapper.vendor != "sqlite" or wrapper.is_in_memory_db():  # type: ignore[attr-defined] # of SQLite's wrapper alone
            return
        identity = _identity(wrapper)
        if identity is None:
            raise OperationalError("unable to open database file: it is not there")
        self._opened[wrapper] = identity

    def replaced(self, wrapper: BaseDatabaseWrapper) -> bool:
        """Has the file gone, or another one come in its place? A transaction that is open is not disturbed."""
        opened = self._opened.get(wrapper)
        return opened is not None and not wrapper.connection.in_transaction and _identity(wrapper) != opened


def _identity(wrapper: BaseDatabaseWrapper) -> Identity | None:
    try:
        status = os.stat(wrapper.settings_dict["NAME"])
    except OSError:
        return None
    return status.st_dev, status.st_ino
