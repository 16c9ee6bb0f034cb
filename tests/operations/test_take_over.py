"""Take over: a declared schedule becomes a managed one."""

import pytest

from klokker.core.lifecycle import Origin
from klokker.operations.asking import InvalidRequest
from klokker.operations.create import Create, create
from klokker.operations.take_over import TakeOver
from tests.operations.desk import Desk, at, hourly


def test_it_is_edited_here_from_then_on() -> None:
    desk = Desk()
    wish = Create(desk.asked(), hourly(declared_in="chores.toml"), desk.tasks, origin=Origin.DECLARED)
    schedule = create(desk.store, wish).schedule
    before = desk.view(schedule).timers[0].next_due
    effect = desk.do(schedule, TakeOver(desk.asked("it needs care"))).effect
    assert effect.changes == {"declared_in": ["chores.toml", ""]}
    assert desk.schedule(schedule).origin is Origin.MANAGED
    assert desk.view(schedule).timers[0].next_due == before == at(1)
    desk.edit(schedule, order=4)


def test_what_is_managed_cannot_be_taken_over() -> None:
    desk = Desk()
    with pytest.raises(InvalidRequest):
        desk.do(desk.make(), TakeOver(desk.asked()))
