"""Which words and which exit code an error gets."""

from typing import Any

import typer

from klokker.cli.exits import Exit
from klokker.core.errors import InvalidTimetable, KlokkerError
from klokker.store.errors import NameInUse, NoSuchRun, NoSuchSchedule, OlderCalendar
from klokker.store.unavailable import StoreUnavailable


class NotFound(KlokkerError):
    """What was named does not exist."""

    exit = Exit.NOT_FOUND


class Refused(KlokkerError):
    """Understood, and refused: it needs a yes, or the state does not allow it."""

    exit = Exit.REFUSED


class UsageFault(KlokkerError):
    """Options that do not go together. `command`: which one was asked."""

    exit = Exit.USAGE

    def __init__(self, command: str, what_to_do: str) -> None:
        self.command = command
        super().__init__(f"{command}: {what_to_do}")


def _exit_of(error: KlokkerError) -> Exit:
    code = getattr(error, "exit", None)
    if isinstance(code, Exit):
        return code
    if isinstance(error, StoreUnavailable):
        return Exit.UNAVAILABLE
    if isinstance(error, NoSuchSchedule | NoSuchRun):
        return Exit.NOT_FOUND
    return next((exit for exit, kinds in _others().items() if isinstance(error, kinds)), Exit.USAGE)


def _others() -> dict[Exit, tuple[type[KlokkerError], ...]]:
    """Errors of other layers, by what they say here."""
    # Imported when something went wrong: every command would wait for the operations, and few use them.
    from klokker.django.copies import CopyFailed, InUse
    from klokker.django.unreadable import UnreadableValue
    from klokker.moving.declared import NoSuchFile
    from klokker.operations.backfill import TooManyRuns
    from klokker.operations.calendar import (
        CalendarDeclaredElsewhere,
        CalendarEditedMeanwhile,
        CalendarExists,
        CalendarInUse,
        NoSuchCalendar,
    )
    from klokker.operations.edit import DeclaredElsewhere, EditedMeanwhile
    from klokker.operations.node import NoSuchNode
    from klokker.operations.operation import WrongState

    return {
        Exit.REFUSED: (
            NameInUse,
            WrongState,
            EditedMeanwhile,
            DeclaredElsewhere,
            TooManyRuns,
            InUse,
            OlderCalendar,
            CalendarExists,
            CalendarInUse,
            CalendarEditedMeanwhile,
            CalendarDeclaredElsewhere,
        ),
        Exit.NOT_FOUND: (NoSuchFile, NoSuchNode, NoSuchCalendar),
        Exit.UNAVAILABLE: (CopyFailed, UnreadableValue),
    }


def worded(error: Exception) -> tuple[str, Exit]:
    """The message for people, and the exit code, of an error that reached the top."""
    from django.db.utils import Error as AnyDatabaseError  # imported when something went wrong, as below

    if isinstance(error, AnyDatabaseError):
        from klokker.django.unavailable import as_unavailable

        error = as_unavailable(error) or error
    elif isinstance(error, ValueError) and not isinstance(error, KlokkerError):
        error = _unreadable() or error
    if isinstance(error, InvalidTimetable):
        return "\n  ".join([str(error), *error.pointed().splitlines()]), Exit.USAGE
    if isinstance(error, KlokkerError):
        return str(error), _exit_of(error)
    if isinstance(error, NOT_UNDERSTOOD):
        return _not_understood(error), Exit.USAGE
    if isinstance(error, OSError) and error.filename is not None:
        return f"{str(error.filename)[:300]}: {error.strerror}", Exit.USAGE
    return f"a fault in Klokker: {type(error).__name__}: {error} (say it again with --debug to see where)", Exit.FAULT


def _unreadable() -> KlokkerError | None:
    """Whether a stored value may have been what was raised at. It is looked for where a fault of ours would be told else."""
    from django.apps import apps

    if not apps.ready:
        return None
    from django.db import Error

    from klokker.django.unreadable import first_unreadable

    try:
        return first_unreadable()
    except Error:
        return None


NOT_UNDERSTOOD: type[Exception] = typer.BadParameter.__mro__[1]
"""Typer's error for a command line that makes no sense; it has no public name of its own."""


def _not_understood(error: Any) -> str:
    """What Typer says, in one line: `pause: Missing option '--reason' / '-r'; klokker pause --help shows what it takes`."""
    said = " ".join(error.format_message().split()).rstrip(".")
    if error.ctx is None:
        return said
    command = error.ctx.command_path.partition(" ")[2]
    where = f"{command}: " if command else ""
    return f"{where}{said}{'' if said[-1:] == '?' else ';'} `{error.ctx.command_path} --help` shows what there is"
