"""Why can the store not be used just now, and what is to be done about it?

Whoever works on goes on trying: a store connects anew by itself with each verb. Nothing of the verb that raised was
written, or all of it (an answer may be lost after COMMIT); said again, it does once.

StoreUnavailable
├── StoreLocked      somebody holds what this verb needs, and did not let go in time
├── StoreReadOnly    the database does not let us write
├── StoreFull        there is no room left
├── OlderSchema      the tables are those of an older release: migrate
└── NewerSchema      the tables are those of a newer release: upgrade this process
"""

from klokker.core.errors import KlokkerError


class StoreUnavailable(KlokkerError):
    """The database does not answer. `database`: which one; `why`: its own words."""

    what_to_do = "Check that it runs and can be reached from here; Klokker goes on by itself once it does."

    def __init__(self, database: str, why: str) -> None:
        self.database, self.why = database, " ".join(why.split())
        super().__init__(f"{self.said()} ({database}: {self.why}). {self.what_to_do}")

    @classmethod
    def said(cls) -> str:
        """The sentence that says what is wrong."""
        return "The database does not answer"


class StoreLocked(StoreUnavailable):
    """Somebody holds what is needed."""

    what_to_do = (
        "Look for a long transaction of another program, or for a process that was stopped in mid-transaction, "
        "and end it; Klokker goes on by itself."
    )

    @classmethod
    def said(cls) -> str:
        return "The database is locked by somebody else"


class StoreReadOnly(StoreUnavailable):
    """The database does not let us write."""

    what_to_do = (
        "Give this user the right to write (for SQLite: to the file and to its folder), or name the server that takes "
        "writes, not its copy."
    )

    @classmethod
    def said(cls) -> str:
        return "The database is read-only"


class StoreFull(StoreUnavailable):
    """No room is left. Nothing half written remains."""

    what_to_do = "Make room on its disk (or raise its limit); Klokker goes on by itself."

    @classmethod
    def said(cls) -> str:
        return "The database has no room left"


class OlderSchema(StoreUnavailable):
    """The tables are older than this program, or are not there."""

    what_to_do = "Run `klokker migrate` (in a host project: `manage.py migrate`)."

    @classmethod
    def said(cls) -> str:
        return "The database lacks tables or columns of this release"


class NewerSchema(StoreUnavailable):
    """The tables are newer than this program."""

    what_to_do = "Upgrade Klokker here to the release that made them, and start this process anew."

    @classmethod
    def said(cls) -> str:
        return "The database is that of a newer release"
