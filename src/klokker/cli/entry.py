"""From arguments to an exit code: every error becomes one clear message, never a traceback unless `--debug` asks for it."""

import os
import sys
from collections.abc import Callable, Sequence

import typer

from klokker.cli.app import commands
from klokker.cli.exits import Exit
from klokker.cli.faults import Refused, worded
from klokker.cli.streams import UNWRITTEN, close_stdout, open_standard_streams
from klokker.core.errors import KlokkerError
from klokker.core.text import head_and_tail, printable


class NoAnswer(Refused):
    """Nothing was changed: the input ended where an answer was asked for."""


def run(arguments: Sequence[str], *, program: str = "klokker", prepare: Callable[[], object] | None = None) -> int:
    """Run one command; its exit code. `prepare` is called first and sets Django up, where that is not done already."""
    rest = [argument for argument in arguments if argument != "--debug"]
    debug = len(rest) < len(arguments) or os.environ.get("KLOKKER_DEBUG", "") not in ("", "0")
    open_standard_streams()
    try:
        _see_text(rest)
        if prepare is not None:
            prepare()
        code = _obey(rest, program)
        # A reader that is gone is noticed here, and not when Python leaves and can only complain.
        sys.stdout.flush()
    except SystemExit as leaving:
        # Rich ends the process when its reader is gone, which is no fault of ours.
        if isinstance(leaving.__context__, BrokenPipeError):
            return Exit.WELL
        return leaving.code if isinstance(leaving.code, int) else Exit.WELL
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has enough (`klokker runs | head`). Nothing more can be said to it.
        close_stdout()
        return Exit.WELL
    except Exception as error:
        # The last line of defence: worded, with an exit code of its own, never silent.
        if debug:
            raise
        if isinstance(error, OSError) and error.errno in UNWRITTEN and error.filename is None:
            close_stdout()
            error = Unheard(error.strerror or str(error))
        message, code = worded(error)
        print(printable(head_and_tail(f"{program}: {message}")), file=sys.stderr)
    return code


class Unheard(KlokkerError):
    """The answer could not be written: the disk behind stdout is full, or worse. `why`: the system's words."""

    exit = Exit.UNAVAILABLE

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(
            f"the answer could not be written ({why}). What was asked may have been done: look before asking again"
        )


class NotText(KlokkerError):
    """An argument of the command line is no UTF-8 text. `argument`: what it is."""

    def __init__(self, argument: str) -> None:
        self.argument = argument
        super().__init__(f"the argument {argument[:100]!r} is no UTF-8 text")


def _see_text(arguments: Sequence[str]) -> None:
    """No database keeps, and no name holds, what Python could not read as text."""
    for argument in arguments:
        if any("\ud800" <= each <= "\udfff" for each in argument):
            raise NotText(argument)


def _obey(arguments: Sequence[str], program: str) -> int:
    # Typer's own main words errors at length and ends the process; all that is done by our caller.
    command = typer.main.get_command(commands())
    try:
        # Without arguments: help, but not as if it had been asked for.
        with command.make_context(program, list(arguments) or ["--help"]) as context:
            command.invoke(context)
    except typer.Exit as leaving:
        return leaving.exit_code if arguments else Exit.USAGE
    except typer.Abort as aborted:
        if isinstance(aborted.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from aborted
        raise NoAnswer from aborted
    return Exit.WELL
