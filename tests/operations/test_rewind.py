"""Rewind: the clock was ahead, and what was decided past now is taken back."""

import pytest

from klokker.core.account import account
from klokker.core.lifecycle import RunState, ScheduleState
from klokker.core.trouble import Trouble
from klokker.operations.effect import NothingChanges
from klokker.operations.operation import WrongState
from klokker.operations.pause import Pause, Resume
from klokker.operations.retire import Retire
from klokker.operations.rewind import Rewind, rewind_all
from tests.operations.desk import MIDNIGHT, Desk, at, hourly


def rewind(desk: Desk, schedule: int, to: float) -> None:
    desk.now = at(to)
    desk.do(schedule, Rewind(desk.asked("the clock was ahead")))


def test_runs_that_were_made_stay_and_ticks_pass_over_their_moments() -> None:
    desk = Desk()
    schedule = desk.make(hourly(overlap="allow", catch_up="all"))
    desk.tick(5)
    rewind(desk, schedule, to=2.5)
    assert desk.view(schedule).timers[0].handled_until == at(2.5)
    for hour in (3, 4, 5, 6):
        desk.tick(hour)
    assert desk.ran(schedule) == [at(hour) for hour in (1, 2, 3, 4, 5, 6)]


def test_dismissals_are_cut_at_now() -> None:
    desk = Desk()
    schedule = desk.make()
    desk.tick(5)
    assert desk.dismissed(schedule) == [(MIDNIGHT, at(4), 4, "superseded")]
    desk.tick(9)
    rewind(desk, schedule, to=2.5)
    assert desk.dismissed(schedule) == [(MIDNIGHT, at(2.5), 2, "superseded")]
    desk.work()
    desk.tick(3)
    desk.work()
    desk.tick(4)
    assert desk.ran(schedule) == [at(3), at(4), at(5)]


def test_a_new_revision_of_the_same_definition_holds_from_now() -> None:
    desk = Desk()
    schedule = desk.make()
    definition = desk.definition(schedule)
    desk.tick(5)
    rewind(desk, schedule, to=2)
    newest = desk.schedule(schedule).revision
    assert (newest.number, newest.holds_from, newest.definition) == (2, at(2), definition)


def test_what_is_not_ahead_is_left_alone() -> None:
    desk = Desk()
    schedule = desk.make()
    desk.tick(5)
    done = desk.do(schedule, Rewind(desk.asked()))
    assert done.effect.notes == (NothingChanges(),)
    assert desk.schedule(schedule).revision.number == 1


def test_a_schedule_that_was_spent_ahead_of_time_goes_on() -> None:
    desk = Desk()
    schedule = desk.make(hourly(ends="2026-03-02T06:00"))
    desk.tick(9)
    assert desk.state(schedule) is ScheduleState.SPENT
    rewind(desk, schedule, to=2.5)
    assert desk.state(schedule) is ScheduleState.ACTIVE
    desk.work()
    for hour in (3, 4):
        desk.tick(hour)
        desk.work()
    spans = sorted(desk.store.ledger(schedule).spans, key=lambda span: span.since)
    assert [(span.since, span.until) for span in spans] == [(MIDNIGHT, at(2.5)), (at(2.5), None)]
    assert desk.ran(schedule)[:2] == [at(3), at(4)]


def test_a_schedule_that_was_made_ahead_of_time_begins_anew() -> None:
    desk = Desk(at(100))
    schedule = desk.make()
    rewind(desk, schedule, to=2.5)
    desk.tick(3)
    assert desk.ran(schedule) == [at(3)]


def test_a_pause_stays_a_pause() -> None:
    desk = Desk()
    schedule = desk.make()
    desk.now = at(5.5)
    desk.do(schedule, Pause(desk.asked()))
    rewind(desk, schedule, to=2.5)
    assert desk.state(schedule) is ScheduleState.PAUSED
    assert desk.dismissed(schedule) == [(MIDNIGHT, at(2.5), 2, "paused")]
    desk.now = at(3.5)
    desk.do(schedule, Resume(desk.asked()))
    desk.tick(4)
    assert desk.ran(schedule) == [at(4)]


def test_after_completion_it_rests_from_now() -> None:
    desk = Desk()
    schedule = desk.make(hourly(when="30 minutes after completion"))
    desk.tick(1)
    desk.work()
    desk.tick(9)
    desk.work()
    rewind(desk, schedule, to=2)
    assert desk.view(schedule).timers[0].next_due == at(2.5)


def test_after_completion_the_chain_goes_on_from_run_to_run_whatever_ended_ahead() -> None:
    desk = Desk()
    schedule = desk.make(hourly(when="30 minutes after completion"))
    for hour in (1, 2, 3, 4):
        desk.tick(hour)
        desk.work()
    rewind(desk, schedule, to=1.25)
    for later in (1.75, 2.25, 2.75):
        desk.tick(later)
        desk.work()
        assert desk.view(schedule).timers[0].next_due == at(later + 0.5)


def test_after_completion_moments_that_have_a_run_from_ahead_are_passed_over_and_the_account_stays_exact() -> None:
    desk = Desk()
    schedule = desk.make(hourly(when="30 minutes after completion"))
    for hour in (0.5, 1.0, 1.5, 2.0, 2.5, 3.0):
        desk.tick(hour)
        desk.work()
    ahead = desk.ran(schedule)
    rewind(desk, schedule, to=1.5)
    # From half past one on, the chain comes to the very moments for which runs were made ahead.
    for quarter in range(7, 24):
        desk.tick(quarter / 4)
        desk.work()
    proof = account(desk.store.ledger(schedule), now=desk.now)
    assert proof.exact, proof.findings
    assert {finding.trouble for finding in proof.findings} == {Trouble.AHEAD}
    ran = desk.ran(schedule)
    assert len(ran) == len(set(ran))
    assert max(ran) > max(ahead)


def test_after_completion_a_run_under_way_is_waited_for() -> None:
    desk = Desk()
    schedule = desk.make(hourly(when="30 minutes after completion"))
    desk.tick(9)
    rewind(desk, schedule, to=2)
    assert desk.view(schedule).timers[0].next_due is None
    desk.now = at(3)
    desk.work()
    assert desk.view(schedule).timers[0].next_due == at(3.5)


def test_all_schedules_are_rewound_that_are_ahead() -> None:
    desk = Desk()
    ahead, behind = desk.make(), desk.make(hourly(name="yearly", when="@yearly"))
    desk.tick(5)
    desk.now = at(2)
    assert [effect.schedule for effect in rewind_all(desk.store, desk.asked(), dry_run=True).effects] == [ahead]
    assert desk.view(ahead).timers[0].handled_until == at(5)
    assert [effect.schedule for effect in rewind_all(desk.store, desk.asked()).effects] == [ahead]
    assert desk.view(ahead).timers[0].handled_until == at(2)
    assert desk.view(behind).timers[0].handled_until == MIDNIGHT


def test_a_retired_schedule_is_not_rewound() -> None:
    desk = Desk()
    schedule = desk.make()
    desk.do(schedule, Retire(desk.asked()))
    with pytest.raises(WrongState):
        rewind(desk, schedule, to=-1)


def test_unfinished_runs_go_on() -> None:
    desk = Desk()
    schedule = desk.make()
    desk.tick(5)
    rewind(desk, schedule, to=2)
    assert len(desk.runs(schedule, RunState.QUEUED)) == 1
    assert len(desk.work()) == 1
