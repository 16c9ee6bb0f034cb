"""Repair: a broken schedule goes on, and a person says what becomes of what fell due meanwhile."""

from dataclasses import replace

import pytest

from klokker.core.definition import InvalidDefinition
from klokker.core.lifecycle import ScheduleState
from klokker.core.plan import Broken
from klokker.operations.operation import WrongState
from klokker.operations.repair import Repair
from klokker.operations.run_now import RunNow
from klokker.store.contract import Change, NewRevision
from tests.operations.desk import MIDNIGHT, Desk, at, hourly


def broken(desk: Desk, reason: str = "the disk was on fire", **fields: object) -> int:
    schedule = desk.make(hourly(overlap="allow", catch_up="all", **fields))
    desk.store.decide(at(1), lambda _: Broken(reason))
    return schedule


def test_what_fell_due_meanwhile_is_dismissed_as_broken() -> None:
    desk = Desk()
    schedule = broken(desk)
    desk.now = at(2.5)
    effect = desk.do(schedule, Repair(desk.asked())).effect
    assert (effect.state_before, effect.state) == (ScheduleState.BROKEN, ScheduleState.ACTIVE)
    assert desk.dismissed(schedule) == [(MIDNIGHT, at(2.5), 2, "broken")]
    desk.tick(3)
    assert desk.ran(schedule) == [at(3)]
    assert desk.schedule(schedule).reason == ""


def test_or_it_is_caught_up() -> None:
    desk = Desk()
    schedule = broken(desk)
    desk.now = at(2.5)
    assert desk.do(schedule, Repair(desk.asked(), catch_up=True)).effect.due == 2
    desk.tick()
    assert desk.ran(schedule) == [at(1), at(2)]


def test_after_completion_it_rests_first() -> None:
    desk = Desk()
    schedule = broken(desk, when="30 minutes after completion")
    desk.now = at(3)
    desk.do(schedule, Repair(desk.asked()))
    assert desk.view(schedule).timers[0].next_due == at(3.5)


def test_only_a_broken_schedule_is_repaired() -> None:
    desk = Desk()
    with pytest.raises(WrongState):
        desk.do(desk.make(), Repair(desk.asked()))


def test_a_definition_that_still_cannot_be_evaluated_stays_broken() -> None:
    desk = Desk()
    schedule = desk.make()
    lost_zone = NewRevision(replace(hourly(), zone="Mars/Olympus"), MIDNIGHT, by="an older version", why="")
    desk.store.change(schedule, lambda _: Change(revision=lost_zone))
    desk.store.decide(at(1), lambda _: Broken("no such zone"))
    with pytest.raises(InvalidDefinition) as refused:
        desk.do(schedule, Repair(desk.asked()))
    assert "Mars" in refused.value.faults["when"]
    assert desk.state(schedule) is ScheduleState.BROKEN
    desk.now = at(2.5)
    desk.edit(schedule, zone="UTC")
    assert desk.dismissed(schedule) == [(MIDNIGHT, at(2.5), None, "broken")], "nobody can count what it would have been"
    desk.tick(3)
    assert desk.ran(schedule) == [at(3)]


def test_a_broken_schedule_can_be_run_by_hand() -> None:
    desk = Desk()
    schedule = broken(desk)
    desk.do(schedule, RunNow(desk.asked(), desk.tasks))
    assert len(desk.work()) == 1
