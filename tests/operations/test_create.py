"""Create: a new schedule starts nothing that lies before it (docs/concepts/operations.md)."""

import pytest

from klokker.core.definition import Definition, InvalidDefinition
from klokker.core.lifecycle import Origin, RunKind, ScheduleState
from klokker.operations.create import Create, create, preview_create
from klokker.operations.effect import NodeNotEnrolled, UnknownTask
from klokker.store.errors import NameInUse
from tests.operations.desk import MIDNIGHT, Desk, at, hourly


def test_a_new_schedule_begins_with_the_next_occurrence() -> None:
    desk = Desk(at(0.5))
    schedule = desk.make()
    (timer,) = desk.view(schedule).timers
    assert (timer.since, timer.next_due) == (at(0.5), at(1))
    desk.tick(1)
    assert desk.ran(schedule) == [at(1)]


def test_an_occurrence_at_the_moment_of_creation_is_not_its_own() -> None:
    desk = Desk(at(1))
    schedule = desk.make()
    desk.tick(1)
    assert desk.ran(schedule) == []


def test_the_preview_tells_what_will_be_and_writes_nothing() -> None:
    desk = Desk(at(0.5))
    effect = preview_create(desk.store, Create(desk.asked(), hourly(), desk.tasks))
    assert (effect.schedule, effect.name, effect.state) == (None, "tidy", ScheduleState.ACTIVE)
    assert effect.next == tuple(at(hour) for hour in (1, 2, 3, 4, 5))
    assert effect.opens == ("",)
    assert list(desk.store.schedules()) == []
    assert create(desk.store, Create(desk.asked(), hourly(), desk.tasks)).effect == effect


def test_who_made_it_and_why_is_kept() -> None:
    desk = Desk()
    wish = Create(desk.asked("asked for by the archive"), hourly(), desk.tasks, origin=Origin.DECLARED)
    schedule = desk.schedule(create(desk.store, wish).schedule)
    assert (schedule.origin, schedule.changed_by, schedule.revision.time_data) == (
        Origin.DECLARED,
        "an editor",
        "2026a",
    )


def test_a_name_is_taken_once() -> None:
    desk = Desk()
    first = desk.make()
    for attempt in (preview_create, create):
        with pytest.raises(NameInUse) as refused:
            attempt(desk.store, Create(desk.asked(), hourly(name="TIDY"), desk.tasks))
        assert refused.value.schedule == first


def test_arguments_are_held_against_a_task_that_is_known() -> None:
    desk = Desk()
    with pytest.raises(InvalidDefinition) as refused:
        desk.make(hourly(args=[1], kwargs={"days": "many", "hours": 3}, if_lost="retry"))
    assert refused.value.faults == {
        "args[0]": "is one too many",
        "kwargs.days": "must be a whole number, got 'many'",
        "kwargs.hours": "is no parameter",
        "if_lost": "may be retry for repeatable tasks only, and sweep is not declared repeatable: "
        "a lost run may have done its work",
    }


def test_a_task_that_is_not_known_here_is_kept_with_a_note() -> None:
    desk = Desk()
    wish = Create(desk.asked(), hourly(task="elsewhere", kwargs={"any": "thing"}), desk.tasks)
    assert create(desk.store, wish).effect.notes == (UnknownTask("elsewhere"),)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"when": "0 0 1 1 *", "ends": "2026-12-31T00:00"}, "yields no moment after"),
        ({"when": "at 2026-03-01T12:00"}, "have passed (2026-03-01T12:00:00Z)"),
        ({"when": "at 2026-03-01T12:00, 2026-03-03T12:00"}, "have passed (2026-03-01T12:00:00Z)"),
    ],
)
def test_a_schedule_with_nothing_ahead_is_refused(fields: dict[str, object], says: str) -> None:
    desk = Desk()
    with pytest.raises(InvalidDefinition) as refused:
        desk.make(hourly(**fields))
    assert says in refused.value.faults["when"]
    assert list(desk.store.schedules(retired=True)) == []


def test_a_definition_that_cannot_be_evaluated_is_refused() -> None:
    desk = Desk()
    with pytest.raises(InvalidDefinition) as refused:
        desk.make(Definition(name="tidy", task="sweep", when="61 * * * *"))
    assert "when" in refused.value.faults


def test_moments_that_have_passed_are_started_as_backfill_when_that_is_asked_for() -> None:
    desk = Desk()
    schedule = desk.make(hourly(when="at 2026-03-01T12:00, 2026-03-01T18:00, 2026-03-03T12:00"), start_past=True)
    assert desk.asked_for(schedule) == [(RunKind.BACKFILL, at(-12)), (RunKind.BACKFILL, at(-6))]
    assert [held.run for held in desk.work()] == [run.id for run in desk.runs(schedule)]
    assert desk.view(schedule).timers[0].next_due == at(36)


def test_a_schedule_of_which_all_has_passed_is_spent_at_once() -> None:
    desk = Desk()
    schedule = desk.make(hourly(when="at 2026-03-01T12:00"), start_past=True)
    assert desk.state(schedule) is ScheduleState.SPENT
    assert len(desk.work()) == 1


def test_a_schedule_made_paused_begins_when_it_is_resumed() -> None:
    desk = Desk()
    schedule = desk.make(paused="not before the audit")
    seen = desk.schedule(schedule)
    assert (seen.state, seen.reason) == (ScheduleState.PAUSED, "not before the audit")
    desk.tick(5)
    assert desk.ran(schedule) == []


def test_after_completion_the_first_run_comes_at_once_or_at_its_start() -> None:
    desk = Desk(at(0.5))
    rests = hourly(when="10 minutes after completion")
    at_once = desk.make(rests)
    later = desk.make(hourly(name="later", when="10 minutes after completion", starts="2026-03-02T03:00"))
    assert desk.view(at_once).timers[0].next_due == at(0.5) + (at(1) - at(0)) / 3600
    assert desk.view(later).timers[0].next_due == at(3)
    desk.tick(1)
    assert len(desk.runs(at_once)) == 1


def test_a_timer_is_opened_for_each_node_of_the_placement() -> None:
    desk = Desk()
    for node in ("b", "a"):
        desk.store.enrol(node, MIDNIGHT)
    each = desk.make(hourly(placement="each"))
    named = desk.make(hourly(name="named", placement=["a", "far away"]))
    assert sorted(timer.node for timer in desk.view(each).timers) == ["a", "b"]
    assert sorted(timer.node for timer in desk.view(named).timers) == ["a", "far away"]
    wish = Create(desk.asked(), hourly(name="other", placement=["a", "far away"]), desk.tasks)
    assert preview_create(desk.store, wish).notes == (NodeNotEnrolled("far away"),)


def test_a_schedule_for_each_node_may_be_made_before_there_is_one() -> None:
    desk = Desk()
    schedule = desk.make(hourly(placement="each"))
    assert desk.state(schedule) is ScheduleState.ACTIVE
    assert list(desk.view(schedule).timers) == []
