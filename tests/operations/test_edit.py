"""Edit: what fell due before is decided as it stood, and the edit itself starts nothing (docs/concepts/operations.md)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from klokker.core.definition import Definition, InvalidDefinition
from klokker.core.lifecycle import Origin, Outcome, RunKind, RunState, ScheduleState
from klokker.core.plan import Broken
from klokker.operations.create import Create, create
from klokker.operations.edit import DeclaredElsewhere, Edit, EditedMeanwhile
from klokker.operations.effect import NodeNotEnrolled, NothingChanges, Passed, SpreadMoves, UnknownTask
from klokker.operations.operation import WrongState, do, preview
from klokker.operations.pause import Pause, Resume
from klokker.operations.retire import Retire
from klokker.store.errors import NameInUse
from tests.operations.desk import MIDNIGHT, Desk, at, hourly

MINUTE = timedelta(minutes=1)


def test_the_new_timetable_holds_from_now_and_starts_nothing_that_lies_before() -> None:
    desk = Desk()
    schedule = desk.make()
    desk.tick(1)
    desk.work()
    desk.now = at(1.75)
    effect = desk.edit(schedule, when="*/10 * * * *")
    assert desk.tick().looked_at == 0
    assert effect.passed == Passed(
        at(1), at(1.75), 4, (at(1) + 10 * MINUTE, at(1) + 20 * MINUTE, at(1) + 30 * MINUTE, at(1) + 40 * MINUTE)
    )
    assert effect.next_before[:2] == (at(2), at(3))
    assert effect.next[:2] == (at(1) + 50 * MINUTE, at(2))
    desk.tick(1.9)
    assert desk.ran(schedule) == [at(1), at(1) + 50 * MINUTE]


def test_what_fell_due_before_the_edit_is_decided_under_the_old_definition() -> None:
    desk = Desk()
    schedule = desk.make(hourly(kwargs={"days": 1}, overlap="allow", catch_up="all"))
    desk.now = at(2.5)
    effect = desk.edit(schedule, kwargs={"days": 2})
    assert effect.due == 2
    desk.tick(3)
    assert [(run.nominal, run.revision, run.kwargs) for run in desk.runs(schedule)] == [
        (at(1), 1, {"days": 1}),
        (at(2), 1, {"days": 1}),
        (at(3), 2, {"days": 2}),
    ]


def test_an_occurrence_exactly_at_the_edit_is_the_old_revisions() -> None:
    desk = Desk()
    schedule = desk.make()
    desk.now = at(1)
    desk.edit(schedule, order=5)
    desk.tick(1)
    assert [(run.revision, run.order) for run in desk.runs(schedule)] == [(1, 0)]


def test_a_revision_says_who_why_and_what() -> None:
    desk = Desk(at(0.25))
    schedule = desk.make()
    desk.now = at(0.5)
    wish = replace(desk.edited(schedule, order=3, description="sooner"), asked=desk.asked("it came too late"))
    done = do(desk.store, schedule, wish)
    written = done.changed.change.revision
    assert written is not None
    assert (done.changed.revision, written.holds_from, written.by, written.why, written.time_data) == (
        2,
        at(0.5),
        "an editor",
        "it came too late",
        "2026a",
    )
    assert written.changes == {"order": [0, 3], "description": ["", "sooner"]}
    assert done.effect.changes == written.changes


def test_an_edit_touches_its_own_schedule_alone_and_no_timetable_that_did_not_change() -> None:
    desk = Desk()
    schedule, other = desk.make(), desk.make(hourly(name="other"))
    before = desk.view(other)
    effect = desk.edit(schedule, description="new words")
    assert effect.passed is None
    assert desk.view(other) == before
    assert desk.view(schedule).timers[0].next_due == at(1)


def test_an_edit_that_changes_nothing_leaves_no_revision() -> None:
    desk = Desk()
    schedule = desk.make()
    assert desk.edit(schedule).notes == (NothingChanges(),)
    assert desk.schedule(schedule).revision.number == 1


def test_the_second_of_two_editors_is_told() -> None:
    desk = Desk()
    schedule = desk.make()
    first = replace(desk.edited(schedule, order=1), expected=1)
    second = replace(desk.edited(schedule, lane="heavy"), expected=1)
    do(desk.store, schedule, first)
    for attempt in (preview, do):
        with pytest.raises(EditedMeanwhile) as refused:
            attempt(desk.store, schedule, second)
        assert (refused.value.expected, refused.value.found) == (1, 2)
        assert refused.value.changes == {"order": [1, 0], "lane": ["default", "heavy"]}
    assert desk.definition(schedule).lane == "default"


def test_faults_are_told_all_at_once_and_nothing_is_written() -> None:
    desk = Desk()
    schedule = desk.make()
    wish = Edit(desk.asked(), Definition(name="tidy", task="sweep", when="nonsense", args=(1,)), desk.tasks)
    for attempt in (preview, do):
        with pytest.raises(InvalidDefinition) as refused:
            attempt(desk.store, schedule, wish)
        assert refused.value.faults.keys() == {"when", "args[0]"}
    assert desk.schedule(schedule).revision.number == 1


def test_a_task_that_is_not_known_here_is_kept_with_a_note() -> None:
    desk = Desk()
    schedule = desk.make()
    assert desk.edit(schedule, task="elsewhere", kwargs={"x": 1}).notes == (UnknownTask("elsewhere"),)


def test_a_declared_schedule_is_edited_where_it_is_declared() -> None:
    desk = Desk()
    wish = Create(desk.asked(), hourly(declared_in="chores.toml"), desk.tasks, origin=Origin.DECLARED)
    schedule = create(desk.store, wish).schedule
    with pytest.raises(DeclaredElsewhere) as refused:
        desk.edit(schedule, order=1)
    assert refused.value.declared_in == "chores.toml"
    do(desk.store, schedule, replace(desk.edited(schedule, order=1), declared=True))
    assert desk.definition(schedule).order == 1


def test_a_retired_schedule_is_not_edited() -> None:
    desk = Desk()
    schedule = desk.make()
    desk.do(schedule, Retire(desk.asked()))
    with pytest.raises(WrongState):
        desk.edit(schedule, order=1)


# names


def test_a_rename_is_an_edit() -> None:
    desk = Desk()
    schedule = desk.make()
    desk.edit(schedule, name="tidier")
    assert desk.store.schedule("tidy") is None
    desk.edit(schedule, name="TIDIER")
    desk.make()


def test_a_rename_shows_where_a_spread_timetable_moves() -> None:
    desk = Desk()
    schedule = desk.make(hourly(when="H * * * *"))
    effect = desk.edit(schedule, name="another name")
    assert effect.notes == (SpreadMoves("another name"),)
    assert effect.next_before != effect.next
    assert desk.view(schedule).timers[0].next_due == effect.next[0]
    plain = desk.make(hourly(name="plain"))
    assert desk.edit(plain, name="plainer").notes == ()


def test_a_name_that_is_taken_is_refused() -> None:
    desk = Desk()
    desk.make(hourly(name="taken"))
    schedule = desk.make()
    for attempt in (preview, do):
        with pytest.raises(NameInUse):
            attempt(desk.store, schedule, desk.edited(schedule, name="Taken"))


# states


def test_a_paused_schedule_stays_paused_and_dismisses_revision_by_revision() -> None:
    desk = Desk()
    schedule = desk.make()
    desk.do(schedule, Pause(desk.asked()))
    desk.now = at(2.5)
    effect = desk.edit(schedule, when="*/30 * * * *")
    assert (effect.state, desk.state(schedule)) == (ScheduleState.PAUSED, ScheduleState.PAUSED)
    assert desk.view(schedule).timers[0].next_due is None
    desk.now = at(4.75)
    desk.do(schedule, Resume(desk.asked()))
    assert desk.dismissed(schedule) == [
        (MIDNIGHT, at(2.5), 2, "paused"),
        (at(2.5), at(4.75), 4, "paused"),
    ]
    assert desk.view(schedule).timers[0].next_due == at(5)


def test_more_runs_wake_a_schedule_that_was_spent_by_their_number() -> None:
    desk = Desk()
    schedule = desk.make(hourly(max_runs=2))
    for hour in (1, 2, 3):
        desk.tick(hour)
        desk.work()
    assert (desk.ran(schedule), desk.state(schedule)) == ([at(1), at(2)], ScheduleState.SPENT)
    desk.now = at(3.5)
    assert desk.edit(schedule, max_runs=3).state is ScheduleState.ACTIVE
    for hour in (4, 5, 6):
        desk.tick(hour)
        desk.work()
    assert desk.ran(schedule) == [at(1), at(2), at(4)]
    assert desk.state(schedule) is ScheduleState.SPENT


def test_a_number_of_runs_that_is_reached_already_spends_the_schedule() -> None:
    desk = Desk()
    schedule = desk.make()
    for hour in (1, 2):
        desk.tick(hour)
        desk.work()
    effect = desk.edit(schedule, max_runs=2)
    assert (effect.state, effect.closes) == (ScheduleState.SPENT, ("",))
    desk.tick(3)
    assert desk.ran(schedule) == [at(1), at(2)]


def test_words_about_a_spent_schedule_do_not_wake_it() -> None:
    desk = Desk()
    schedule = desk.make(hourly(when="at 2026-03-02T01:00"))
    desk.tick(1)
    desk.work()
    assert desk.state(schedule) is ScheduleState.SPENT
    desk.now = at(2)
    assert desk.edit(schedule, description="was for once").state is ScheduleState.SPENT
    assert desk.edit(schedule, when="at 2026-03-02T01:00, 2026-03-02T05:00").state is ScheduleState.ACTIVE
    desk.tick(5)
    assert desk.ran(schedule) == [at(1), at(5)]


def test_an_end_that_has_passed_spends_the_schedule_once_all_is_decided() -> None:
    desk = Desk()
    schedule = desk.make(hourly(overlap="allow", catch_up="all"))
    desk.now = at(2.5)
    effect = desk.edit(schedule, ends="2026-03-02T02:15")
    assert effect.state is ScheduleState.ACTIVE, "two occurrences are undecided"
    desk.tick(3)
    assert (desk.ran(schedule), desk.state(schedule)) == ([at(1), at(2)], ScheduleState.SPENT)


def test_with_nothing_undecided_it_is_spent_at_once() -> None:
    desk = Desk()
    schedule = desk.make()
    desk.tick(2)
    desk.now = at(2.5)
    assert desk.edit(schedule, ends="2026-03-02T02:15").state is ScheduleState.SPENT


# moments of `at`


def test_a_moment_that_has_passed_is_refused_unless_it_was_there_before() -> None:
    desk = Desk()
    schedule = desk.make(hourly(when="at 2026-03-02T01:00, 2026-03-02T09:00"))
    desk.tick(2)
    desk.edit(schedule, when="at 2026-03-02T01:00, 2026-03-02T10:00")
    with pytest.raises(InvalidDefinition) as refused:
        desk.edit(schedule, when="at 2026-03-02T00:30, 2026-03-02T01:00, 2026-03-02T10:00")
    assert "2026-03-02T00:30:00Z" in refused.value.faults["when"]
    assert "T01:00" not in refused.value.faults["when"]


def test_a_moment_that_has_passed_is_started_as_backfill_when_that_is_asked_for() -> None:
    desk = Desk()
    schedule = desk.make(hourly(when="at 2026-03-02T09:00"))
    desk.now = at(2)
    wish = replace(desk.edited(schedule, when="at 2026-03-02T01:00, 2026-03-02T09:00"), start_past=True)
    assert len(desk.do(schedule, wish).runs) == 1
    assert desk.asked_for(schedule) == [(RunKind.BACKFILL, at(1))]
    assert [run.revision for run in desk.runs(schedule)] == [2]


# placement


def test_an_edit_of_the_placement_closes_timers_and_opens_others() -> None:
    desk = Desk()
    for node in ("a", "b"):
        desk.store.enrol(node, MIDNIGHT)
    schedule = desk.make(hourly(overlap="allow", catch_up="all"))
    desk.now = at(1.5)
    effect = desk.edit(schedule, placement="each")
    assert (effect.closes, effect.opens) == (("",), ("a", "b"))
    desk.tick(2)
    ran = {(run.node, run.nominal, run.revision) for run in desk.runs(schedule)}
    assert ran == {("", at(1), 1), ("a", at(2), 2), ("b", at(2), 2)}
    assert desk.state(schedule) is ScheduleState.ACTIVE
    desk.now = at(2.5)
    assert desk.edit(schedule, placement=["b", "c"]).notes == (NodeNotEnrolled("c"),)
    desk.tick(3)
    assert {run.node for run in desk.runs(schedule) if run.nominal == at(3)} == {"b", "c"}


def test_there_and_back_again_before_a_tick_loses_nothing_and_doubles_nothing() -> None:
    desk = Desk()
    schedule = desk.make(hourly(overlap="allow", catch_up="all"))
    desk.now = at(1.5)
    desk.edit(schedule, placement=["a"])
    desk.now = at(2.5)
    desk.edit(schedule, placement="any")
    desk.tick(3)
    assert {(run.node, run.nominal) for run in desk.runs(schedule)} == {("", at(1)), ("", at(3)), ("a", at(2))}


def test_the_count_of_runs_goes_on_for_a_node_that_comes_back() -> None:
    desk = Desk()
    schedule = desk.make(hourly(placement=["a"], max_runs=3))
    for hour in (1, 2):
        desk.tick(hour)
        desk.work(node="a")
    desk.edit(schedule, placement=["b"])
    desk.edit(schedule, placement=["a"])
    for hour in (3, 4):
        desk.tick(hour)
        desk.work(node="a")
    assert [run.nominal for run in desk.runs(schedule) if run.node == "a"] == [at(1), at(2), at(3)]


def test_a_paused_timer_that_closes_dismisses_what_passed() -> None:
    desk = Desk()
    schedule = desk.make()
    desk.do(schedule, Pause(desk.asked()))
    desk.now = at(2.5)
    desk.edit(schedule, placement=["a"])
    assert desk.dismissed(schedule) == [(MIDNIGHT, at(2.5), 2, "paused")]
    assert [(timer.node, timer.next_due) for timer in desk.view(schedule).timers] == [("a", None)]


# after completion


def test_a_schedule_that_comes_to_rest_after_completion_rests_from_the_edit() -> None:
    desk = Desk()
    schedule = desk.make()
    desk.tick(1)
    desk.work()
    desk.now = at(1.5)
    desk.edit(schedule, when="30 minutes after completion")
    assert desk.view(schedule).timers[0].next_due == at(2)
    desk.tick(2)
    desk.now = at(2.25)
    desk.work()
    assert desk.view(schedule).timers[0].next_due == at(2.75)


def test_one_whose_run_is_under_way_waits_for_its_end() -> None:
    desk = Desk()
    schedule = desk.make(hourly(when="30 minutes after completion"))
    desk.tick(1)
    assert desk.runs(schedule, RunState.QUEUED)
    desk.edit(schedule, when="1 hour after completion")
    assert desk.view(schedule).timers[0].next_due is None
    assert desk.state(schedule) is ScheduleState.ACTIVE
    desk.now = at(1.5)
    desk.work()
    assert desk.view(schedule).timers[0].next_due == at(2.5)


def test_an_undecided_hour_comes_before_the_rest() -> None:
    desk = Desk()
    schedule = desk.make()
    desk.now = at(1.5)
    effect = desk.edit(schedule, when="30 minutes after completion")
    assert effect.due == 1
    assert desk.view(schedule).timers[0].next_due == at(1)
    desk.tick(1.6)
    assert desk.ran(schedule) == [at(1)]
    desk.work()
    assert desk.view(schedule).timers[0].next_due == at(2.1)


def test_from_after_completion_to_the_hour() -> None:
    desk = Desk()
    schedule = desk.make(hourly(when="30 minutes after completion"))
    desk.tick(1)
    desk.edit(schedule, when="0 * * * *")
    desk.work()
    assert desk.view(schedule).timers[0].next_due == at(2)


# broken


def broken(desk: Desk, **fields: object) -> int:
    """A schedule that broke when its first hour was to be decided."""
    schedule = desk.make(hourly(overlap="allow", catch_up="all", **fields))
    desk.now = at(1)
    desk.store.decide(at(1), lambda _: Broken("no such zone"))
    assert desk.state(schedule) is ScheduleState.BROKEN
    return schedule


def test_an_edit_repairs_and_dismisses_what_fell_due_meanwhile() -> None:
    desk = Desk()
    schedule = broken(desk)
    desk.now = at(3.5)
    effect = desk.edit(schedule, order=1)
    assert (effect.state_before, effect.state) == (ScheduleState.BROKEN, ScheduleState.ACTIVE)
    assert desk.schedule(schedule).reason == ""
    assert desk.dismissed(schedule) == [(MIDNIGHT, at(3.5), 3, "broken")]
    desk.tick(4)
    assert desk.ran(schedule) == [at(4)]


def test_an_edit_may_catch_up_what_fell_due_meanwhile_under_the_new_definition() -> None:
    desk = Desk()
    schedule = broken(desk)
    desk.now = at(3.5)
    desk.do(schedule, replace(desk.edited(schedule, kwargs={"days": 7}), catch_up=True))
    desk.tick()
    assert [(run.nominal, run.kwargs) for run in desk.runs(schedule)] == [
        (at(1), {"days": 7}),
        (at(2), {"days": 7}),
        (at(3), {"days": 7}),
    ]
    assert desk.dismissed(schedule) == []


def test_an_edit_that_changes_nothing_repairs_a_broken_schedule_too() -> None:
    desk = Desk()
    schedule = broken(desk)
    assert desk.edit(schedule).state is ScheduleState.ACTIVE


def test_unfinished_runs_go_on_under_an_edit() -> None:
    desk = Desk()
    schedule = desk.make()
    desk.tick(1)
    effect = desk.edit(schedule, when="30 * * * *")
    assert [run.nominal for run in effect.goes_on] == [at(1)]
    assert [held.nominal for held in desk.work(Outcome.FAILED)] == [at(1)]


def test_a_paused_schedule_gets_no_timetable_that_would_break_it_when_it_is_resumed() -> None:
    desk = Desk()
    schedule = desk.make(paused="for now")
    with pytest.raises(InvalidDefinition, match="yields nothing within"):
        desk.edit(schedule, when="every 1 second except (* * * * * *)")
