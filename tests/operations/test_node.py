"""Nodes: schedules that are placed on a node get a timer there when it comes, and lose it when it is retired."""

import pytest

from klokker.core.lifecycle import Outcome, ScheduleState
from klokker.events import Event, NodeEnrolled, subscribe
from klokker.operations.asking import InvalidRequest
from klokker.operations.node import OpenOnNode, enrol_node, preview_retire_node, retire_node
from klokker.operations.operation import do
from klokker.operations.pause import Pause, Resume
from tests.operations.desk import MIDNIGHT, Desk, at, hourly


def nodes(desk: Desk, schedule: int) -> set[str]:
    return {timer.node for timer in desk.view(schedule).timers}


def test_a_node_that_enrols_gets_the_timers_that_are_placed_there_from_now_on() -> None:
    desk = Desk()
    anywhere, each = desk.make(), desk.make(hourly(name="each", placement="each"))
    desk.now = at(0.5)
    effects = enrol_node(desk.store, "a", desk.asked())
    assert [(effect.name, effect.opens) for effect in effects] == [("each", ("a",))]
    assert nodes(desk, anywhere) == {""}
    (timer,) = desk.view(each).timers
    assert (timer.node, timer.since, timer.next_due) == ("a", at(0.5), at(1))
    assert [node.name for node in desk.store.nodes()] == ["a"]


def test_it_enrols_once_and_that_is_told() -> None:
    desk = Desk()
    desk.make(hourly(placement="each"))
    told: list[Event] = []
    with subscribe(told.append):
        assert len(enrol_node(desk.store, "a", desk.asked())) == 1
        assert enrol_node(desk.store, "a", desk.asked()) == ()
    assert told == [NodeEnrolled(node="a")]


def test_who_was_cut_short_while_enrolling_begins_again() -> None:
    desk = Desk()
    first, second = desk.make(hourly(placement="each")), desk.make(hourly(name="second", placement="each"))
    do(desk.store, first, OpenOnNode(desk.asked(), "a"))
    effects = enrol_node(desk.store, "a", desk.asked())
    assert [effect.schedule for effect in effects] == [second]
    assert [len(desk.view(schedule).timers) for schedule in (first, second)] == [1, 1]


def test_a_named_node_has_its_timer_before_it_enrols() -> None:
    desk = Desk()
    schedule = desk.make(hourly(placement=["a"]))
    assert enrol_node(desk.store, "a", desk.asked()) == ()
    assert nodes(desk, schedule) == {"a"}


def test_a_paused_schedule_gets_a_timer_that_sleeps() -> None:
    desk = Desk()
    schedule = desk.make(hourly(placement="each"), paused="not yet")
    enrol_node(desk.store, "a", desk.asked())
    assert [timer.next_due for timer in desk.view(schedule).timers] == [None]
    desk.now = at(0.5)
    desk.do(schedule, Resume(desk.asked()))
    desk.tick(1)
    assert desk.ran(schedule) == [at(1)]


def test_a_spent_schedule_gets_none() -> None:
    desk = Desk()
    enrol_node(desk.store, "a", desk.asked())
    schedule = desk.make(hourly(placement="each", max_runs=1))
    desk.tick(1)
    assert desk.state(schedule) is ScheduleState.SPENT
    assert enrol_node(desk.store, "b", desk.asked()) == ()


def test_retiring_a_node_closes_its_timers_and_dismisses_what_is_undecided_there() -> None:
    desk = Desk()
    for node in ("a", "b"):
        enrol_node(desk.store, node, desk.asked())
    schedule = desk.make(hourly(placement="each", overlap="allow", catch_up="all"))
    desk.now = at(2.5)
    shown = preview_retire_node(desk.store, "a", desk.asked())
    assert nodes(desk, schedule) == {"a", "b"}
    assert retire_node(desk.store, "a", desk.asked()) == shown
    assert [(effect.closes, [each.count for each in effect.dismissed]) for effect in shown] == [(("a",), [2])]
    assert nodes(desk, schedule) == {"b"}
    desk.tick(3)
    assert {run.node for run in desk.runs(schedule)} == {"b"}
    assert desk.state(schedule) is ScheduleState.ACTIVE


def test_what_waits_for_a_retired_node_is_cancelled_when_that_is_asked_for() -> None:
    desk = Desk()
    for node in ("a", "b"):
        enrol_node(desk.store, node, desk.asked())
    schedule = desk.make(hourly(placement="each"))
    desk.tick(1)
    retire_node(desk.store, "a", desk.asked(), cancel_waiting=True)
    assert {run.node: run.outcome for run in desk.runs(schedule)} == {"a": Outcome.CANCELLED, "b": None}


def test_a_node_that_returns_begins_new_spans() -> None:
    desk = Desk()
    enrol_node(desk.store, "a", desk.asked())
    each, named = desk.make(hourly(placement="each")), desk.make(hourly(name="named", placement=["a"]))
    desk.now = at(0.5)
    retire_node(desk.store, "a", desk.asked())
    assert (nodes(desk, each), nodes(desk, named)) == (set(), set())
    desk.now = at(3.5)
    enrol_node(desk.store, "a", desk.asked())
    for schedule in (each, named):
        spans = [(span.since, span.until) for span in desk.store.ledger(schedule).spans]
        assert spans == [(MIDNIGHT, at(0.5)), (at(3.5), None)]


def test_an_edit_does_not_bring_a_retired_node_back() -> None:
    desk = Desk()
    enrol_node(desk.store, "a", desk.asked())
    schedule = desk.make(hourly(placement=["a", "b"]))
    retire_node(desk.store, "a", desk.asked())
    assert desk.edit(schedule, order=1).opens == ()
    assert nodes(desk, schedule) == {"b"}
    assert desk.edit(schedule, placement=["b"]).opens == ()
    assert desk.edit(schedule, placement=["a", "b"]).opens == ("a",), "asked for by name, it is"


def test_a_schedule_all_of_whose_nodes_are_retired_waits_for_them() -> None:
    desk = Desk()
    enrol_node(desk.store, "a", desk.asked())
    schedule = desk.make(hourly(placement=["a"]))
    retire_node(desk.store, "a", desk.asked())
    assert desk.edit(schedule, order=1).state is ScheduleState.ACTIVE


def test_a_node_that_is_not_enrolled_is_not_retired_but_an_interrupted_retirement_is_completed() -> None:
    desk = Desk()
    with pytest.raises(InvalidRequest) as refused:
        retire_node(desk.store, "a", desk.asked())
    assert "none" in refused.value.faults["node"]
    enrol_node(desk.store, "a", desk.asked())
    schedule = desk.make(hourly(placement="each"))
    desk.store.retire_node("a", MIDNIGHT)
    assert len(retire_node(desk.store, "a", desk.asked())) == 1
    assert nodes(desk, schedule) == set()


def test_a_timer_that_sleeps_is_closed_too() -> None:
    desk = Desk()
    enrol_node(desk.store, "a", desk.asked())
    schedule = desk.make(hourly(placement="each"))
    desk.do(schedule, Pause(desk.asked()))
    desk.now = at(2.5)
    retire_node(desk.store, "a", desk.asked())
    assert desk.dismissed(schedule) == [(MIDNIGHT, at(2.5), 2, "paused")]
    desk.now = at(3.5)
    desk.do(schedule, Resume(desk.asked()))
    assert desk.state(schedule) is ScheduleState.ACTIVE


@pytest.mark.parametrize("name", ["", " a", "a\n", "x" * 201])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    desk = Desk()
    with pytest.raises(InvalidRequest):
        enrol_node(desk.store, name, desk.asked())
    assert list(desk.store.nodes()) == []
