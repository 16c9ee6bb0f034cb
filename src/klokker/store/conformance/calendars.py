"""Calendars: kept by name, changed together with the schedules that name them, or not at all."""

from collections.abc import Callable
from dataclasses import replace

from klokker.core.definition import Definition
from klokker.core.lifecycle import Origin, ScheduleState
from klokker.store.conformance.bench import Bench, race, refused
from klokker.store.conformance.given import MIDNIGHT, at, changed, definition, new_schedule, revision, schedule, tick
from klokker.store.contract import (
    CalendarChange,
    CalendarChanged,
    Change,
    LockedCalendar,
    NamedCalendar,
    NameTaken,
    Store,
)
from klokker.store.errors import NameInUse, NoSuchRevision, OlderCalendar

NIGHT, LONG_NIGHT = "daily 22:00-06:00", "daily 20:00-08:00"


def keeping_to(text: str, name: str = "tidy") -> Definition:
    """A schedule that names the calendar `night`, and carries this text of it."""
    return replace(definition(name), when="0 * * * * except calendar night", calendars={"night": text})


def kept(store: Store, text: str | None = NIGHT, name: str = "night", *, removed: bool = False) -> CalendarChanged:
    """The calendar with this text; the schedules as they are."""
    change = CalendarChange("at night", Origin.MANAGED, text=text, by="an editor", why="for the test", removed=removed)
    return store.change_calendar(name, lambda _: change, now=MIDNIGHT)


def rewriting(text: str) -> Callable[[LockedCalendar], CalendarChange]:
    """The calendar with this text, and each schedule that names it with a revision that carries it."""

    def decide(locked: LockedCalendar) -> CalendarChange:
        changes = {
            each.schedule.id: Change(
                revision=revision(replace(each.schedule.revision.definition, calendars={"night": text}))
            )
            for each in locked.schedules
        }
        return CalendarChange("at night", Origin.MANAGED, text=text, schedules=changes)

    return decide


def carried(store: Store, name: str = "tidy") -> str:
    """The text that the schedule carries now."""
    found = store.schedule(name)
    assert found is not None
    return found.revision.definition.calendars["night"]


class Calendars:
    def test_a_calendar_is_there_as_it_was_given(self, bench: Bench) -> None:
        assert list(bench.store.calendars()) == []
        assert bench.store.calendar_view("night") == LockedCalendar(None, (), frozenset())
        change = CalendarChange("at night", Origin.DECLARED, "shop", text=NIGHT)
        written = bench.store.change_calendar("night", lambda _: change, now=MIDNIGHT)
        kept(bench.store, "holidays NL", "nl-holidays")
        assert (written.change, written.version) == (change, 1)
        night, holidays = bench.store.calendars()
        assert night == NamedCalendar("night", NIGHT, 1, "at night", Origin.DECLARED, "shop")
        assert (holidays.name, holidays.version, holidays.origin) == ("nl-holidays", 1, Origin.MANAGED)
        assert bench.store.calendar_view("night").known == {"night", "nl-holidays"}

    def test_another_text_is_another_version_and_what_stays_is_none(self, bench: Bench) -> None:
        kept(bench.store)
        assert kept(bench.store, LONG_NIGHT).version == 2
        assert kept(bench.store, None).version == 2
        nothing = bench.store.change_calendar("night", lambda _: None, now=MIDNIGHT)
        assert nothing == CalendarChanged(None, 2)
        (night,) = bench.store.calendars()
        assert (night.text, night.version) == (LONG_NIGHT, 2)

    def test_a_removed_calendar_is_listed_when_asked_for_and_counts_on_when_it_returns(self, bench: Bench) -> None:
        kept(bench.store)
        kept(bench.store, None, removed=True)
        assert list(bench.store.calendars()) == []
        (night,) = bench.store.calendars(removed=True)
        assert (night.removed, night.version) == (True, 1)
        assert bench.store.calendar_view("night").known == frozenset()
        assert kept(bench.store, LONG_NIGHT).version == 2
        assert [each.text for each in bench.store.calendars()] == [LONG_NIGHT]

    def test_schedules_are_found_by_the_calendars_that_they_name(self, bench: Bench) -> None:
        kept(bench.store)
        schedule(bench.store, "names none")
        named = [schedule(bench.store, keeping_to(NIGHT, name)) for name in ("b", "a", "gone")]
        other = schedule(bench.store, replace(definition("other"), calendars={"x.y-1": "daily 01:00-02:00"}))
        changed(bench.store, named[2], Change(state=ScheduleState.RETIRED))
        assert [each.id for each in bench.store.naming("night")] == [named[1], named[0]]
        assert [each.id for each in bench.store.naming("x.y-1")] == [other]
        assert [each.id for each in bench.store.naming()] == [named[1], named[0], other]
        assert list(bench.store.naming("nigh")) == []
        seen = bench.store.calendar_view("night").schedules
        assert [each.schedule.id for each in seen] == [named[1], named[0]]
        assert [timer.handled_until for timer in seen[0].timers] == [MIDNIGHT]

    def test_one_that_cannot_be_read_hinders_no_other(self, bench: Bench) -> None:
        kept(bench.store)
        poisoned, sound = schedule(bench.store, keeping_to(NIGHT, "poisoned")), schedule(bench.store, keeping_to(NIGHT))
        if not bench.poison(poisoned):
            return
        assert [each.id for each in bench.store.naming("night")] == [sound]
        bench.store.change_calendar("night", rewriting(LONG_NIGHT), now=at(1))
        assert carried(bench.store) == LONG_NIGHT

    def test_a_change_writes_the_calendar_and_its_schedules(self, bench: Bench) -> None:
        kept(bench.store)
        named, other = schedule(bench.store, keeping_to(NIGHT)), schedule(bench.store, "other")
        written = bench.store.change_calendar("night", rewriting(LONG_NIGHT), now=at(1))
        assert (written.version, {each: done.revision for each, done in written.schedules.items()}) == (2, {named: 2})
        assert carried(bench.store) == LONG_NIGHT
        assert [each.revision.number for each in bench.store.schedules()] == [1, 2]
        assert bench.store.schedule("other") == next(each for each in bench.store.schedules() if each.id == other)

    def test_what_is_refused_for_one_schedule_is_written_of_none(self, bench: Bench) -> None:
        kept(bench.store)
        first, second = schedule(bench.store, keeping_to(NIGHT, "a")), schedule(bench.store, keeping_to(NIGHT, "b"))
        schedule(bench.store, "taken")

        def with_a_name_that_is_taken(locked: LockedCalendar) -> CalendarChange:
            change = rewriting(LONG_NIGHT)(locked)
            taken = Change(revision=revision(keeping_to(LONG_NIGHT, "taken")))
            return replace(change, schedules={**change.schedules, second: taken})

        refused(NameInUse, lambda: bench.store.change_calendar("night", with_a_name_that_is_taken, now=MIDNIGHT))

        def that_raises(locked: LockedCalendar) -> CalendarChange:
            raise NoSuchRevision(locked.schedules[0].schedule.id, 9)

        refused(NoSuchRevision, lambda: bench.store.change_calendar("night", that_raises, now=MIDNIGHT))
        assert [(each.text, each.version) for each in bench.store.calendars()] == [(NIGHT, 1)]
        assert [each.revision.number for each in bench.store.naming("night")] == [1, 1]
        assert [each.id for each in bench.store.naming("night")] == [first, second]

    def test_a_schedule_that_carries_an_older_text_is_not_written(self, bench: Bench) -> None:
        kept(bench.store)
        id_ = schedule(bench.store, keeping_to(NIGHT))
        kept(bench.store, LONG_NIGHT)
        error = refused(OlderCalendar, lambda: bench.store.create(new_schedule(keeping_to(NIGHT, "new"))))
        assert (error.name, error.calendar) == ("new", "night")
        assert bench.store.schedule("new") is None
        # What it carried before it may go on carrying; what it takes up must be the newest.
        changed(bench.store, id_, Change(revision=revision(replace(keeping_to(NIGHT), order=5))))
        older = Change(revision=revision(keeping_to("daily 01:00-02:00")))
        refused(OlderCalendar, lambda: changed(bench.store, id_, older))
        assert changed(bench.store, id_, Change(revision=revision(keeping_to(LONG_NIGHT)))).revision == 3
        refused(OlderCalendar, lambda: changed(bench.store, id_, Change(revision=revision(keeping_to(NIGHT)))))

    def test_a_removed_calendar_is_no_new_schedules_and_one_that_is_not_kept_here_is_anybodys(
        self, bench: Bench
    ) -> None:
        assert isinstance(bench.store.create(new_schedule(keeping_to(NIGHT, "before"))), int)
        kept(bench.store)
        kept(bench.store, None, removed=True)
        refused(OlderCalendar, lambda: bench.store.create(new_schedule(keeping_to(NIGHT))))

    # several at once

    def test_of_several_that_make_a_calendar_each_is_a_version(self, bench: Bench) -> None:
        texts = [f"daily 0{hour}:00-10:00" for hour in range(4)]

        def make(text: str) -> Callable[[Store], int]:
            return lambda store: kept(store, text).version

        assert sorted(race(bench, *map(make, texts))) == [1, 2, 3, 4]
        (night,) = bench.store.calendars()
        assert (night.version, night.text in texts) == (4, True)

    def test_no_schedule_is_left_with_an_older_text_by_those_who_write_at_once(self, bench: Bench) -> None:
        kept(bench.store)
        standing = schedule(bench.store, keeping_to(NIGHT))

        def edits(store: Store) -> int:
            for number in range(5):
                store.change_calendar("night", rewriting(f"daily 0{number}:00-09:00"), now=MIDNIGHT)
            return 0

        def creates(letter: str) -> Callable[[Store], int]:
            def create(store: Store) -> int:
                refusals = 0
                for number in range(5):
                    while True:
                        (night,) = store.calendars()
                        try:
                            made = store.create(new_schedule(keeping_to(night.text, f"{letter}{number}")))
                        except OlderCalendar:
                            refusals += 1
                            continue
                        assert not isinstance(made, NameTaken)
                        break
                return refusals

            return create

        def decides(store: Store) -> int:
            return sum(len(tick(store, at(hour)).runs) for hour in (1, 2, 3))

        race(bench, edits, creates("a"), creates("b"), decides)
        (night,) = bench.store.calendars()
        assert night.version == 6
        named = bench.store.naming("night")
        assert len(named) == 11
        assert {each.revision.definition.calendars["night"] for each in named} == {night.text}
        # A tick passes over timers that somebody else holds; the next one finds them.
        tick(bench.store, at(3))
        assert [run.nominal for run in bench.runs(standing)] == [at(1), at(2), at(3)]
