"""What does a task know of its own run, and how does it speak while it works?

A task that has a parameter annotated `RunContext` is handed one. It talks to the outside through a `Reporter`, which
each executor implements: a pipe to the parent process, or a plain call.
"""

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Protocol

from klokker.core.errors import KlokkerError
from klokker.core.moments import Window
from klokker.core.text import head_and_tail


class RunNotMine(KlokkerError):
    """The run is no longer held by this process: its lease ran out, or it was taken back. What this attempt does now no
    longer counts; roll back and return. `run_id` says which run."""

    def __init__(self, run_id: int) -> None:
        self.run_id = run_id
        super().__init__(
            f"Run {run_id} is no longer held by this process: its lease ran out, or it was taken back. "
            "Roll back what this attempt began, and return."
        )


class Reporter(Protocol):
    """Where a run's signs of life go.

    Called from the thread that runs the task, often in a tight loop: an implementation is cheap, and thins.
    """

    def progress(self, done: int, total: int | None) -> None:
        """So much is done, out of so much if that is known."""

    def log(self, level: int, message: str, at: datetime) -> None:
        """One entry for the run log: a level of `logging`, storable text (lines of a traceback included), and when."""

    def cancelled(self) -> bool:
        """Has someone asked this run to stop, or is its time up?"""

    def still_mine(self) -> bool:
        """Does this process hold the run's claim at this moment? Asks whoever knows, not a memory of it."""


@dataclass(frozen=True)
class RunContext:
    """One attempt at one run, as its task sees it.

    `attempt` counts from 1. `nominal_at` is the moment on the timetable, None for runs outside it. `window` reaches
    from the nominal time of the timer's last occurrence that became a run up to this one's, None where there is none.
    `dry_run`: count and sample what would be done, and change nothing.
    """

    reporter: Reporter = field(repr=False)
    run_id: int
    task: str
    attempt: int = 1
    nominal_at: datetime | None = None
    window: Window | None = None
    dry_run: bool = False

    @classmethod
    def by_hand(cls, task: str, *, dry_run: bool = False) -> "RunContext":
        """A context to call a task's function with, outside any run: only normal logging hears of it."""
        return cls(_Nobody(), run_id=0, task=task, dry_run=dry_run)

    @cached_property
    def logger(self) -> logging.Logger:
        """Writes to the run log, from INFO up, and to `klokker.run.<task>` as the program's logging has it."""
        return _run_logger(self)

    @property
    def cancelled(self) -> bool:
        """Has someone asked this run to stop? A long task looks between batches, and returns when it is true."""
        return self.reporter.cancelled()

    def progress(self, done: int, total: int | None = None) -> None:
        """Show how far the work is; may be called as often as is convenient, only the newest figures are kept."""
        self.reporter.progress(done, total)

    def check(self) -> None:
        """Raise RunNotMine unless this process still holds the run.

        For use inside a task's own transaction, last before the commit: work that another process has begun anew is
        then rolled back here.
        """
        if not self.reporter.still_mine():
            raise RunNotMine(self.run_id)


class _Nobody:
    """The reporter of a task called by hand."""

    def progress(self, done: int, total: int | None) -> None:
        pass

    def log(self, level: int, message: str, at: datetime) -> None:
        pass

    def cancelled(self) -> bool:
        return False

    def still_mine(self) -> bool:
        return True


def _run_logger(run: RunContext) -> logging.Logger:
    # Not registered with logging's manager: one object a run, gone with it. What normal logging shows is decided by the
    # registered logger of the task alone, so the run log's level and the program's do not disturb each other.
    logger = logging.Logger(f"klokker.run.{run.task}", level=logging.INFO)
    logger.addHandler(_ToRunLog(run.reporter))
    logger.addHandler(_ToProgramLog(run))
    return logger


class _ToRunLog(logging.Handler):
    """Words a record, traceback included, and hands it to the reporter."""

    def __init__(self, reporter: Reporter) -> None:
        super().__init__()
        self.reporter = reporter

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = head_and_tail(self.format(record))
            self.reporter.log(record.levelno, message, datetime.fromtimestamp(record.created, UTC))
        except Exception:  # noqa: BLE001 — logging's own contract: a line that cannot be written never fails the work
            self.handleError(record)


class _ToProgramLog(logging.Handler):
    """Passes a record on to the program's logging, marked with its run."""

    def __init__(self, run: RunContext) -> None:
        super().__init__()
        self.run_id, self.attempt = run.run_id, run.attempt
        self.program = logging.getLogger(f"klokker.run.{run.task}")

    def emit(self, record: logging.LogRecord) -> None:
        if self.program.isEnabledFor(record.levelno):
            record.__dict__.update(run_id=self.run_id, attempt=self.attempt)
            self.program.handle(record)
