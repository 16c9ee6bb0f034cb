"""Run now, and dry run: one run that a person asks for, outside the timetable."""

from dataclasses import replace
from typing import cast

import pytest

from klokker.core.json_values import Json
from klokker.core.lifecycle import RunKind, RunState
from klokker.operations.asking import InvalidRequest
from klokker.operations.effect import UnknownTask
from klokker.operations.operation import WrongState
from klokker.operations.retire import Retire
from klokker.operations.run_now import RunNow
from tests.operations.desk import MIDNIGHT, Desk, Sweep, Tasks, at, hourly


def test_a_run_is_made_at_once_and_stands_outside_the_account() -> None:
    desk = Desk()
    schedule = desk.make(hourly(kwargs={"days": 7}, lane="heavy", order=2))
    done = desk.do(schedule, RunNow(desk.asked(), desk.tasks))
    (run,) = desk.runs(schedule)
    assert done.runs == (run.id,)
    assert (run.kind, run.state, run.nominal, run.asked_by) == (
        RunKind.MANUAL,
        RunState.QUEUED,
        None,
        "an editor",
    )
    assert (dict(run.kwargs), run.lane, run.order) == ({"days": 7}, "heavy", 2)
    assert list(desk.store.ledger(schedule).runs) == []
    assert desk.view(schedule).timers[0].next_due == at(1)


def test_it_waits_for_the_turn_unless_it_is_forced() -> None:
    desk = Desk()
    schedule = desk.make()
    desk.tick(1)
    desk.do(schedule, RunNow(desk.asked(), desk.tasks))
    desk.do(schedule, RunNow(desk.asked(), desk.tasks, force=True))
    states = [run.state for run in desk.runs(schedule) if run.kind is RunKind.MANUAL]
    assert states == [RunState.WAITING, RunState.QUEUED]


def test_where_runs_may_overlap_it_needs_no_turn() -> None:
    desk = Desk()
    schedule = desk.make(hourly(overlap="allow"))
    desk.tick(1)
    desk.do(schedule, RunNow(desk.asked(), desk.tasks))
    assert len(desk.runs(schedule, RunState.QUEUED)) == 2


def test_other_arguments_hold_for_this_run_alone() -> None:
    desk = Desk()
    schedule = desk.make(hourly(kwargs={"days": 7}))
    desk.do(schedule, RunNow(desk.asked(), desk.tasks, kwargs={"days": 1}))
    assert dict(desk.runs(schedule)[0].kwargs) == {"days": 1}
    assert desk.definition(schedule).kwargs == {"days": 7}


@pytest.mark.parametrize(
    ("wish", "faults"),
    [
        ({"kwargs": {"days": "many"}}, {"kwargs.days"}),
        ({"kwargs": {"hours": 1}, "args": [1]}, {"kwargs.hours", "args[0]"}),
        ({"kwargs": {"days": float("nan")}}, {"kwargs"}),
        ({"args": [cast(Json, object())]}, {"args"}),
        ({"node": "nowhere"}, {"node"}),
    ],
)
def test_what_cannot_be_is_refused_by_field(wish: dict[str, object], faults: set[str]) -> None:
    desk = Desk()
    schedule = desk.make()
    with pytest.raises(InvalidRequest) as refused:
        desk.do(schedule, replace(RunNow(desk.asked(), desk.tasks), **wish))  # type: ignore[arg-type]
    assert refused.value.faults.keys() == faults
    assert desk.runs(schedule) == []


def test_a_task_that_is_not_known_here_waits_for_one_who_knows_it() -> None:
    desk = Desk()
    schedule = desk.make(hourly(task="elsewhere"))
    effect = desk.do(schedule, RunNow(desk.asked(), desk.tasks, kwargs={"any": 1})).effect
    assert effect.notes == (UnknownTask("elsewhere"),)
    assert desk.work() == []


def test_it_runs_on_each_node_of_the_placement_or_on_the_one_that_is_named() -> None:
    desk = Desk()
    for node in ("a", "b"):
        desk.store.enrol(node, MIDNIGHT)
    anywhere, each = desk.make(), desk.make(hourly(name="each", placement="each"))
    desk.do(anywhere, RunNow(desk.asked(), desk.tasks, node="a"))
    desk.do(each, RunNow(desk.asked(), desk.tasks))
    desk.do(each, RunNow(desk.asked(), desk.tasks, node="b"))
    assert [run.node for run in desk.runs(anywhere)] == ["a"]
    assert [run.node for run in desk.runs(each)] == ["a", "b", "b"]
    with pytest.raises(InvalidRequest) as refused:
        desk.do(each, RunNow(desk.asked(), desk.tasks, node="c"))
    assert "a, b" in refused.value.faults["node"]


def test_without_any_node_there_is_nowhere_to_run() -> None:
    desk = Desk()
    with pytest.raises(InvalidRequest):
        desk.do(desk.make(hourly(placement="each")), RunNow(desk.asked(), desk.tasks))


def test_a_dry_run_needs_no_turn_and_says_that_it_is_dry() -> None:
    desk = Desk()
    schedule = desk.make()
    desk.tick(1)
    desk.claim()
    desk.do(schedule, RunNow(desk.asked(), desk.tasks, dry_run=True))
    (held,) = desk.claim()
    assert (held.kind, held.dry_run) == (RunKind.DRY, True)


def test_a_dry_run_is_refused_for_a_task_that_could_not_tell() -> None:
    desk = Desk(tasks=Tasks(Sweep(heeds_dry_run=False)))
    schedule = desk.make()
    with pytest.raises(InvalidRequest) as refused:
        desk.do(schedule, RunNow(desk.asked(), desk.tasks, dry_run=True))
    assert "for real" in refused.value.faults["dry_run"]


def test_a_retired_schedule_runs_no_more() -> None:
    desk = Desk()
    schedule = desk.make()
    desk.do(schedule, Retire(desk.asked()))
    with pytest.raises(WrongState):
        desk.do(schedule, RunNow(desk.asked(), desk.tasks))
