"""What an exit code says: one meaning each, for every command (docs/commands/exit-codes.md)."""

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of `klokker`."""

    WELL = 0
    """Done, and all is well."""
    NOT_WELL = 1
    """Done, and the answer is no: a run failed, the account is not exact, `check` found something wrong,
    a moment is none of a timetable's."""
    USAGE = 2
    """The command was not understood, or a value in it is wrong. Nothing was changed."""
    NOT_FOUND = 3
    """The schedule, run, node or file that was named does not exist."""
    REFUSED = 4
    """Understood, and refused: it needs a yes, somebody else was first, or the state does not allow it."""
    UNAVAILABLE = 5
    """The database cannot be used: down, locked, read-only, not migrated, or of a newer schema."""
    FAULT = 70
    """A fault in Klokker itself; `--debug` shows where."""
    INTERRUPTED = 130
    """Ctrl-C."""
