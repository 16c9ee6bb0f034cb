"""Calendars: an edit of one is an edit of every schedule that names it, and starts nothing (docs/commands/calendar.md)."""

from datetime import UTC, datetime, timedelta

import pytest

from klokker.core.errors import InvalidTimetable
from klokker.core.lifecycle import DismissalReason, Origin, ScheduleState
from klokker.operations.asking import InvalidRequest
from klokker.operations.calendar import (
    AddCalendar,
    CalendarDeclaredElsewhere,
    CalendarEditedMeanwhile,
    CalendarEffect,
    CalendarExists,
    CalendarInUse,
    CalendarWish,
    EditCalendar,
    NoSuchCalendar,
    RemoveCalendar,
    do_calendar,
    preview_calendar,
)
from klokker.operations.calendar_schedules import CalendarDoesNotFit
from klokker.simulation.world import World
from klokker.store.contract import Change, NamedCalendar

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def at(hour: float) -> datetime:
    """So many hours after noon."""
    return NOON + hour * HOUR


def world(**calendars: str) -> World:
    return World(start=NOON, calendars=calendars)


def do(world: World, wish: CalendarWish) -> CalendarEffect:
    """Do it, and see that its preview said the same."""
    shown = preview_calendar(world.store, wish)
    done = do_calendar(world.store, wish)
    assert done == shown
    return done


def asked(world: World) -> CalendarWish:
    """Somebody asks; the wish itself does nothing."""
    return EditCalendar(world._asked("for the test"), "any")


def edit(world: World, name: str, text: str | None = None, **more: object) -> CalendarEffect:
    return do(world, EditCalendar(asked(world).asked, name, text, **more))  # type: ignore[arg-type]


def standing(world: World) -> tuple[object, ...]:
    """All that an operation could change."""
    store = world.store
    return (
        list(store.calendars(removed=True)),
        list(store.schedules(retired=True)),
        [store.ledger(schedule.id) for schedule in store.schedules(retired=True)],
    )


def test_a_schedule_that_names_a_calendar_keeps_to_it() -> None:
    with world(night="daily 14:00-16:00") as there:
        there.create("tidy", when="0 * * * * except calendar night")
        there.advance(6 * HOUR)
        assert there.fired("tidy") == [at(1), at(4), at(5), at(6)]
        assert there.schedule("tidy").revision.definition.calendars == {"night": "daily 14:00-16:00"}


def test_an_edit_gives_each_schedule_that_names_it_a_revision_and_starts_nothing() -> None:
    with world(night="daily 14:00-16:00", other="daily 01:00-02:00") as there:
        there.create("named", when="0 * * * * except calendar night")
        there.create("closed", when="0 * * * *", closed="skip during night")
        there.create("unconcerned", when="0 * * * * except calendar other")
        there.advance(2.5 * HOUR)
        effect = there.calendar("night", "daily 20:00-22:00")
        assert there.runs("named")[-1].nominal == at(1), "what it would have had at two o'clock is not started"
        there.advance(2.5 * HOUR)
        assert there.fired("named") == [at(1), at(3), at(4), at(5)]
        assert there.fired("closed") == [at(1), at(3), at(4), at(5)]
        assert [each.name for each in effect.schedules] == ["closed", "named"]
        named = effect.schedules[1]
        assert (named.next_before[0], named.next[0]) == (at(4), at(3))
        assert named.passed is not None
        assert (named.passed.count, named.passed.first) == (1, (at(2),))
        assert [there.schedule(name).revision.number for name in there.names] == [2, 2, 1]
        assert there.schedule("named").revision.definition.calendars == {"night": "daily 20:00-22:00"}
        assert all(there.account(name).exact for name in there.names)


def test_what_fell_due_before_the_edit_is_decided_as_it_stood() -> None:
    with world(night="daily 14:00-16:00") as there:
        there.create("tidy", when="0 * * * * except calendar night", catch_up="all", grace="1d")
        with there.down():
            there.until(at(4.5))
            there.calendar("night", "daily 12:00-17:00")
        there.until(at(6))
        assert there.fired("tidy") == [at(1), at(4), at(5), at(6)]
        assert [run.revision for run in there.runs("tidy")] == [1, 1, 2, 2]
        assert there.account("tidy").exact


def test_what_waits_goes_on_waiting_for_the_opening_of_the_new_text() -> None:
    with world(maintenance="daily 13:30-17:30") as there:
        there.create("tidy", when="0 * * * *", closed="wait during maintenance", catch_up="all")
        there.advance(3.5 * HOUR)
        assert there.fired("tidy") == [at(1)]
        there.calendar("maintenance", "daily 13:00-19:00")
        assert there.account("tidy").exact
        there.until(at(8))
        assert there.account("tidy").exact
        decided = [(run.nominal, there.decided_at(run.id)) for run in there.runs("tidy")]
        assert decided == [(at(1), at(1)), *((at(hour), at(7)) for hour in (2, 3, 4, 5, 6, 7)), (at(8), at(8))]


@pytest.mark.parametrize("text", ["daily 13:00-15:00", "daily 01:00-02:00"])
def test_an_edit_that_opens_at_once_starts_nothing_of_what_waited(text: str) -> None:
    with world(maintenance="daily 13:30-17:30") as there:
        there.create("tidy", when="0 * * * *", closed="wait during maintenance", catch_up="all")
        there.advance(3.5 * HOUR)
        there.calendar("maintenance", text)
        there.until(at(5))
        assert there.fired("tidy") == [at(1), at(4), at(5)]
        assert [(each.reason, each.count) for each in there.dismissed("tidy")] == [(DismissalReason.CLOSED, 2)]
        assert there.account("tidy").exact


def test_paused_and_declared_schedules_are_edited_too_and_retired_ones_are_not() -> None:
    with world(night="daily 14:00-16:00") as there:
        for name in ("paused", "retired", "declared"):
            there.create(
                name, when="0 * * * * except calendar night", **({"declared_in": "shop"} if name == "declared" else {})
            )
        there.pause("paused")
        there.retire("retired")
        effect = there.calendar("night", "daily 20:00-22:00")
        assert [each.name for each in effect.schedules] == ["declared", "paused"]
        assert effect.schedules[1].state is ScheduleState.PAUSED
        assert [there.schedule(name).revision.number for name in there.names] == [2, 1, 2]
        there.advance(3 * HOUR)
        assert there.fired("paused") == []
        there.resume("paused")
        there.until(at(4))
        assert there.fired("paused") == [at(4)]
        assert all(there.account(name).exact for name in there.names)


def test_a_spent_schedule_goes_on_only_if_the_new_text_leaves_it_something() -> None:
    with world(night="daily 15:00-16:00") as there:
        there.create("once", when="at 2026-03-02T14:00, 2026-03-02T15:00 except calendar night")
        there.until(at(2.5))
        assert there.schedule("once").state is ScheduleState.SPENT
        effect = there.calendar("night", "daily 20:00-22:00")
        assert [each.state for each in effect.schedules] == [ScheduleState.ACTIVE]
        there.until(at(4))
        assert there.fired("once") == [at(2), at(3)]
        assert there.account("once").exact


def test_an_edit_that_changes_nothing_writes_nothing() -> None:
    with world(night="daily 14:00-16:00") as there:
        there.create("tidy", when="0 * * * * except calendar night")
        before = standing(there)
        effect = edit(there, "night", "daily 14:00-16:00")
        assert not effect.changes
        assert standing(there) == before


def test_a_description_alone_is_no_version_and_touches_no_schedule() -> None:
    with world(night="daily 14:00-16:00") as there:
        there.create("tidy", when="0 * * * * except calendar night")
        effect = edit(there, "night", description="when all sleep")
        assert (effect.after.version, effect.after.description, effect.schedules) == (1, "when all sleep", ())
        assert there.schedule("tidy").revision.number == 1


FOR_EVER = "from 2026-03-02T15:00 to 9999-12-31T23:59"


@pytest.mark.parametrize(
    ("fields", "text", "fault"),
    [
        ({"when": "0 14 * * * only calendar night"}, "daily 20:00-21:00", "yields nothing within"),
        ({"when": "0 12 24 12 * except calendar night"}, FOR_EVER, "never run again"),
        ({"when": "0 * * * *", "closed": "wait during night"}, "daily 00:00-24:00", "closes for ever"),
    ],
)
@pytest.mark.parametrize("paused", [False, True])
def test_a_text_that_makes_no_sense_for_one_schedule_is_refused_with_its_name_and_nothing_is_written(
    fields: dict[str, str], text: str, fault: str, paused: bool
) -> None:
    with world(night="daily 14:00-16:00") as there:
        there.create("a sound one", when="0 * * * *", closed="skip during night")
        there.create("nonsense", **fields)
        if paused:
            there.pause("nonsense")
        before = standing(there)
        with pytest.raises(CalendarDoesNotFit) as refused:
            there.calendar("night", text)
        assert list(refused.value.faults) == ["nonsense"]
        assert fault in refused.value.faults["nonsense"]
        assert standing(there) == before


def test_of_two_editors_the_second_is_told() -> None:
    with world(night="daily 14:00-16:00") as there:
        edit(there, "night", "daily 15:00-16:00", expected=1)
        with pytest.raises(CalendarEditedMeanwhile) as refused:
            edit(there, "night", "daily 16:00-17:00", expected=1)
        assert (refused.value.expected, refused.value.found) == (1, 2)


def test_a_calendar_that_schedules_name_stays() -> None:
    with world(night="daily 14:00-16:00") as there:
        there.create("tidy", when="0 * * * *", closed="run anyway during night")
        with pytest.raises(CalendarInUse) as refused:
            do(there, RemoveCalendar(asked(there).asked, "night"))
        assert refused.value.schedules == ("tidy",)
        there.retire("tidy")
        assert do(there, RemoveCalendar(asked(there).asked, "night")).after.removed
        assert there.store.calendars() == []
        with pytest.raises(NoSuchCalendar):
            do(there, RemoveCalendar(asked(there).asked, "night"))


def test_a_removed_calendar_may_be_made_again() -> None:
    with world(night="daily 14:00-16:00") as there:
        do(there, RemoveCalendar(asked(there).asked, "night"))
        assert do(there, AddCalendar(asked(there).asked, "night", "daily 01:00-02:00")).after.version == 2
        with pytest.raises(CalendarExists):
            do(there, AddCalendar(asked(there).asked, "night", "daily 01:00-02:00"))


def test_a_declared_calendar_is_edited_where_it_is_declared_unless_it_is_taken_over() -> None:
    with world() as there:
        wish = AddCalendar(asked(there).asked, "night", "daily 01:00-02:00", origin=Origin.DECLARED, declared_in="shop")
        do(there, wish)
        with pytest.raises(CalendarDeclaredElsewhere, match="declared in shop"):
            edit(there, "night", "daily 01:00-03:00")
        with pytest.raises(CalendarDeclaredElsewhere):
            do(there, RemoveCalendar(asked(there).asked, "night"))
        assert not edit(there, "night").changes, "there is nothing to apply"
        taken = edit(there, "night", "daily 01:00-03:00", take_over=True)
        assert (taken.after.origin, taken.after.declared_in, taken.after.version) == (Origin.MANAGED, "", 2)


def test_what_is_no_calendar_is_refused() -> None:
    with world() as there:
        for name in ("", "a b", "-x", "x" * 201, "é"):
            with pytest.raises(InvalidRequest, match="name must be"):
                do(there, AddCalendar(asked(there).asked, name, "holidays NL"))
        with pytest.raises(InvalidTimetable):
            do(there, AddCalendar(asked(there).asked, "x", "holidas NL"))
        with pytest.raises(InvalidRequest, match="keep the events that are to come"):
            do(there, AddCalendar(asked(there).asked, "x", "# long\n" * 10_000 + "holidays NL"))
        for unstorable in ("# \0\nholidays NL", "# \ud800\nholidays NL"):
            with pytest.raises(InvalidRequest, match="no database keeps"):
                do(there, AddCalendar(asked(there).asked, "x", unstorable))
        with pytest.raises(NoSuchCalendar, match="there are none"):
            edit(there, "x", "holidays NL")
        there.calendar("night", "daily 01:00-02:00")
        with pytest.raises(NoSuchCalendar, match="did you mean night"):
            edit(there, "nigth", "holidays NL")


def test_schedules_that_carry_an_older_text_are_given_the_newest() -> None:
    with world(night="daily 14:00-16:00") as there:
        there.create("tidy", when="0 * * * * except calendar night")
        # As if a schedule had come in while the calendar was edited.
        there.store._tables.calendars["night"] = NamedCalendar("night", "daily 20:00-22:00", 2)
        effect = edit(there, "night")
        assert effect.changes
        assert [each.name for each in effect.schedules] == ["tidy"]
        assert there.schedule("tidy").revision.definition.calendars == {"night": "daily 20:00-22:00"}


def breaks(there: World, name: str, reason: str = "for the test") -> None:
    """The schedule is found to be broken by a tick."""
    schedule = there.schedule(name).id
    there.store.change(schedule, lambda _: Change(state=ScheduleState.BROKEN, reason=reason))


def test_a_broken_schedule_is_repaired_by_the_edit_and_what_fell_due_is_dismissed() -> None:
    with world(night="daily 14:00-16:00") as there:
        there.create("tidy", when="0 * * * * except calendar night")
        breaks(there, "tidy")
        there.clock.advance(1.5 * HOUR)
        effect = there.calendar("night", "daily 20:00-22:00")
        assert [(each.state_before, each.state) for each in effect.schedules] == [
            (ScheduleState.BROKEN, ScheduleState.ACTIVE)
        ]
        there.until(at(3))
        assert there.fired("tidy") == [at(2), at(3)]
        assert [each.reason for each in there.dismissed("tidy")] == [DismissalReason.BROKEN]
        assert there.account("tidy").exact


def test_a_schedule_that_is_broken_and_stays_so_hinders_no_edit() -> None:
    with world(night="daily 14:00-16:00") as there:
        there.create("sound", when="0 * * * *", closed="skip during night")
        there.create("hopeless", when="0 * * * * only calendar night")
        breaks(there, "hopeless")
        # Under this text it would never run.
        effect = there.calendar("night", "dates 2020-01-01")
        assert [each.name for each in effect.schedules] == ["sound"]
        assert [each.name for each in effect.left] == ["hopeless"]
        assert "it is broken, and stays so" in effect.left[0].why
        assert there.schedule("hopeless").revision.definition.calendars == {"night": "daily 14:00-16:00"}
