"""The real parts that tests stand on: databases on a disk, servers in a process. None of them is imitated.

Ask for them as fixtures: `sqlite`, `postgres`, `own_postgres`, or `database` for a test that is to hold on every one. What a machine
lacks is skipped with a reason, and the end of the test run says in words what was used and what was not.
"""

from tests.real.database import Database
from tests.real.postgres import PostgresServer

__all__ = ["Database", "PostgresServer"]
