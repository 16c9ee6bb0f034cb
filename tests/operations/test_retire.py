"""Retire: what is undecided is dismissed, what was made goes on, the name is free (docs/concepts/operations.md)."""

from datetime import timedelta

import pytest

from klokker.core.lifecycle import Outcome, ScheduleState
from klokker.core.plan import Broken
from klokker.core.verdict import Done, Ending
from klokker.operations.operation import WrongState
from klokker.operations.pause import Pause
from klokker.operations.retire import Retire, retire_after_success
from klokker.store.contract import End
from tests.operations.desk import MIDNIGHT, Desk, at, hourly

RETIRED = ScheduleState.RETIRED


def test_what_is_undecided_is_dismissed_and_nothing_is_planned_any_more() -> None:
    desk = Desk()
    schedule = desk.make()
    desk.tick(1)
    desk.now = at(3.5)
    effect = desk.do(schedule, Retire(desk.asked("done with"))).effect
    assert (effect.state, effect.closes) == (RETIRED, ("",))
    assert desk.dismissed(schedule) == [(at(1), at(3.5), 2, "paused")]
    (span,) = desk.store.ledger(schedule).spans
    assert (span.until, span.handled_until) == (at(3.5), at(3.5))
    assert desk.tick(9).looked_at == 0
    seen = desk.schedule(schedule)
    assert (seen.state, seen.reason, seen.changed_by) == (RETIRED, "done with", "an editor")
    desk.make()


def test_runs_that_were_made_go_on_unless_they_are_to_be_cancelled() -> None:
    desk = Desk()
    goes_on = desk.make(hourly(overlap="queue all", catch_up="all"))
    cancelled = desk.make(hourly(name="other", overlap="queue all", catch_up="all"))
    desk.tick(2)
    desk.do(goes_on, Retire(desk.asked()))
    desk.do(cancelled, Retire(desk.asked(), cancel_waiting=True))
    assert [held.schedule for held in desk.work()] == [goes_on, goes_on]
    assert {run.outcome for run in desk.runs(cancelled)} == {Outcome.CANCELLED}


def test_from_a_pause_all_that_passed_is_one_dismissal() -> None:
    desk = Desk()
    schedule = desk.make()
    desk.do(schedule, Pause(desk.asked(), at(2)))
    desk.now = at(4.5)
    desk.do(schedule, Retire(desk.asked()))
    assert desk.dismissed(schedule) == [(MIDNIGHT, at(4.5), 4, "paused")]


def test_what_a_broken_one_left_undecided_is_dismissed_as_broken() -> None:
    desk = Desk()
    schedule = desk.make()
    desk.store.decide(at(1), lambda _: Broken("no such zone"))
    desk.now = at(3)
    desk.do(schedule, Retire(desk.asked()))
    assert desk.dismissed(schedule) == [(MIDNIGHT, at(3), 3, "broken")]


def test_it_is_retired_once() -> None:
    desk = Desk()
    schedule = desk.make()
    desk.do(schedule, Retire(desk.asked()))
    with pytest.raises(WrongState):
        desk.do(schedule, Retire(desk.asked()))


def test_after_its_last_success_a_schedule_retires_by_itself_however_often_that_is_said() -> None:
    desk = Desk()
    schedule = desk.make(hourly(after_success="delete"))
    desk.tick(1)
    (held,) = desk.claim()
    end = End(held.run, held.token, at(1), at(1), Ending(Outcome.SUCCEEDED), Done(Outcome.SUCCEEDED))
    (finished,) = desk.store.finish([end], at(1))
    assert finished.retires == schedule
    for _ in range(2):
        retire_after_success(desk.store, schedule, at(1))
    seen = desk.schedule(schedule)
    assert (seen.state, seen.changed_by, seen.reason) == (RETIRED, "klokker", "its last run has succeeded")
    retire_after_success(desk.store, 4711, at(1))
    assert list(desk.store.to_retire()) == []
    assert desk.store.schedule("tidy") is None


def test_a_schedule_with_a_timer_that_begins_later_can_be_retired() -> None:
    desk = Desk(MIDNIGHT + timedelta(days=300))
    schedule = desk.make()
    desk.now = MIDNIGHT
    desk.do(schedule, Retire(desk.asked("made while the clock was ahead")))
    (span,) = desk.store.ledger(schedule).spans
    assert span.until == span.since
