"""Ticker: what is due is decided, whose turn has come is released (docs/concepts/tick.md)."""

from collections.abc import Iterator

import pytest

from klokker.core.definition import AfterSuccess
from klokker.core.lifecycle import DismissalReason, RunKind, RunState, ScheduleState
from klokker.core.overlap import Overlap
from klokker.core.plan import Plan, plan
from klokker.engine import ticker
from klokker.engine.ticker import BREATH, Ticked
from klokker.events import Event, OccurrencesDismissed, RunsPlanned, ScheduleBroken, TickFinished, subscribe
from klokker.store.contract import Change, NewRun
from tests.engine.stage import HOUR, MINUTE, SECOND, TASK, Stage


@pytest.fixture
def told() -> Iterator[list[Event]]:
    events: list[Event] = []
    with subscribe(events.append):
        yield events


def test_what_is_due_becomes_a_queued_run() -> None:
    stage = Stage()
    schedule = stage.schedule("0 * * * *")
    stage.advance(HOUR)
    ticked = stage.tick()
    assert (ticked.timers, ticked.runs, ticked.released) == (1, 1, 1)
    (run,) = stage.runs(schedule)
    assert (run.nominal, run.state) == (stage.now, RunState.QUEUED)


def test_an_idle_tick_asks_one_question_and_names_the_next_moment() -> None:
    stage = Stage()
    stage.schedule("0 * * * *")
    stage.store.asked.clear()
    ticked = stage.tick()
    assert stage.store.asked == ["glance"]
    assert ticked == Ticked(again_at=stage.now + HOUR)


def test_woken_by_the_moment_it_named_it_decides_without_asking_whether_something_is_due() -> None:
    stage = Stage()
    stage.schedule("0 * * * *")
    stage.tick()
    stage.advance(HOUR)
    stage.store.asked.clear()
    stage.tick()
    assert stage.store.asked == ["decide", "release", "glance"]


def test_after_a_tick_it_rests_until_the_next_occurrence() -> None:
    stage = Stage()
    stage.schedule("* * * * * *")
    for _ in range(3):
        stage.advance(SECOND)
        assert stage.tick().again_at == stage.now + SECOND


def test_a_tick_decides_batch_after_batch_until_nothing_is_due() -> None:
    stage = Stage()
    for number in range(1203):
        stage.schedule("0 * * * *", name=f"tidy {number}")
    stage.advance(HOUR)
    assert stage.tick().runs == 1203


def test_all_batches_of_a_tick_have_the_same_now() -> None:
    stage = Stage()
    for number in range(600):
        stage.schedule("0 * * * *", name=f"tidy {number}")
    stage.advance(HOUR)
    began = stage.now
    stage.store.before_decide = lambda: stage.machine.advance(MINUTE)
    stage.tick()
    assert set(stage.store.moments_decided) == {began}


def test_a_waiting_run_is_released_when_its_time_has_come() -> None:
    stage = Stage()
    (made,) = stage.store.enqueue([NewRun(RunKind.ENQUEUED, TASK, (), {}, stage.now + HOUR)], now=stage.now)
    assert stage.tick().again_at == stage.now + HOUR
    stage.advance(HOUR)
    assert stage.tick().released == 1
    assert stage.run(made.id).state is RunState.QUEUED


def test_runs_and_dismissals_are_told_by_name(told: list[Event]) -> None:
    stage = Stage()
    schedule = stage.schedule("0 * * * *", name="tidy")
    stage.tick()
    stage.advance(3 * HOUR)
    stage.tick()
    (planned,) = (event for event in told if isinstance(event, RunsPlanned))
    (run,) = stage.runs(schedule)
    assert (planned.schedule, planned.name, planned.runs) == (schedule, "tidy", (run.id,))
    (dismissed,) = (event for event in told if isinstance(event, OccurrencesDismissed))
    assert (dismissed.name, dismissed.reason, dismissed.count) == ("tidy", DismissalReason.SUPERSEDED, 2)


def test_a_dismissal_that_goes_on_is_told_as_one(told: list[Event]) -> None:
    stage = Stage()
    stage.schedule("0 * * * *")
    for _ in range(4):
        stage.advance(HOUR)
        stage.tick()
    dismissed = [event for event in told if isinstance(event, OccurrencesDismissed)]
    assert {event.reason for event in dismissed} == {DismissalReason.OVERLAPPED}
    assert [event.goes_on for event in dismissed] == [False, True, True]


def test_each_tick_is_told_an_idle_one_too(told: list[Event]) -> None:
    stage = Stage()
    stage.tick()
    (ticked,) = told
    assert isinstance(ticked, TickFinished)
    assert (ticked.idle, ticked.node) == (True, "n1")


def test_one_bad_definition_is_marked_broken_and_the_others_go_on(told: list[Event]) -> None:
    stage = Stage()
    bad = stage.schedule("0 * * * *", name="bad", zone="Europe/Nowhere", due=stage.now + HOUR)
    good = stage.schedule("0 * * * *", name="good")
    stage.advance(HOUR)
    stage.tick()
    assert stage.states(good) == [RunState.QUEUED]
    assert stage.runs(bad) == []
    (broken,) = (event for event in told if isinstance(event, ScheduleBroken))
    assert (broken.schedule, broken.name) == (bad, "bad")
    assert "Nowhere" in broken.reason


def test_a_planner_that_raises_breaks_its_schedule_alone_and_shows_where(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stage = Stage()
    bad = stage.schedule("0 * * * *", name="bad")
    good = stage.schedule("0 * * * *", name="good")

    def faulty(timer: object, **how: object) -> Plan:
        if getattr(timer, "schedule") == bad:  # noqa: B009
            raise ZeroDivisionError("a fault of ours")
        return plan(timer, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(ticker, "plan", faulty)
    stage.advance(HOUR)
    stage.tick()
    assert stage.states(good) == [RunState.QUEUED]
    schedule = stage.store.schedule("bad")
    assert schedule is not None
    assert schedule.state is ScheduleState.BROKEN
    assert "ZeroDivisionError: a fault of ours" in schedule.reason
    assert "test_ticker.py" in caplog.text


def test_pauses_that_have_ended_are_resumed() -> None:
    stage = Stage()
    schedule = stage.schedule("0 * * * *")
    stage.store.change(schedule, lambda _: Change(state=ScheduleState.PAUSED, paused_until=stage.now + MINUTE))
    stage.tick()
    assert stage.resumed == []
    stage.advance(MINUTE)
    assert stage.tick().again_at == stage.now
    stage.tick()
    assert stage.resumed == [schedule]


def test_what_a_finisher_that_died_should_have_retired_is_retired_by_the_next_tick() -> None:
    stage = Stage()
    schedule = stage.schedule("0 * * * *", after_success=AfterSuccess.DELETE)
    stage.advance(HOUR)
    stage.tick()
    stage.work()
    stage.hand.end()
    stage.work()
    stage.retired.clear()
    stage.tick()
    assert stage.retired == [schedule]


def test_a_tick_that_can_do_nothing_about_what_is_due_takes_a_breath() -> None:
    stage = Stage()
    schedule = stage.schedule("0 * * * *")
    stage.store.change(schedule, lambda _: Change(state=ScheduleState.PAUSED, paused_until=stage.now))
    # The stage's operations only take notes, so the pause stays where it is.
    assert stage.tick().again_at == stage.now + BREATH
    assert stage.resumed == [schedule]


def test_the_newest_occurrence_has_more_room_when_the_last_tick_was_long_ago() -> None:
    stage = Stage()
    schedule = stage.schedule("0 * * * *", overlap=Overlap.ALLOW, grace=SECOND)
    stage.tick()
    stage.advance(HOUR + 5 * MINUTE)
    stage.tick()
    assert len(stage.runs(schedule)) == 1


def test_two_tickers_at_once_make_one_run() -> None:
    stage = Stage()
    other = Stage(beside=stage, process="p2", node="n2")
    schedule = stage.schedule("0 * * * *")
    stage.advance(HOUR)
    stage.tick()
    other.tick()
    assert len(stage.runs(schedule)) == 1


def test_whoever_runs_is_told_at_once_that_there_is_work() -> None:
    stage = Stage()
    told: list[str] = []
    stage.ticker._on_work = lambda: told.append("work")
    stage.schedule("0 * * * *")
    stage.tick()
    assert told == []
    stage.advance(HOUR)
    stage.tick()
    assert told == ["work"]
