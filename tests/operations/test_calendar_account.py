"""Whatever people ask for while calendars are edited beneath their schedules, the account stays exact."""

from collections.abc import Callable

import pytest

from klokker.core.definition import Definition, InvalidDefinition
from klokker.core.known import Known
from klokker.core.lifecycle import ScheduleState
from klokker.operations.asking import InvalidRequest
from klokker.operations.calendar import AddCalendar, EditCalendar, do_calendar, preview_calendar
from klokker.operations.calendar_schedules import CalendarDoesNotFit
from klokker.operations.edit import Edit
from klokker.operations.retire import Retire
from tests.operations.test_operations_account import WHENS, People

TEXTS = (
    "daily 22:00-06:00",
    "daily 03:10-04:50",
    "weekly MON,WED 00:00-09:00\ndaily 12:00-12:30",
    "from 2026-03-02T04:00 to 2026-03-03T02:00",
    "zone Asia/Tokyo\ndaily 09:00-17:00",
    "daily 00:00-24:00",
    "dates 12-24",
)
NAMING = (
    "*/20 * * * * except calendar night",
    "0 * * * * only calendar night",
    "every 25 minutes except calendar night",
    "30 * * * * | 0 * * * * except calendar night",
)
CLOSED = (None, "skip during night", "wait during night", "run anyway during night")


class PeopleWithACalendar(People):
    """The same, and somebody who edits a calendar that the schedule may name."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        do_calendar(self.desk.store, AddCalendar(self.desk.asked(), "night", TEXTS[0]))
        self.edits = 0

    def more(self) -> list[Callable[[], object]]:
        return [*[self.edit_to_name_it] * 4, *[self.edit_the_calendar] * 5]

    def edit(self) -> None:
        if not self.desk.definition(self.schedule).calendars:
            super().edit()

    def edit_to_name_it(self) -> None:
        written = {**self.desk.definition(self.schedule).written(), "closed": self.dice.choice(CLOSED)}
        written |= {"when": self.dice.choice(NAMING if self.dice.random() < 0.7 else WHENS)}
        written |= {"catch_up": self.dice.choice(("latest", "all", "none", "within 2h"))}
        self.told.append(f"    {written['when']} {written['closed']} {written['catch_up']}")
        known = Known({calendar.name: calendar.text for calendar in self.desk.store.calendars()})
        try:
            definition = Definition.read({name: value for name, value in written.items() if value is not None}, known)
        except InvalidDefinition as refused:
            self.told.append(f"    refused: {refused}")
        else:
            self.ask(Edit(self.desk.asked(), definition, self.desk.tasks))

    def edit_the_calendar(self) -> None:
        wish = EditCalendar(self.desk.asked(), "night", self.dice.choice(TEXTS))
        self.told.append(f"    night: {wish.text!r}")
        runs = len(self.desk.runs(self.schedule))
        try:
            shown = preview_calendar(self.desk.store, wish)
            assert do_calendar(self.desk.store, wish) == shown
        except (CalendarDoesNotFit, InvalidRequest) as refused:
            self.told.append(f"    refused: {refused}")
            return
        self.edits += len(shown.schedules)
        assert len(self.desk.runs(self.schedule)) == runs, "an edit starts nothing"
        carried = self.desk.definition(self.schedule).calendars.get("night")
        kept = [each.name for each in shown.left]
        assert carried in (None, wish.text) or kept == [self.desk.definition(self.schedule).name]


@pytest.mark.parametrize("seed", range(40))
def test_the_account_stays_exact_while_calendars_are_edited(seed: int) -> None:
    people = PeopleWithACalendar(seed)
    for _ in range(60):
        people.do_something()
        people.refuse_a_wrong_account()
    people.ask(Retire(people.desk.asked()))
    people.work()
    people.refuse_a_wrong_account()
    assert people.desk.state(people.schedule) is ScheduleState.RETIRED
