"""judge(): what follows from the end of an attempt (docs/concepts/outcomes.md, docs/policies/retry.md, docs/policies/if-lost.md)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from klokker.core.definition import IfLost
from klokker.core.errors import InvalidPolicy
from klokker.core.lifecycle import Outcome
from klokker.core.retry import Retry
from klokker.core.verdict import LONGEST_SNOOZE, Again, Attempt, Done, Ending, Snoozed, Terms, Verdict, judge

BEGAN = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
NOW = datetime(2026, 3, 29, 1, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

FIVE = Terms(retry=Retry(5, jitter=0))
ENDLESS = Terms(retry=Retry.until_success())
REPEATABLE = Terms(repeatable=True, if_lost=IfLost.RETRY)


def attempt(terms: Terms = Terms(), *, failed: int = 0, lost: int = 0, cancel_asked: bool = False) -> Attempt:
    return Attempt(17, failed + lost + 1, failed, lost, terms, BEGAN, cancel_asked)


def judged(of: Attempt, outcome: Outcome) -> Verdict:
    return judge(of, Ending(outcome), NOW)


@pytest.mark.parametrize("outcome", Outcome)
def test_without_further_word_every_end_is_the_end(outcome: Outcome) -> None:
    assert judged(attempt(), outcome) == Done(outcome)


@pytest.mark.parametrize("outcome", [Outcome.SUCCEEDED, Outcome.CANCELLED, Outcome.EXPIRED])
def test_success_cancel_and_expiry_are_never_tried_again(outcome: Outcome) -> None:
    assert judged(attempt(FIVE), outcome) == Done(outcome)
    assert judged(attempt(ENDLESS), outcome) == Done(outcome)


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.TIMED_OUT])
@pytest.mark.parametrize(
    ("failed", "wait"), [(0, timedelta(seconds=30)), (1, MINUTE), (2, 2 * MINUTE), (3, 4 * MINUTE), (4, None)]
)
def test_retry_tries_five_times_with_growing_waits(outcome: Outcome, failed: int, wait: timedelta | None) -> None:
    expected = Done(outcome) if wait is None else Again(NOW + wait, outcome)
    assert judged(attempt(FIVE, failed=failed), outcome) == expected


def test_until_success_at_the_next_tick_or_after_a_minute() -> None:
    assert judged(attempt(ENDLESS, failed=999), Outcome.FAILED) == Again(NOW + MINUTE, Outcome.FAILED, next_tick=True)


def test_until_success_with_an_end() -> None:
    limited = Terms(retry=Retry.until_success(MINUTE, until=timedelta(minutes=11)))
    assert judged(attempt(limited), Outcome.FAILED) == Again(NOW + MINUTE, Outcome.FAILED)
    limited = Terms(retry=Retry.until_success(MINUTE, until=timedelta(minutes=10)))
    assert judged(attempt(limited), Outcome.FAILED) == Done(Outcome.FAILED)


@pytest.mark.parametrize(
    ("terms", "lost", "again"),
    [
        (Terms(), 0, False),
        (Terms(repeatable=True), 0, False),
        (FIVE, 0, False),  # a task that is not repeatable gets no further attempt after a lost one, whatever its retry
        (ENDLESS, 0, False),
        (REPEATABLE, 0, True),
        (REPEATABLE, 1, True),
        (REPEATABLE, 2, False),
        (replace(REPEATABLE, retry=Retry(5)), 3, True),
        (replace(REPEATABLE, retry=Retry(5)), 4, False),
        (replace(REPEATABLE, retry=Retry(2)), 1, False),
        (replace(REPEATABLE, retry=Retry.until_success()), 500, True),
    ],
)
def test_a_lost_attempt_is_tried_again_only_where_that_does_no_harm(terms: Terms, lost: int, again: bool) -> None:
    verdict = judged(attempt(terms, lost=lost), Outcome.LOST)
    assert isinstance(verdict, Again) if again else verdict == Done(Outcome.LOST)


@pytest.mark.parametrize(
    ("retry", "lost", "wait"),
    [
        (Retry(), 0, timedelta(0)),
        (Retry(), 1, timedelta(0)),
        (Retry(5, jitter=0), 0, timedelta(seconds=30)),
        (Retry(5, jitter=0), 2, 2 * MINUTE),
        (Retry.until_success(), 500, MINUTE),
    ],
)
def test_a_lost_attempt_is_tried_again_at_once_or_when_its_retry_says(retry: Retry, lost: int, wait: timedelta) -> None:
    of = attempt(replace(REPEATABLE, retry=retry), lost=lost)
    assert judged(of, Outcome.LOST) == Again(NOW + wait, Outcome.LOST, next_tick=retry.next_tick)


def test_the_waits_of_a_lost_attempt_count_from_when_it_was_heard_of_last() -> None:
    of = attempt(replace(REPEATABLE, retry=Retry(5, jitter=0)), lost=1)
    lost = Ending(Outcome.LOST)
    assert judge(of, lost, NOW, heard=NOW - timedelta(seconds=40)) == Again(NOW + timedelta(seconds=20), Outcome.LOST)
    assert judge(of, lost, NOW, heard=NOW - timedelta(hours=1)) == Again(NOW, Outcome.LOST)


def test_lost_attempts_do_not_use_up_those_that_may_fail() -> None:
    of = attempt(replace(REPEATABLE, retry=Retry(2, jitter=0)), failed=0, lost=1)
    assert judged(of, Outcome.FAILED) == Again(NOW + timedelta(seconds=30), Outcome.FAILED)


def test_until_success_ends_for_lost_attempts_too() -> None:
    limited = replace(REPEATABLE, retry=Retry.until_success(MINUTE, until=timedelta(minutes=9)))
    assert judged(attempt(limited), Outcome.LOST) == Done(Outcome.LOST)


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("terms", [FIVE, ENDLESS, REPEATABLE])
def test_a_run_that_was_asked_to_cancel_gets_no_further_attempt(terms: Terms, outcome: Outcome) -> None:
    assert judged(attempt(terms, cancel_asked=True), outcome) == Done(outcome)


@pytest.mark.parametrize(
    ("asked", "until"),
    [
        (timedelta(hours=2), NOW + timedelta(hours=2)),
        (timedelta(0), NOW),
        (timedelta(days=-5), NOW),
        (timedelta.max, NOW + LONGEST_SNOOZE),
    ],
)
def test_a_snooze_waits_as_long_as_the_task_asked_within_reason(asked: timedelta, until: datetime) -> None:
    assert judge(attempt(FIVE, failed=4), Ending(None, snooze=asked), NOW) == Snoozed(until)


def test_a_run_that_was_asked_to_cancel_does_not_snooze() -> None:
    ending = Ending(None, snooze=MINUTE)
    assert judge(attempt(cancel_asked=True), ending, NOW) == Done(Outcome.CANCELLED)


def test_an_ending_is_an_outcome_or_a_snooze() -> None:
    for outcome, snooze in ((None, None), (Outcome.FAILED, MINUTE)):
        with pytest.raises(InvalidPolicy, match="snooze must be stated where there is no outcome"):
            Ending(outcome, snooze=snooze)


def test_a_task_that_is_not_repeatable_cannot_have_lost_attempts_tried_again() -> None:
    with pytest.raises(InvalidPolicy, match="if_lost must be fail for a task that is not declared repeatable"):
        Terms(repeatable=False, if_lost=IfLost.RETRY)
