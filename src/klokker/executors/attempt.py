"""One attempt: the task is called, and whatever comes of it becomes one ending.

What a task returned counts, also when it returned late. Only a run that saw the request to end, and then ended, is
cancelled or timed out.
"""

import inspect
import logging
import traceback
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from klokker.core.lifecycle import Outcome
from klokker.core.result import Result
from klokker.core.text import head_and_tail
from klokker.core.verdict import Ending
from klokker.executors.contract import Assignment, Prepared
from klokker.tasks.context import Reporter, RunContext
from klokker.tasks.results import Answer, Cancel, Counts, Snooze, answer

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Request:
    """A run was asked to end: the outcome that this gives it, and why."""

    outcome: Outcome
    why: str


def time_is_up(allowed: timedelta) -> Request:
    """The request that a timeout makes."""
    return Request(Outcome.TIMED_OUT, f"It took longer than the {allowed} it is allowed (its timeout).")


INTERRUPTED = Ending(Outcome.CANCELLED, error="It was interrupted (Ctrl-C).")
BEFORE_IT_BEGAN = Ending(Outcome.CANCELLED, error="It was cancelled before it began.")
CANCEL_ASKED = Request(Outcome.CANCELLED, "It was asked to cancel, and ended.")


class Listening(Reporter, Protocol):
    """A reporter that remembers whether its task has seen a request to end."""

    @property
    def seen(self) -> Request | None:
        """The request that `cancelled()` answered True for."""


def attempt(
    assignment: Assignment,
    prepared: Prepared,
    reporter: Listening,
    within: Callable[[RunContext], AbstractContextManager[object]] = lambda run: nullcontext(run),
) -> Ending:
    """Call the task, and say how it ended. Nothing that a task raises passes through; Ctrl-C gives INTERRUPTED.

    `within` gives what to put around the call itself: the capture of printed lines, in a process of its own.
    """
    run = RunContext(
        reporter,
        run_id=assignment.run,
        task=assignment.task,
        attempt=assignment.attempt,
        nominal_at=assignment.nominal_at,
        window=assignment.window,
        dry_run=assignment.dry_run,
    )
    try:
        prepared.tidy()
        with within(run):
            returned = prepared.call(assignment.task, run, assignment.args, assignment.kwargs)
            if inspect.isawaitable(returned):
                returned = _awaited(returned)
        ending = _ending(_answer(returned))
    except KeyboardInterrupt:
        ending = INTERRUPTED
    except BaseException as raised:  # noqa: BLE001 — SystemExit and worse are how this one run ends, not its worker
        ending = Ending(Outcome.FAILED, error=_worded(raised))
    finally:
        _tidy(prepared)
    return _as_asked(ending, reporter.seen)


def _awaited(returned: Awaitable[object]) -> object:
    import asyncio  # few tasks are coroutines, and it is slow to import

    async def wait() -> object:
        return await returned

    return asyncio.run(wait())


def _answer(returned: object) -> Answer:
    try:
        return answer(returned)
    except Exception as raised:  # noqa: BLE001 — the work is done; a value that cannot even be read does not undo it
        fault = f"The returned value could not be read: {''.join(traceback.format_exception_only(raised)).strip()}"
        return Result({"not stored": head_and_tail(fault)}, fault)


def _ending(answered: Answer) -> Ending:
    match answered:
        case Counts():
            return Ending(Outcome.SUCCEEDED, counts=dict(answered))
        case Snooze():
            return Ending(None, snooze=answered.wait)
        case Cancel():
            return Ending(Outcome.CANCELLED, error=answered.reason)
        case Result():
            return Ending(Outcome.SUCCEEDED, result=answered.json)


def _as_asked(ending: Ending, seen: Request | None) -> Ending:
    if seen is None or ending.outcome is Outcome.CANCELLED:
        return ending
    error = f"{seen.why}\n{ending.error}".rstrip()
    return Ending(seen.outcome, result=ending.result, counts=ending.counts, error=head_and_tail(error))


def _worded(raised: BaseException) -> str:
    """The traceback from the task's own first frame on; how it came to be called is of no interest there."""
    frames = raised.__traceback__
    while frames is not None and frames.tb_next is not None and frames.tb_frame.f_code.co_filename == __file__:
        frames = frames.tb_next
    return head_and_tail("".join(traceback.format_exception(type(raised), raised, frames)).rstrip())


def _tidy(prepared: Prepared) -> None:
    try:
        prepared.tidy()
    except Exception:
        log.exception("executors.tidy_failed")
