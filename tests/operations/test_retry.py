"""Retry: a run that is over, once more."""

import pytest

from klokker.core.lifecycle import Outcome, RunKind, RunState
from klokker.operations.asking import InvalidRequest
from klokker.operations.operation import WrongState
from klokker.operations.retire import Retire
from klokker.operations.retry import retry
from klokker.operations.run_now import RunNow
from klokker.store.contract import NewRun
from klokker.store.errors import NoSuchRun
from tests.operations.desk import MIDNIGHT, Desk, at, hourly


def test_a_retry_is_a_new_manual_run_that_says_what_it_repeats() -> None:
    desk = Desk()
    schedule = desk.make(hourly(kwargs={"days": 7}))
    desk.tick(1)
    (held,) = desk.work(Outcome.FAILED)
    desk.edit(schedule, kwargs={"days": 8})
    new = desk.store.seen_run(retry(desk.store, held.run, desk.asked()))
    assert (new.kind, new.state, new.retry_of, new.for_nominal) == (
        RunKind.MANUAL,
        RunState.QUEUED,
        held.run,
        at(1),
    )
    assert (dict(new.kwargs), new.asked_by) == ({"days": 7}, "an editor")
    assert desk.store.seen_run(held.run).outcome is Outcome.FAILED


def test_a_run_that_is_not_over_is_not_retried() -> None:
    desk = Desk()
    schedule = desk.make()
    desk.tick(1)
    (run,) = desk.runs(schedule)
    with pytest.raises(InvalidRequest) as refused:
        retry(desk.store, run.id, desk.asked())
    assert "queued still" in refused.value.faults["run"]


def test_a_dry_run_is_not_retried() -> None:
    desk = Desk()
    schedule = desk.make()
    desk.do(schedule, RunNow(desk.asked(), desk.tasks, dry_run=True))
    (held,) = desk.work()
    with pytest.raises(InvalidRequest):
        retry(desk.store, held.run, desk.asked())


def test_a_run_that_code_enqueued_is_enqueued_anew() -> None:
    desk = Desk()
    desk.store.enqueue([NewRun(RunKind.ENQUEUED, "sweep", (), {}, MIDNIGHT)], now=MIDNIGHT)
    (held,) = desk.work(Outcome.FAILED)
    new = desk.store.seen_run(retry(desk.store, held.run, desk.asked()))
    assert (new.kind, new.state, new.retry_of, new.schedule) == (
        RunKind.ENQUEUED,
        RunState.QUEUED,
        held.run,
        None,
    )


def test_a_run_that_is_not_there_is_said_to_be() -> None:
    with pytest.raises(NoSuchRun):
        retry(Desk().store, 4711, Desk().asked())


def test_runs_of_a_retired_schedule_are_not_retried() -> None:
    desk = Desk()
    schedule = desk.make()
    desk.tick(1)
    (held,) = desk.work(Outcome.FAILED)
    desk.do(schedule, Retire(desk.asked()))
    with pytest.raises(WrongState):
        retry(desk.store, held.run, desk.asked())
