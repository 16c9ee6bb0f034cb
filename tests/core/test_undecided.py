"""What a timer has not decided yet, dismissed at once: one dismissal a revision."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from klokker.core.definition import Definition, Revision
from klokker.core.lifecycle import DismissalReason
from klokker.core.plan import Dismissal, LastDismissal, Timer
from klokker.core.undecided import dismiss_all

MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
HOURLY = Definition(name="tidy", task="chores.tidy", when="0 * * * *")
PAUSED = DismissalReason.PAUSED


def at(hour: float) -> datetime:
    return MIDNIGHT + timedelta(hours=hour)


def timer(*revisions: Definition, every: float = 2) -> Timer:
    """A timer that has decided nothing since midnight; each revision holds from `every` hours after the one before."""
    numbered = [Revision(number, at(every * (number - 1)), each) for number, each in enumerate(revisions, 1)]
    return Timer(
        id=1,
        schedule=1,
        node="",
        since=MIDNIGHT,
        until=None,
        handled_until=MIDNIGHT,
        next_due=at(1),
        runs_made=0,
        revisions=numbered,
    )


def test_all_that_is_undecided_is_one_window() -> None:
    assert dismiss_all(timer(HOURLY), at(3.5), PAUSED) == (Dismissal(1, MIDNIGHT, at(3.5), 3, PAUSED),)


def test_each_revision_has_a_window_of_its_own() -> None:
    half_hourly = replace(HOURLY, when="*/30 * * * *")
    assert dismiss_all(timer(HOURLY, half_hourly), at(3), PAUSED) == (
        Dismissal(1, MIDNIGHT, at(2), 2, PAUSED),
        Dismissal(2, at(2), at(3), 2, PAUSED),
    )


def test_nothing_to_dismiss_is_no_dismissal() -> None:
    assert dismiss_all(timer(HOURLY), at(0.9), PAUSED) == ()
    assert dismiss_all(timer(HOURLY), MIDNIGHT - timedelta(days=1), PAUSED) == ()
    yearly = replace(HOURLY, when="@yearly")
    assert dismiss_all(timer(yearly, HOURLY), at(3), PAUSED) == (Dismissal(2, at(2), at(3), 1, PAUSED),)


def test_what_was_decided_ahead_is_not_counted() -> None:
    ahead = replace(timer(HOURLY), decided_ahead=frozenset({at(1), at(3)}))
    assert dismiss_all(ahead, at(3), PAUSED) == (Dismissal(1, MIDNIGHT, at(3), 1, PAUSED),)


def test_a_window_that_adjoins_the_last_dismissal_of_its_kind_carries_it_on() -> None:
    last = LastDismissal(7, 1, PAUSED, MIDNIGHT)
    assert dismiss_all(replace(timer(HOURLY), last_dismissal=last), at(1), PAUSED)[0].extends == 7
    for other in (
        replace(last, until=at(-1)),
        replace(last, reason=DismissalReason.MISSED),
        replace(last, revision=2),
    ):
        assert dismiss_all(replace(timer(HOURLY), last_dismissal=other), at(1), PAUSED)[0].extends is None


def test_a_definition_that_cannot_be_evaluated_is_dismissed_uncounted() -> None:
    broken = replace(HOURLY, zone="Mars/Olympus")
    assert dismiss_all(timer(broken, HOURLY), at(3), DismissalReason.BROKEN) == (
        Dismissal(1, MIDNIGHT, at(2), None, DismissalReason.BROKEN),
        Dismissal(2, at(2), at(3), 1, DismissalReason.BROKEN),
    )


def test_after_completion_there_is_one_occurrence_or_none() -> None:
    resting = replace(HOURLY, when="10 minutes after completion")
    assert dismiss_all(timer(resting), at(2), PAUSED) == (Dismissal(1, MIDNIGHT, at(2), 1, PAUSED),)
    assert dismiss_all(replace(timer(resting), next_due=None), at(2), PAUSED) == ()
    assert dismiss_all(replace(timer(resting), next_due=at(3)), at(2), PAUSED) == ()
