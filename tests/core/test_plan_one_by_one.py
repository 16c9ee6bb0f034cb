"""plan() against a planner that looks at occurrences one by one (tests/core/one_by_one.py)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

import pytest

from klokker.core.catchup import CatchUpKind
from klokker.core.lifecycle import DismissalReason
from klokker.core.plan import Plan, Timer, plan
from tests.core import one_by_one
from tests.core.timers import random_moment, random_timer

Dismissed = dict[datetime, tuple[int, DismissalReason]]


def scenarios(first: int, number: int) -> Iterator[tuple[Timer, datetime, datetime | None]]:
    for seed in range(first, first + number):
        dice = Random(seed)
        timer = random_timer(dice)
        now = random_moment(dice, timer.handled_until, dice.choice((70, 900, 9000)))
        yield timer, now, dice.choice((None, timer.handled_until, now))


def spread(timer: Timer, decision: Plan) -> Dismissed:
    """Every occurrence in the windows of the dismissals; a window's count must say how many there are."""
    revisions = {revision.number: revision for revision in timer.revisions}
    dismissed: Dismissed = {}
    for dismissal in decision.dismissals:
        moments = [
            moment
            for moment in revisions[dismissal.revision].definition.timetable().between(dismissal.after, dismissal.until)
            if moment not in timer.decided_ahead
        ]
        assert len(moments) == dismissal.count != 0
        assert dismissed.keys().isdisjoint(moments)
        dismissed |= dict.fromkeys(moments, (dismissal.revision, dismissal.reason))
    return dismissed


def next_occurrence(timer: Timer, after: datetime) -> datetime | None:
    """When the next one can be decided, within 30 hours, in which each of these timetables yields, if it ever does again."""
    for hours in (1, 30):
        horizon = after + timedelta(hours=hours)
        found = one_by_one.occurrences(timer, after, horizon if timer.until is None else min(horizon, timer.until))
        if found:
            return one_by_one.decidable(list(timer.revisions), found[0].nominal) or found[0].nominal
    return None


@pytest.mark.parametrize("first", range(0, 4000, 1000))
def test_the_plan_is_what_one_by_one_comes_to(first: int) -> None:
    for timer, now, previous_tick in scenarios(first, 1000):
        decision = plan(timer, now=now, previous_tick=previous_tick)
        expected = one_by_one.decide(timer, now, previous_tick)
        assert [(run.nominal, run.revision, run.planned) for run in decision.runs] == [
            (run.nominal, run.revision.number, one_by_one.planned(timer, run)) for run in expected.runs
        ]
        assert spread(timer, decision) == {
            occurrence.nominal: (occurrence.revision.number, occurrence.reason) for occurrence in expected.dismissed
        }
        assert set(decision.cancel) == ({run.id for run in timer.unfinished} if expected.cancels else set())


@pytest.mark.parametrize("first", range(4000, 6000, 1000))
def test_the_plan_says_how_far_it_decided_and_what_comes_next(first: int) -> None:
    for timer, now, previous_tick in scenarios(first, 1000):
        decision = plan(timer, now=now, previous_tick=previous_tick)
        expected = one_by_one.decide(timer, now, previous_tick)
        if expected.closed_at is not None:
            assert decision.handled_until == decision.until == expected.closed_at
            assert decision.next_due is None
        elif expected.closed_before is not None:
            assert decision.until is not None
            assert timer.handled_until <= decision.handled_until == decision.until < expected.closed_before
            assert not one_by_one.occurrences(timer, decision.until, expected.closed_before)[:-1]
            assert decision.next_due is None
        else:
            assert expected.decided_until is not None
            assert decision.handled_until == max(expected.decided_until, timer.handled_until)
            following = next_occurrence(timer, decision.handled_until)
            assert decision.next_due == following
            spent = following is None and timer.until is None
            assert decision.until == (decision.handled_until if spent else None)


@pytest.mark.parametrize("first", range(6000, 8000, 1000))
def test_windows_follow_one_another_and_hold_no_run_of_the_same_plan(first: int) -> None:
    for timer, now, previous_tick in scenarios(first, 1000):
        decision = plan(timer, now=now, previous_tick=previous_tick)
        reached = timer.handled_until
        for dismissal in decision.dismissals:
            assert reached <= dismissal.after < dismissal.until <= decision.handled_until
            assert not [run for run in decision.runs if dismissal.after < run.nominal <= dismissal.until]
            reached = dismissal.until
        for earlier, later in zip(decision.dismissals, decision.dismissals[1:], strict=False):
            between = [run for run in decision.runs if earlier.until < run.nominal <= later.after]
            assert between or (earlier.revision, earlier.reason) != (later.revision, later.reason)


@pytest.mark.parametrize("first", range(8000, 9000, 1000))
def test_only_none_and_within_set_a_time_before_which_a_run_must_start_and_leave_time_for_it(first: int) -> None:
    for timer, now, previous_tick in scenarios(first, 1000):
        kinds = {revision.number: revision.definition.catch_up.kind for revision in timer.revisions}
        for run in plan(timer, now=now, previous_tick=previous_tick).runs:
            limited = kinds[run.revision] in (CatchUpKind.NONE, CatchUpKind.WITHIN)
            assert (run.start_before is not None) == limited
            if run.start_before is not None:
                assert run.start_before >= max(now, run.planned)
