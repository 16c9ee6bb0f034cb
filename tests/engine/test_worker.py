"""Worker: claims, executors, ends (docs/concepts/worker.md)."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from klokker.core.definition import AfterSuccess
from klokker.core.lifecycle import Outcome, RunState
from klokker.core.moments import Window
from klokker.core.overlap import Overlap
from klokker.core.retry import Retry
from klokker.core.verdict import Again, Terms
from klokker.engine.worker import KILLED_AFTER
from klokker.events import (
    EndRefused,
    Event,
    LeaseNotRenewed,
    RunClaimed,
    RunFinished,
    RunOverrun,
    RunStarted,
    subscribe,
)
from klokker.executors.contract import Logged, LogLine, Overrun, Progressed
from tests.engine.stage import HOUR, MINUTE, ONCE_ONLY, REPEATABLE, SECOND, TASK, Stage

MOMENT = timedelta(milliseconds=1)


@pytest.fixture
def told() -> Iterator[list[Event]]:
    events: list[Event] = []
    with subscribe(events.append):
        yield events


def of(kind: type[Event], told: list[Event]) -> list[Event]:
    return [event for event in told if isinstance(event, kind)]


# ── claiming ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_queued_run_is_claimed_run_and_finished(told: list[Event]) -> None:
    stage = Stage()
    (run,) = stage.enqueue()
    stage.work()
    assert stage.run(run).state is RunState.CLAIMED
    stage.advance(5 * SECOND)
    stage.hand.end(run)
    stage.work()
    assert stage.run(run).outcome is Outcome.SUCCEEDED
    assert [type(event) for event in told] == [RunClaimed, RunStarted, RunFinished]


def test_no_more_is_claimed_than_there_are_free_slots() -> None:
    stage = Stage(slots=2)
    stage.enqueue(5)
    stage.work()
    assert stage.states().count(RunState.CLAIMED) == 2


def test_a_slot_takes_the_next_run_only_after_the_end_was_written() -> None:
    stage = Stage(slots=1)
    first, second = stage.enqueue(2)
    stage.work()
    stage.hand.end(first)
    stage.work()
    assert stage.run(first).state is RunState.DONE
    assert stage.run(second).state is RunState.CLAIMED


def test_each_lane_has_its_own_slots_and_executor() -> None:
    stage = Stage(lanes={"heavy": 1, "default": 2})
    stage.enqueue(3, lane="heavy")
    stage.enqueue(3)
    stage.work()
    assert sorted(len(hand.handed) for hand in stage.hands.values()) == [1, 2]


def test_a_task_that_nobody_here_knows_stays_queued() -> None:
    stage = Stage()
    (run,) = stage.enqueue(task="chores.unheard_of")
    stage.work()
    assert stage.run(run).state is RunState.QUEUED


def test_while_the_gate_is_closed_nothing_is_claimed_and_ends_are_written() -> None:
    stage = Stage(slots=1)
    first, second = stage.enqueue(2)
    stage.work()
    stage.gate.close("newer schema")
    stage.hand.end(first)
    stage.work()
    assert (stage.run(first).state, stage.run(second).state) == (RunState.DONE, RunState.QUEUED)
    stage.gate.open("newer schema")
    stage.worker.wake()
    stage.work()
    assert stage.run(second).state is RunState.CLAIMED


def test_it_does_not_ask_for_work_again_until_something_happened_or_the_poll_is_over() -> None:
    stage = Stage()
    stage.work()
    (run,) = stage.enqueue()
    stage.work()
    assert stage.run(run).state is RunState.QUEUED
    stage.advance(5 * SECOND)
    stage.work()
    assert stage.run(run).state is RunState.CLAIMED


def test_a_run_whose_executor_this_process_lacks_fails_and_says_so() -> None:
    stage = Stage(known={TASK: Terms(executor="celery")})
    (run,) = stage.enqueue()
    stage.work()
    stage.work()
    assert stage.run(run).outcome is Outcome.FAILED
    assert "no executor 'celery'" in stage.run(run).error


def test_the_task_is_handed_what_it_may_know() -> None:
    stage = Stage()
    schedule = stage.schedule("0 * * * *", args=(1,), kwargs={"b": 2})
    stage.advance(HOUR)
    stage.tick()
    stage.work()
    stage.hand.end()
    stage.work()
    stage.advance(HOUR)
    stage.tick()
    stage.work()
    (assignment,) = stage.hand.handed.values()
    assert (assignment.task, list(assignment.args), assignment.kwargs) == (TASK, [1], {"b": 2})
    assert assignment.schedule == "tidy 0 * * * *"
    assert assignment.timeout == timedelta(hours=1)
    assert assignment.nominal_at == stage.now
    assert assignment.window == Window(stage.now - HOUR, stage.now)
    assert len(stage.runs(schedule)) == 2


# ── claimed ahead ───────────────────────────────────────────────────────────────────────────────────────────────────


def quick(stage: Stage, runs: int) -> None:
    """Let so many runs of the stage end within a millisecond each."""
    for _ in range(runs):
        stage.advance(MOMENT)
        stage.hand.end(next(iter(stage.hand.handed)))
        stage.work()


def test_what_lately_ended_quickly_is_claimed_ahead() -> None:
    stage = Stage(slots=2, waiting=100, known={TASK: REPEATABLE})
    stage.enqueue(500)
    stage.work()
    assert stage.states().count(RunState.CLAIMED) == 2
    quick(stage, 20)
    assert stage.states().count(RunState.CLAIMED) > 50
    assert len(stage.hand.handed) > 2


def test_what_is_not_repeatable_is_never_claimed_ahead() -> None:
    stage = Stage(slots=2, waiting=100, known={TASK: ONCE_ONLY})
    stage.enqueue(500)
    stage.work()
    quick(stage, 20)
    assert stage.states().count(RunState.CLAIMED) == 2


def test_what_is_handed_over_to_wait_is_known_to_have_begun() -> None:
    stage = Stage(slots=2, waiting=100, known={TASK: REPEATABLE})
    stage.enqueue(500)
    stage.work()
    quick(stage, 20)
    assert all(stage.run(run).started is not None for run in stage.hand.handed)


def test_what_was_claimed_ahead_and_does_not_begin_soon_is_given_back() -> None:
    stage = Stage(slots=2, known={TASK: REPEATABLE})
    stage.enqueue(500)
    stage.work()
    quick(stage, 20)
    assert stage.states().count(RunState.CLAIMED) > 50
    stage.advance(SECOND)
    stage.work()
    assert stage.states().count(RunState.CLAIMED) == 2


def test_what_waits_behind_runs_that_turn_out_slow_is_called_back_and_costs_no_attempt() -> None:
    stage = Stage(slots=2, waiting=100, known={TASK: REPEATABLE})
    stage.enqueue(500)
    stage.work()
    quick(stage, 20)
    stage.advance(SECOND)
    stage.work()
    assert len(stage.hand.handed) > 2
    stage.advance(SECOND)
    stage.work()
    assert len(stage.hand.handed) == 2
    stage.work()
    assert set(stage.states()) == {RunState.CLAIMED, RunState.QUEUED, RunState.DONE}
    assert stage.states().count(RunState.CLAIMED) == 2
    assert all(not run.attempts for run in stage.runs())


def test_ends_of_quick_runs_are_gathered_for_some_milliseconds() -> None:
    stage = Stage(slots=2, known={TASK: REPEATABLE})
    first, _ = stage.enqueue(2)
    stage.work()
    stage.hand.end(first)
    stage.work()
    assert stage.run(first).state is RunState.CLAIMED
    stage.advance(10 * MOMENT)
    stage.work()
    assert stage.run(first).state is RunState.DONE


def test_the_last_end_of_all_waits_for_no_company() -> None:
    stage = Stage(slots=2, known={TASK: REPEATABLE})
    (run,) = stage.enqueue()
    stage.work()
    stage.hand.end(run)
    stage.work()
    assert stage.run(run).state is RunState.DONE


# ── ends ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_failure_is_judged_by_the_terms_of_the_run(told: list[Event]) -> None:
    stage = Stage()
    (run,) = stage.enqueue()
    stage.work()
    stage.hand.end(run, outcome=Outcome.FAILED)
    stage.work()
    assert (stage.run(run).outcome, stage.run(run).error) == (Outcome.FAILED, "it says why")
    (finished,) = of(RunFinished, told)
    assert isinstance(finished, RunFinished)
    assert (finished.outcome, finished.error) == (Outcome.FAILED, "it says why")


def test_a_run_that_asks_for_later_waits_until_then() -> None:
    stage = Stage()
    (run,) = stage.enqueue()
    stage.work()
    stage.hand.end(run, outcome=None, snooze=MINUTE)
    stage.work()
    assert (stage.run(run).state, stage.run(run).planned) == (RunState.WAITING, stage.now + MINUTE)


def test_the_turn_passes_on_as_soon_as_a_run_has_ended() -> None:
    stage = Stage(slots=1)
    schedule = stage.schedule("0 * * * *", overlap=Overlap.QUEUE_ONE)
    stage.advance(HOUR)
    stage.tick()
    stage.work()
    stage.advance(HOUR)
    stage.tick()
    assert stage.states(schedule) == [RunState.CLAIMED, RunState.WAITING]
    stage.hand.end()
    stage.work()
    assert stage.states(schedule) == [RunState.DONE, RunState.CLAIMED]


def test_a_schedule_that_was_to_succeed_once_is_retired() -> None:
    stage = Stage()
    schedule = stage.schedule("0 * * * *", after_success=AfterSuccess.DELETE)
    stage.advance(HOUR)
    stage.tick()
    stage.work()
    stage.hand.end()
    stage.work()
    assert stage.retired == [schedule]


def test_ends_that_the_store_cannot_take_are_kept_until_it_can() -> None:
    stage = Stage()
    (run,) = stage.enqueue()
    stage.work()
    stage.hand.end(run)
    stage.store.down = True
    for _ in range(3):
        with pytest.raises(ConnectionError):
            stage.work()
    stage.store.down = False
    stage.work()
    assert stage.run(run).outcome is Outcome.SUCCEEDED


def test_a_claim_whose_answer_was_lost_is_called_to_mind_and_run() -> None:
    stage = Stage()
    (run,) = stage.enqueue()
    stage.store.loses_answers = True
    with pytest.raises(ConnectionError):
        stage.work()
    assert stage.run(run).state is RunState.CLAIMED
    stage.store.loses_answers = False
    stage.work()
    assert stage.hand.running() == {run}


# ── what a run says ─────────────────────────────────────────────────────────────────────────────────────────────────


def a_line(stage: Stage, message: str) -> LogLine:
    return LogLine(stage.now, 20, message)


def test_progress_and_lines_reach_the_store_once_a_second_at_most() -> None:
    stage = Stage()
    (run,) = stage.enqueue()
    stage.work()
    token = stage.hand.handed[run].token
    stage.advance(SECOND)
    stage.hand.tell(Progressed(run, token, 1, 10))
    stage.hand.tell(Logged(run, token, (a_line(stage, "one"),)))
    stage.work()
    assert (stage.run(run).done, stage.run(run).total, len(stage.run(run).log)) == (1, 10, 1)
    stage.hand.tell(Progressed(run, token, 2, 10))
    stage.work()
    assert stage.run(run).done == 1
    stage.advance(SECOND)
    stage.work()
    assert stage.run(run).done == 2


def test_lines_alone_leave_the_figures_as_they_were() -> None:
    stage = Stage()
    (run,) = stage.enqueue()
    stage.work()
    token = stage.hand.handed[run].token
    stage.hand.tell(Progressed(run, token, 5, 10))
    stage.advance(SECOND)
    stage.work()
    stage.hand.tell(Logged(run, token, (a_line(stage, "still here"),)))
    stage.advance(SECOND)
    stage.work()
    assert stage.run(run).done == 5


def test_lines_that_were_not_told_yet_come_with_the_end() -> None:
    stage = Stage()
    (run,) = stage.enqueue()
    stage.work()
    stage.hand.tell(Logged(run, stage.hand.handed[run].token, (a_line(stage, "all done"),)))
    stage.hand.end(run)
    stage.work()
    assert stage.run(run).log == ["2026-01-05T12:00:00.000Z INFO all done"]


def test_a_run_that_ignores_its_end_is_told_as_overrun(told: list[Event]) -> None:
    stage = Stage()
    (run,) = stage.enqueue()
    stage.work()
    stage.hand.tell(Overrun(run, stage.hand.handed[run].token, "timeout"))
    stage.work()
    assert len(of(RunOverrun, told)) == 1


# ── leases ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_beat_renews_what_is_held_and_says_so_to_executors() -> None:
    stage = Stage()
    (run,) = stage.enqueue()
    stage.work()
    for _ in range(6):
        stage.machine.advance(10 * SECOND)
        assert stage.beat().renewed == 1
        stage.work()
    assert stage.hand.renewals == 6
    assert stage.hand.killed == []
    assert stage.run(run).state is RunState.CLAIMED


def test_a_run_asked_to_cancel_is_asked_by_its_executor_and_killed_ten_seconds_later() -> None:
    stage = Stage()
    (run,) = stage.enqueue()
    stage.work()
    stage.store.ask_cancel([run], stage.now, by="an operator")
    stage.beat()
    stage.work()
    assert stage.hand.cancelled == {run: KILLED_AFTER}
    stage.hand.end(run, outcome=Outcome.CANCELLED)
    stage.work()
    assert stage.run(run).outcome is Outcome.CANCELLED


def test_a_run_asked_to_cancel_gets_no_further_attempt() -> None:
    stage = Stage(known={TASK: Terms(executor="hand", retry=Retry(attempts=5))})
    (run,) = stage.enqueue()
    stage.work()
    stage.store.ask_cancel([run], stage.now, by="an operator")
    stage.beat()
    stage.work()
    stage.hand.end(run, outcome=Outcome.FAILED)
    stage.work()
    assert stage.run(run).outcome is Outcome.FAILED


def test_a_process_that_could_not_renew_in_time_kills_what_it_runs(told: list[Event]) -> None:
    stage = Stage()
    (run,) = stage.enqueue()
    stage.work()
    stage.machine.advance(21 * SECOND)
    stage.work()
    assert stage.hand.killed == ["lease"]
    assert of(LeaseNotRenewed, told) == [LeaseNotRenewed(process="p1", runs=(run,))]
    assert stage.run(run).outcome is Outcome.LOST


def test_it_begins_nothing_before_its_lease_is_renewed_again() -> None:
    stage = Stage(slots=1)
    _, second = stage.enqueue(2)
    stage.work()
    stage.machine.advance(21 * SECOND)
    stage.work()
    stage.work()
    assert stage.run(second).state is RunState.QUEUED
    stage.beat()
    stage.worker.wake()
    stage.work()
    assert stage.hand.running() == {second}


def test_a_run_that_another_process_has_taken_over_is_killed_and_its_end_is_refused(told: list[Event]) -> None:
    stage = Stage()
    (run,) = stage.enqueue()
    stage.work()
    stage.store.rescue(stage.now + MINUTE, lambda _: Again(stage.now, Outcome.LOST))
    stage.beat()
    stage.work()
    assert stage.hand.cancelled == {run: timedelta(0)}
    stage.hand.end(run)
    stage.work()
    assert len(of(EndRefused, told)) == 1
    assert stage.run(run).state is not RunState.DONE
    assert stage.worker.busy == 0


def test_an_end_written_after_the_run_was_taken_is_refused_and_told(told: list[Event]) -> None:
    stage = Stage()
    (run,) = stage.enqueue()
    stage.work()
    stage.store.rescue(stage.now + MINUTE, lambda _: Again(stage.now, Outcome.LOST))
    stage.hand.end(run)
    stage.work()
    assert len(of(EndRefused, told)) == 1
    assert stage.worker.busy == 0


# ── stopping ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_draining_it_claims_nothing_and_finishes_what_runs() -> None:
    stage = Stage(slots=1)
    first, second = stage.enqueue(2)
    stage.work()
    stage.worker.drain()
    stage.hand.end(first)
    stage.work()
    assert (stage.run(first).state, stage.run(second).state) == (RunState.DONE, RunState.QUEUED)
    assert stage.worker.busy == 0


def test_draining_gives_back_what_has_not_begun() -> None:
    stage = Stage(slots=2, waiting=100, known={TASK: REPEATABLE})
    stage.enqueue(500)
    stage.work()
    quick(stage, 20)
    stage.worker.drain()
    stage.work()
    stage.work()
    assert stage.worker.busy == 2
    assert stage.states().count(RunState.CLAIMED) == 2


def test_stopping_at_once_kills_what_runs() -> None:
    stage = Stage()
    (run,) = stage.enqueue()
    stage.work()
    stage.worker.stop()
    stage.work()
    assert stage.hand.killed == ["stopped"]
    assert stage.run(run).outcome is Outcome.LOST
    assert stage.worker.busy == 0


# ── resting ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_with_nothing_held_it_rests_for_the_poll() -> None:
    stage = Stage()
    assert stage.work().again_at == stage.now + stage.worker.longest_rest


def test_what_it_gets_up_for_between_two_polls_does_not_put_off_the_poll() -> None:
    stage = Stage()
    poll = stage.work().again_at
    stage.advance(3 * SECOND)
    assert stage.work().again_at == poll
    # Enqueued behind its back, as when the hint is lost.
    stage.enqueue()
    stage.advance(2 * SECOND)
    assert stage.work().claimed == 1


def test_with_all_slots_busy_it_looks_again_before_its_leases_are_over() -> None:
    stage = Stage(slots=1)
    stage.enqueue()
    assert stage.work().again_at == stage.now + stage.lease.child_term
    # That is for whoever lets real time pass: nothing here moves by itself.
    assert stage.worker.moves_at() is None


def test_its_rest_ends_when_an_executor_reports() -> None:
    stage = Stage()
    (run,) = stage.enqueue()
    stage.work()
    stage.work()
    assert not stage.worker.rest.wait(0)
    stage.hand.end(run)
    assert not stage.worker.rest.wait(3600)
    stage.worker.wake()
    assert stage.worker.rest.wait(3600)
