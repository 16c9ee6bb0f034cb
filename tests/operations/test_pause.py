"""Pause and resume: what passes meanwhile is dismissed, not missed (docs/concepts/operations.md)."""

import pytest

from klokker.core.lifecycle import Outcome, RunState, ScheduleState
from klokker.operations.asking import InvalidRequest
from klokker.operations.operation import WrongState
from klokker.operations.pause import ExpirePause, Pause, Resume, expire_pause
from klokker.operations.retire import Retire
from klokker.operations.run_now import RunNow
from tests.operations.desk import MIDNIGHT, Desk, at, hourly

ACTIVE, PAUSED = ScheduleState.ACTIVE, ScheduleState.PAUSED


def pause(desk: Desk, schedule: int, until: float | None = None, *, cancel_waiting: bool = False) -> None:
    wish = Pause(desk.asked("stocktaking"), at(until) if until is not None else None, cancel_waiting)
    desk.do(schedule, wish)


def resume(desk: Desk, schedule: int) -> None:
    desk.do(schedule, Resume(desk.asked()))


def test_a_pause_says_why_until_when_and_by_whom() -> None:
    desk = Desk()
    schedule = desk.make()
    pause(desk, schedule, until=9)
    seen = desk.schedule(schedule)
    assert (seen.state, seen.reason, seen.paused_until, seen.changed_by) == (PAUSED, "stocktaking", at(9), "an editor")


def test_what_was_due_and_undecided_is_dismissed_with_it() -> None:
    desk = Desk()
    schedule = desk.make()
    desk.tick(1)
    desk.now = at(3.5)
    effect = desk.do(schedule, Pause(desk.asked())).effect
    assert [dismissal.count for dismissal in effect.dismissed] == [2]
    assert desk.dismissed(schedule) == [(at(1), at(3.5), 2, "paused")]
    assert desk.tick(5).looked_at == 0
    assert desk.ran(schedule) == [at(1)]


def test_what_passes_under_a_pause_is_dismissed_when_it_is_resumed() -> None:
    desk = Desk()
    schedule = desk.make()
    pause(desk, schedule)
    desk.tick(4)
    assert desk.dismissed(schedule) == []
    desk.now = at(4.5)
    resume(desk, schedule)
    assert desk.dismissed(schedule) == [(MIDNIGHT, at(4.5), 4, "paused")]
    assert desk.state(schedule) is ACTIVE
    desk.tick(5)
    assert desk.ran(schedule) == [at(5)]


def test_pauses_one_after_another_extend_one_dismissal() -> None:
    desk = Desk()
    schedule = desk.make()
    for _ in range(3):
        pause(desk, schedule)
        desk.now += at(2) - at(0)
        resume(desk, schedule)
    assert desk.dismissed(schedule) == [(MIDNIGHT, at(6), 6, "paused")]


def test_a_pause_that_ends_by_itself_covers_nothing_past_its_end() -> None:
    desk = Desk()
    schedule = desk.make(hourly(overlap="allow", catch_up="all"))
    pause(desk, schedule, until=2.5)
    desk.now = at(4.5)
    assert list(desk.store.expired_pauses(desk.now)) == [schedule]
    effect = desk.do(schedule, ExpirePause(desk.asked())).effect
    assert (effect.state, effect.due) == (ACTIVE, 2)
    assert desk.dismissed(schedule) == [(MIDNIGHT, at(2.5), 2, "paused")]
    desk.tick()
    assert desk.ran(schedule) == [at(3), at(4)]


def test_a_pause_expires_once_and_only_when_its_time_has_come() -> None:
    desk = Desk()
    schedule = desk.make()
    pause(desk, schedule, until=2)
    desk.now = at(1.9)
    assert desk.do(schedule, ExpirePause(desk.asked())).effect.state is PAUSED
    desk.now = at(2)
    for _ in range(2):
        expire_pause(desk.store, schedule, at(2))
        assert desk.state(schedule) is ACTIVE
    expire_pause(desk.store, 4711, at(2))


def test_pausing_a_paused_schedule_changes_its_reason_and_end() -> None:
    desk = Desk()
    schedule = desk.make()
    pause(desk, schedule, until=3)
    desk.now = at(2)
    pause(desk, schedule, until=9)
    assert desk.dismissed(schedule) == []
    desk.now = at(9.5)
    desk.do(schedule, ExpirePause(desk.asked()))
    assert desk.dismissed(schedule) == [(MIDNIGHT, at(9), 9, "paused")]


def test_pausing_anew_after_the_end_dismisses_what_fell_due_since() -> None:
    desk = Desk()
    schedule = desk.make()
    pause(desk, schedule, until=2)
    desk.now = at(4.5)
    pause(desk, schedule)
    assert desk.dismissed(schedule) == [(MIDNIGHT, at(4.5), 4, "paused")]


def test_queued_runs_go_on_and_waiting_ones_wait_until_it_is_resumed() -> None:
    desk = Desk()
    schedule = desk.make(hourly(overlap="queue all", catch_up="all"))
    desk.tick(2)
    pause(desk, schedule)
    assert len(desk.work()) == 1
    assert [run.nominal for run in desk.runs(schedule, RunState.WAITING)] == [at(2)]
    resume(desk, schedule)
    assert len(desk.work()) == 1


def test_what_has_not_begun_is_cancelled_when_that_is_asked_for() -> None:
    desk = Desk()
    schedule = desk.make(hourly(overlap="queue all", catch_up="all"))
    desk.tick(3)
    (held,) = desk.claim()
    done = desk.do(schedule, Pause(desk.asked(), cancel_waiting=True))
    assert len(done.effect.cancels) == 2
    assert [run.id for run in done.effect.goes_on] == [held.run]
    assert [run.outcome for run in desk.runs(schedule)] == [None, Outcome.CANCELLED, Outcome.CANCELLED]


def test_a_run_that_a_person_asks_for_starts_under_a_pause() -> None:
    desk = Desk()
    schedule = desk.make()
    pause(desk, schedule)
    desk.do(schedule, RunNow(desk.asked(), desk.tasks))
    assert len(desk.work()) == 1


def test_an_end_that_has_passed_is_refused() -> None:
    desk = Desk()
    schedule = desk.make()
    with pytest.raises(InvalidRequest) as refused:
        pause(desk, schedule, until=0)
    assert refused.value.faults.keys() == {"until"}


def test_only_what_plans_can_be_paused_and_only_what_is_paused_resumed() -> None:
    desk = Desk()
    schedule = desk.make()
    with pytest.raises(WrongState) as refused:
        resume(desk, schedule)
    assert (refused.value.state, refused.value.allowed) == (ACTIVE, frozenset({PAUSED}))
    desk.do(schedule, Retire(desk.asked()))
    with pytest.raises(WrongState):
        pause(desk, schedule)


def test_a_schedule_whose_end_passes_under_a_pause_is_spent_when_it_is_resumed() -> None:
    desk = Desk()
    schedule = desk.make(hourly(ends="2026-03-02T02:00"))
    pause(desk, schedule)
    desk.now = at(5)
    resume(desk, schedule)
    assert desk.dismissed(schedule) == [(MIDNIGHT, at(5), 2, "paused")]
    assert desk.state(schedule) is ScheduleState.SPENT


def test_after_completion_the_rest_begins_with_the_resume() -> None:
    desk = Desk()
    schedule = desk.make(hourly(when="30 minutes after completion"))
    desk.tick(1)
    desk.work()
    pause(desk, schedule)
    desk.now = at(5)
    resume(desk, schedule)
    assert desk.view(schedule).timers[0].next_due == at(5.5)


def test_after_completion_an_undecided_occurrence_is_dismissed() -> None:
    desk = Desk()
    schedule = desk.make(hourly(when="30 minutes after completion"))
    desk.tick(1)
    desk.work()
    desk.now = at(2)
    pause(desk, schedule)
    assert desk.dismissed(schedule) == [(at(1), at(2), 1, "paused")]


def test_after_completion_one_made_paused_begins_at_its_first_resume() -> None:
    desk = Desk()
    schedule = desk.make(hourly(when="30 minutes after completion"), paused="later")
    desk.now = at(5)
    resume(desk, schedule)
    desk.tick(5.01)
    assert len(desk.ran(schedule)) == 1


def test_after_completion_a_run_under_way_is_waited_for() -> None:
    desk = Desk()
    schedule = desk.make(hourly(when="30 minutes after completion"))
    desk.tick(1)
    desk.claim()
    pause(desk, schedule)
    desk.now = at(2)
    resume(desk, schedule)
    assert desk.state(schedule) is ACTIVE
    assert desk.view(schedule).timers[0].next_due is None
