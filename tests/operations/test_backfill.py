"""Backfill: the occurrences of a past window, in order, after the timetable's own runs."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from klokker.core.ledger import Ledger, Tally
from klokker.core.lifecycle import Outcome, RunKind, RunState
from klokker.core.moments import Window
from klokker.operations.asking import InvalidRequest
from klokker.operations.backfill import Backfill, TooManyRuns, backfill, preview_backfill
from klokker.operations.effect import HistoryPruned, NothingChanges
from klokker.operations.operation import Done
from tests.operations.desk import MIDNIGHT, Desk, at, hourly


def wish(desk: Desk, after: float, until: float) -> Backfill:
    return Backfill(desk.asked(), Window(at(after), at(until)), desk.tasks)


def fill(desk: Desk, schedule: int, wished: Backfill) -> Done:
    """Do it, and see that its preview said the same."""
    shown = preview_backfill(desk.store, schedule, wished)
    done = backfill(desk.store, schedule, wished)
    assert done.effect == shown
    return done


def repeated(desk: Desk, schedule: int) -> list[datetime | None]:
    return [run.for_nominal for run in desk.runs(schedule) if run.kind is RunKind.BACKFILL]


def test_each_occurrence_of_the_window_gets_a_run_oldest_first() -> None:
    desk = Desk(at(6))
    schedule = desk.make()
    fill(desk, schedule, wish(desk, 1, 4))
    assert repeated(desk, schedule) == [at(2), at(3), at(4)]
    assert [run.state for run in desk.runs(schedule)] == [RunState.QUEUED, RunState.WAITING, RunState.WAITING]
    assert [desk.store.seen_run(held.run).for_nominal for held in desk.work()] == [at(2), at(3), at(4)]
    assert list(desk.store.ledger(schedule).runs) == []


def test_runs_of_the_timetable_go_first() -> None:
    desk = Desk(at(6.5))
    schedule = desk.make()
    fill(desk, schedule, wish(desk, 1, 3))
    desk.tick(7)
    assert [held.kind for held in desk.work()] == [RunKind.BACKFILL, RunKind.SCHEDULED, RunKind.BACKFILL]


def test_what_succeeded_or_is_under_way_is_left_out_unless_it_is_asked_for_again() -> None:
    desk = Desk()
    schedule = desk.make(hourly(overlap="allow", catch_up="all"))
    desk.tick(1)
    desk.work()
    desk.tick(2)
    desk.work(Outcome.FAILED)
    desk.tick(3)
    fill(desk, schedule, wish(desk, 0, 3))
    assert repeated(desk, schedule) == [at(2)]
    done = fill(desk, schedule, wish(desk, 0, 3))
    assert done.effect.notes == (NothingChanges(),), "its backfill is under way"
    fill(desk, schedule, replace(wish(desk, 0, 3), again=True))
    assert repeated(desk, schedule) == [at(2), at(1), at(2), at(3)]


def test_over_a_hundred_are_made_only_with_a_yes() -> None:
    desk = Desk(MIDNIGHT + timedelta(days=10))
    schedule = desk.make()
    many = Backfill(desk.asked(), Window(MIDNIGHT, MIDNIGHT + timedelta(days=5)), desk.tasks)
    for attempt in (preview_backfill, backfill):
        with pytest.raises(TooManyRuns) as refused:
            attempt(desk.store, schedule, many)
        assert (refused.value.count, refused.value.limit) == (120, 100)
    assert desk.runs(schedule) == []
    assert len(fill(desk, schedule, replace(many, yes=True)).runs) == 120
    with pytest.raises(TooManyRuns):
        backfill(desk.store, schedule, replace(wish(desk, 0, 3), limit=2, again=True))


def test_a_window_without_end_is_refused_in_good_time() -> None:
    desk = Desk(MIDNIGHT + timedelta(days=400))
    schedule = desk.make(hourly(when="* * * * *"))
    endless = Backfill(desk.asked(), Window(MIDNIGHT, desk.now), desk.tasks, yes=True)
    with pytest.raises(TooManyRuns) as refused:
        preview_backfill(desk.store, schedule, endless)
    assert "at least 100,000" in str(refused.value)


@pytest.mark.parametrize(
    ("after", "until", "says"), [(3, 3, "is empty"), (5, 2, "is empty"), (1, 7, "must not end after now")]
)
def test_a_window_that_makes_no_sense_is_refused(after: float, until: float, says: str) -> None:
    desk = Desk(at(6))
    schedule = desk.make()
    with pytest.raises(InvalidRequest) as refused:
        fill(desk, schedule, wish(desk, after, until))
    assert says in refused.value.faults["window"]


def test_it_is_done_under_the_definition_in_force() -> None:
    desk = Desk()
    schedule = desk.make()
    desk.now = at(2.5)
    effect = desk.edit(schedule, when="*/30 * * * *", kwargs={"days": 3})
    assert effect.passed is not None
    start_these = Window(effect.passed.after, effect.passed.until)
    fill(desk, schedule, Backfill(desk.asked(), start_these, desk.tasks))
    assert repeated(desk, schedule) == [at(2.5)]
    assert [(run.revision, dict(run.kwargs)) for run in desk.runs(schedule)] == [(2, {"days": 3})]


def test_each_node_of_the_placement_gets_its_runs_or_the_one_that_is_named() -> None:
    desk = Desk(at(3))
    for node in ("a", "b"):
        desk.store.enrol(node, MIDNIGHT)
    schedule = desk.make(hourly(placement="each"))
    fill(desk, schedule, wish(desk, 0, 1))
    fill(desk, schedule, replace(wish(desk, 1, 2), node="b"))
    assert [(run.node, run.for_nominal) for run in desk.runs(schedule)] == [
        ("a", at(1)),
        ("b", at(1)),
        ("b", at(2)),
    ]
    with pytest.raises(InvalidRequest) as refused:
        fill(desk, schedule, replace(wish(desk, 1, 2), node="c"))
    assert "node" in refused.value.faults


def test_what_rests_after_completion_has_no_window() -> None:
    desk = Desk(at(3))
    schedule = desk.make(hourly(when="10 minutes after completion"))
    with pytest.raises(InvalidRequest) as refused:
        fill(desk, schedule, wish(desk, 0, 2))
    assert "rests after completion" in refused.value.faults["window"]


def test_of_a_pruned_day_the_tally_knows_whether_all_succeeded() -> None:
    desk = Desk()
    schedule = desk.make(hourly(retention={"keep": "1h", "last": 0, "failures": "1h"}, overlap="allow"))
    for hour in range(1, 48):
        desk.tick(hour)
        desk.work(Outcome.FAILED if hour == 30 else Outcome.SUCCEEDED)
    desk.now = at(72)

    def seal(ledger: Ledger, day: datetime) -> Sequence[Tally]:
        runs = [run.outcome for run in ledger.runs if day <= run.nominal < day + timedelta(days=1)]
        outcomes = (Outcome.SUCCEEDED, Outcome.FAILED)
        return [Tally("", 1, day, {each: runs.count(each) for each in outcomes if each in runs}, {})]

    assert desk.store.prune(desk.now, seal) == 47
    done = fill(desk, schedule, wish(desk, 0, 26))
    assert done.effect.notes == (HistoryPruned((at(24),)),)
    assert repeated(desk, schedule) == [at(24), at(25), at(26)]
