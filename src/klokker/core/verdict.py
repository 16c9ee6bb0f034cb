"""What follows from the end of an attempt: the run is done, or it is tried again, or it was asked to wait."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from klokker.core.definition import IfLost
from klokker.core.errors import InvalidPolicy
from klokker.core.json_values import Json
from klokker.core.lifecycle import Outcome
from klokker.core.retry import Retry
from klokker.core.timeout import Timeout

LOST_AT_MOST = 3
"""How many attempts of a repeatable run may be lost, where its retry states no number."""

LONGEST_SNOOZE = timedelta(days=366)
"""A longer wait is cut to this: a run is no place to keep a date."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the schedule left open, settled from the task when a run is claimed, and written on the run.

    `if_lost` retry goes with repeatable tasks only: whether the lost attempt did its work is unknown.
    """

    repeatable: bool = False
    timeout: Timeout = Timeout()
    retry: Retry = Retry()
    if_lost: IfLost = IfLost.FAIL
    executor: str = "processes"

    def __post_init__(self) -> None:
        InvalidPolicy.collect(
            self,
            (
                self.repeatable or self.if_lost is IfLost.FAIL,
                "if_lost",
                "must be fail for a task that is not declared repeatable",
            ),
        )


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at a run, as far as judging it needs: `number` counts from 1; `failed` and `lost` count this one's forerunners."""

    run: int
    number: int
    failed: int
    lost: int
    terms: Terms
    first_started: datetime
    cancel_asked: bool = False


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt ended. `outcome` is None when the task asked to `snooze`; `result` and `counts` are JSON already."""

    outcome: Outcome | None
    result: Json = None
    counts: Mapping[str, int] = field(default_factory=dict)
    error: str = ""
    snooze: timedelta | None = None

    def __post_init__(self) -> None:
        InvalidPolicy.collect(
            self,
            (
                (self.outcome is None) == (self.snooze is not None),
                "snooze",
                "must be stated where there is no outcome, and only there",
            ),
        )


@dataclass(frozen=True, slots=True)
class Done:
    """The run is over, with this outcome."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Again:
    """A further attempt, not before `at`; with `next_tick`, also at the first `klokker tick` begun after the attempt ended."""

    at: datetime
    outcome: Outcome
    next_tick: bool = False


@dataclass(frozen=True, slots=True)
class Snoozed:
    """The task asked for later: the same attempt begins anew at `until`, and costs none."""

    until: datetime


Verdict = Done | Again | Snoozed


def judge(attempt: Attempt, ending: Ending, now: datetime, *, heard: datetime | None = None) -> Verdict:
    """What becomes of a run whose attempt ended so, `now` (for a lost attempt: when it was found out).

    `heard`: when a lost attempt was heard of last, from which its retry's waits count; None: until now.
    A run that was asked to cancel gets no further attempt; the outcome is what the attempt made of it, and cancelled
    where it asked for later.
    """
    if ending.outcome is None:
        if attempt.cancel_asked:
            return Done(Outcome.CANCELLED)
        wait = ending.snooze or timedelta(0)
        return Snoozed(now + min(max(wait, timedelta(0)), LONGEST_SNOOZE))
    if attempt.cancel_asked:
        return Done(ending.outcome)
    match ending.outcome:
        case Outcome.FAILED | Outcome.TIMED_OUT:
            return _after_failure(attempt, ending.outcome, now)
        case Outcome.LOST:
            return _after_loss(attempt, now, heard or now)
        case Outcome.SUCCEEDED | Outcome.CANCELLED | Outcome.EXPIRED:
            return Done(ending.outcome)


def _after_failure(attempt: Attempt, outcome: Outcome, now: datetime) -> Verdict:
    retry = attempt.terms.retry
    at = retry.again_at(
        failed=attempt.failed + 1, first_started=attempt.first_started, ended=now, key=f"run {attempt.run}"
    )
    return Done(outcome) if at is None else Again(at, outcome, next_tick=retry.next_tick)


def _after_loss(attempt: Attempt, now: datetime, heard: datetime) -> Verdict:
    """At once, or when its retry says. Lost attempts are counted by themselves, and failed ones too.

    A retry's waits matter here as well: a task that crashes its process each time would begin again without end.
    """
    terms, lost = attempt.terms, attempt.lost + 1
    if terms.if_lost is IfLost.FAIL or not terms.repeatable:
        return Done(Outcome.LOST)
    if terms.retry == Retry():
        return Done(Outcome.LOST) if lost >= LOST_AT_MOST else Again(now, Outcome.LOST)
    at = terms.retry.again_at(
        failed=lost, first_started=attempt.first_started, ended=heard, key=f"run {attempt.run}, lost"
    )
    too_late = terms.retry.until is not None and now > attempt.first_started + terms.retry.until
    if at is None or too_late:
        return Done(Outcome.LOST)
    return Again(max(at, now), Outcome.LOST, next_tick=terms.retry.next_tick)
