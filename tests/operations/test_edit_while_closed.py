"""What changes do to a schedule that is closed, and to what waits (docs/policies/closed.md). It is closed from 02:30 to 06:30."""

import pytest

from klokker.core.definition import InvalidDefinition
from klokker.core.lifecycle import ScheduleState
from klokker.operations.edit import Edit
from klokker.operations.pause import Pause, Resume
from klokker.operations.retire import Retire
from tests.operations.desk import Desk, at, hourly

WAITS = {"closed": "wait during morning"}


def waiting_desk() -> tuple[Desk, int]:
    """At 05:15, three occurrences wait."""
    desk = Desk()
    schedule = desk.make(hourly(**WAITS, catch_up="all"))
    for hour in (1, 2, 3, 4, 5):
        desk.tick(hour)
        desk.work()
    desk.now = at(5.25)
    return desk, schedule


def test_a_schedule_made_in_a_closing_begins_when_it_opens() -> None:
    desk = Desk(now=at(3.5))
    schedule = desk.make(hourly(**WAITS))
    assert desk.view(schedule).timers[0].next_due == at(6.5)
    desk.tick(6.5)
    assert desk.ran(schedule) == [at(6)]


def test_what_waits_runs_when_it_opens_as_catch_up_says() -> None:
    desk, schedule = waiting_desk()
    assert desk.ran(schedule) == [at(1), at(2)]
    desk.tick(6.5)
    assert desk.ran(schedule) == [at(hour) for hour in range(1, 7)]
    assert desk.dismissed(schedule) == []


def test_an_edit_of_something_else_lets_wait() -> None:
    desk, schedule = waiting_desk()
    effect = desk.edit(schedule, order=7)
    assert (effect.due, effect.waiting, effect.waits_until, effect.starts) == (0, 3, at(6.5), ())
    desk.tick(6.5)
    assert [(run.nominal, run.revision) for run in desk.runs(schedule)][2:] == [
        (at(3), 1), (at(4), 1), (at(5), 1), (at(6), 2)
    ]  # fmt: skip


def test_a_closing_that_is_made_longer_lets_wait_longer() -> None:
    desk, schedule = waiting_desk()
    assert desk.edit(schedule, closed="wait during longer").waits_until == at(9.5)
    assert desk.view(schedule).timers[0].next_due == at(9.5)
    desk.tick(6.5)
    assert desk.ran(schedule) == [at(1), at(2)]
    desk.tick(9.5)
    assert desk.ran(schedule) == [at(hour) for hour in range(1, 10)]


@pytest.mark.parametrize("closed", [None, "wait during shorter", "run anyway during morning"])
def test_an_edit_that_opens_starts_nothing(closed: str | None) -> None:
    desk, schedule = waiting_desk()
    values = {name: value for name, value in hourly(**WAITS, catch_up="all").written().items() if name != "closed"}
    definition = hourly(**{**values, **({"closed": closed} if closed else {})})
    effect = desk.do(schedule, Edit(desk.asked(), definition, desk.tasks)).effect
    assert (effect.waiting, effect.waits_until) == (3, None)
    assert effect.next[0] == at(6)
    desk.tick(5.26)
    assert desk.ran(schedule) == [at(1), at(2)]
    assert desk.dismissed(schedule) == [(at(2), at(5.25), 3, "closed")]
    desk.tick(6)
    assert desk.ran(schedule) == [at(1), at(2), at(6)]


def test_a_pause_dismisses_what_waits_and_resume_begins_at_the_opening() -> None:
    desk, schedule = waiting_desk()
    effect = desk.do(schedule, Pause(desk.asked())).effect
    assert [(each.count, each.reason.value) for each in effect.dismissed] == [(3, "paused")]
    desk.now = at(5.75)
    assert desk.do(schedule, Resume(desk.asked())).effect.waiting == 0
    assert (desk.state(schedule), desk.view(schedule).timers[0].next_due) == (ScheduleState.ACTIVE, at(6.5))
    desk.tick(6.5)
    assert desk.ran(schedule) == [at(1), at(2), at(6)]


def test_retiring_dismisses_what_waits() -> None:
    desk, schedule = waiting_desk()
    effect = desk.do(schedule, Retire(desk.asked())).effect
    assert [(each.count, each.reason.value) for each in effect.dismissed] == [(3, "paused")]


def test_the_moments_that_follow_are_those_at_which_it_runs() -> None:
    desk = Desk()
    for closed, expected in (
        ("wait during morning", [at(1), at(2), at(6.5), at(7)]),
        ("skip during morning", [at(1), at(2), at(7), at(8)]),
        ("run anyway during morning", [at(1), at(2), at(3), at(4)]),
    ):
        schedule = desk.make(hourly(name=closed, closed=closed))
        assert list(desk.edit(schedule, order=3).next[:4]) == expected


def test_a_schedule_that_would_wait_for_ever_is_refused_when_it_is_made_and_when_it_is_edited() -> None:
    desk = Desk()
    with pytest.raises(InvalidDefinition) as refused:
        desk.make(hourly(closed="wait during the-end"))
    assert refused.value.faults.keys() == {"closed"}
    assert "closes for ever" in refused.value.faults["closed"]
    schedule = desk.make(hourly(closed="skip during the-end"))
    with pytest.raises(InvalidDefinition, match="closes for ever"):
        desk.edit(schedule, closed="wait during the-end")
