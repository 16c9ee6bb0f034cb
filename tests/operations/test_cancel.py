"""Cancel: what is not under way ends at once, what is under way is asked."""

import pytest

from klokker.core.lifecycle import Outcome, RunState
from klokker.operations.cancel import cancel, preview_cancel
from klokker.store.errors import NoSuchRun
from tests.operations.desk import Desk, hourly


def test_each_run_is_treated_by_its_state_and_the_next_takes_its_turn() -> None:
    desk = Desk()
    schedule = desk.make(hourly(overlap="queue all", catch_up="all"))
    desk.tick(3)
    (held,) = desk.claim()
    first, second, third = desk.runs(schedule)
    shown = preview_cancel(desk.store, [first.id, second.id])
    assert [shown[run].state for run in (first.id, second.id)] == [RunState.CLAIMED, RunState.WAITING]
    assert desk.runs(schedule) == [first, second, third]
    states = cancel(desk.store, [first.id, second.id], desk.asked())
    assert states == {first.id: RunState.CLAIMED, second.id: RunState.WAITING}
    assert desk.store.seen_run(held.run).cancel_asked
    assert desk.store.seen_run(second.id).outcome is Outcome.CANCELLED


def test_a_run_that_is_not_there_stops_all_of_it() -> None:
    desk = Desk()
    schedule = desk.make()
    desk.tick(1)
    (run,) = desk.runs(schedule)
    for attempt in (
        lambda: preview_cancel(desk.store, [run.id, 4711]),
        lambda: cancel(desk.store, [run.id, 4711], desk.asked()),
    ):
        with pytest.raises(NoSuchRun):
            attempt()
    assert desk.store.seen_run(run.id).state is RunState.QUEUED


def test_the_turn_of_what_was_cancelled_goes_to_the_next() -> None:
    desk = Desk()
    schedule = desk.make(hourly(overlap="queue all", catch_up="all"))
    desk.tick(2)
    cancel(desk.store, [desk.runs(schedule)[0].id], desk.asked())
    assert [run.state for run in desk.runs(schedule)] == [RunState.DONE, RunState.QUEUED]
