"""What holds for every executor: one assignment, one end, whatever the task does (docs/concepts/executors.md)."""

from datetime import UTC, datetime, timedelta

import pytest

from klokker.core.lifecycle import Outcome
from klokker.core.moments import Window
from klokker.executors.contract import Assignment, Ended, NoRoom, Progressed, Started
from tests.executors.listening import Listener


def test_a_task_receives_its_arguments_and_its_result_comes_back(anywhere: Listener) -> None:
    anywhere.ready(1)
    given = Assignment(7, 3, "echo", args=[1, "two", None, [3.5]], kwargs={"ø": {"deep": True}})
    anywhere.executor.start([given])
    ended = anywhere.ended(7)
    assert ended.token == 3
    assert ended.ending.outcome is Outcome.SUCCEEDED
    assert ended.ending.result == {"args": [1, "two", None, [3.5]], "kwargs": {"ø": {"deep": True}}}


def test_it_is_told_to_have_started_then_to_have_ended_once_each(anywhere: Listener) -> None:
    anywhere.run("nothing")
    started, ended = anywhere.heard
    assert isinstance(started, Started)
    assert isinstance(ended, Ended)
    assert started.began <= ended.ended
    assert not anywhere.executor.running()


def test_a_task_knows_its_run(anywhere: Listener) -> None:
    nominal = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    window = Window(nominal - timedelta(hours=1), nominal)
    anywhere.ready(1)
    anywhere.executor.start([Assignment(9, 1, "told", attempt=4, nominal_at=nominal, window=window, dry_run=True)])
    assert anywhere.ended(9).ending.result == [
        9,
        4,
        "2026-03-29T01:30:00+00:00",
        ["2026-03-29T00:30:00+00:00", "2026-03-29T01:30:00+00:00"],
        True,
    ]


def test_the_store_is_asked_whether_a_run_is_still_held(anywhere: Listener) -> None:
    anywhere.ready(1)
    anywhere.executor.start([Assignment(5, 5, "mine")])
    assert anywhere.ended(5).ending.outcome is Outcome.SUCCEEDED
    anywhere.ready(1)
    anywhere.executor.start([Assignment(6, 5, "mine")])
    assert "RunNotMine" in anywhere.ended(6).ending.error


def test_counts_snooze_and_cancel_are_answers(anywhere: Listener) -> None:
    assert anywhere.run("counted", run=1).counts == {"found": 3, "deleted": 2}
    snoozed = anywhere.run("later", 90, run=2)
    assert (snoozed.outcome, snoozed.snooze) == (None, timedelta(seconds=90))
    cancelled = anywhere.run("not_needed", run=3)
    assert (cancelled.outcome, cancelled.error) == (Outcome.CANCELLED, "nothing to do")


def test_a_coroutine_is_awaited(anywhere: Listener) -> None:
    assert anywhere.run("awaited").result == "awaited"


def test_the_log_comes_in_order_before_the_end(anywhere: Listener) -> None:
    anywhere.run("talkative", 50)
    assert anywhere.lines(1) == [f"line {number}" for number in range(50)]
    assert isinstance(anywhere.heard[-1], Ended)


def test_the_last_progress_is_told_and_not_each_step(anywhere: Listener) -> None:
    anywhere.run("talkative", 500)
    told = anywhere.of(1, Progressed)
    assert (told[-1].done, told[-1].total) == (500, 500)
    assert len(told) < 100


def test_a_flood_of_lines_keeps_head_and_tail_and_says_what_is_missing(anywhere: Listener) -> None:
    anywhere.run("talkative", 50_000)
    lines = anywhere.lines(1)
    assert lines[0] == "line 0"
    assert lines[-1] == "line 49999"
    assert len(lines) < 20_000
    assert any("lines left out" in line for line in lines)


@pytest.mark.parametrize(
    ("task", "says"),
    [
        ("fails", "ValueError: no such report"),
        ("base_exception", "Odd: of a kind of its own"),
        ("unprintable", "Mute"),
        ("recursion", "RecursionError"),
        ("no_such_chore", "KeyError"),
    ],
)
def test_what_a_task_raises_is_its_failure_with_a_traceback(anywhere: Listener, task: str, says: str) -> None:
    ending = anywhere.run(task)
    assert ending.outcome is Outcome.FAILED
    assert ending.error.startswith("Traceback")
    assert says in ending.error
    assert "attempt.py" not in ending.error
    assert anywhere.run("nothing", run=2).outcome is Outcome.SUCCEEDED


def test_leaving_by_sys_exit_is_a_failure_of_the_run_alone(anywhere: Listener) -> None:
    ending = anywhere.run("leaves", 0)
    assert (ending.outcome, "SystemExit: 0" in ending.error) == (Outcome.FAILED, True)
    assert anywhere.run("nothing", run=2).outcome is Outcome.SUCCEEDED


def test_a_result_that_cannot_be_kept_changes_no_outcome(anywhere: Listener) -> None:
    unstorable = anywhere.run("unstorable", run=1)
    assert unstorable.outcome is Outcome.SUCCEEDED
    assert "not stored" in str(unstorable.result)


def test_a_hundred_megabytes_of_result_are_not_passed_on(anywhere: Listener) -> None:
    enormous = anywhere.run("enormous")
    assert enormous.outcome is Outcome.SUCCEEDED
    assert len(str(enormous.result)) < 1000


def test_large_arguments_arrive_whole(anywhere: Listener) -> None:
    anywhere.ready(1)
    anywhere.executor.start([Assignment(1, 1, "length", args=["x" * 5_000_000])])
    assert anywhere.ended(1).ending.result == 5_000_000


def test_more_than_there_is_room_for_is_refused_as_a_whole(anywhere: Listener) -> None:
    anywhere.ready(1)
    room = anywhere.executor.free()
    with pytest.raises(NoRoom) as refused:
        anywhere.executor.start([Assignment(run, 1, "nothing") for run in range(room + 1)])
    assert (refused.value.room, refused.value.handed) == (room, room + 1)
    assert not anywhere.executor.running()


def test_wake_lets_reports_return_at_once(anywhere: Listener) -> None:
    anywhere.ready(1)
    anywhere.executor.wake()
    assert anywhere.executor.reports(3600) == []
