"""No question searches for ever, whatever goes together (docs/timetables/combine.md)."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from klokker import timetable
from klokker.core.errors import TooSparse
from klokker.core.timetables.budget import STEPS
from tests.core.timetables.effort import ANSWERED, calls_in

NOW, CENTURY = datetime(2026, 11, 1, tzinfo=UTC), datetime(2126, 11, 1, tzinfo=UTC)
CALENDARS = {"leap": "dates 02-29", "off": "holidays NL\nholidays US\nholidays DE\ndates 02-29"}

# What is asked here takes long by itself, and is asked again and again by what stands around it.
HARD = [
    "0 9 * * * only sunset at 52.37,4.90",
    "0 9 * * * only (sunset at 52,4 | sunrise at 52,4 | dusk at 52,4 | solar noon at 52,4)",
    "sunset at 52,4 only sunset at 52,5",
    "sunset at 89.9,4 except sunset at 89.9,5",
    "every 100000th of (sunset at 52,4 | sunrise at 52,4) from 2026-01-01",
    "RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
    "RRULE:FREQ=SECONDLY;BYSECOND=7;BYHOUR=3;INTERVAL=59",
    "0 9 * * * only RRULE:FREQ=SECONDLY;INTERVAL=86399;BYMONTH=2;BYMONTHDAY=29",
    "0 9 * * * only RRULE:FREQ=MINUTELY;INTERVAL=7;BYHOUR=10;BYMONTHDAY=31;BYMONTH=12",
    "0 9 * * * only RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
    "0 9 * * * only RRULE:FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO;BYMONTHDAY=30",
    "DTSTART:20260101T000000 RRULE:FREQ=DAILY;COUNT=999999999",
    "0 9 * * * only every 86399 seconds",
    "every 999983 seconds only every 999979 seconds",
    "every second only calendar off except calendar leap",
    "every 2nd of (every 2nd of (0 9 * * * | 0 9 * * 1) from 2026-01-01 except sunset at 52,4) from 2026-01-01",
]


@pytest.mark.parametrize("text", HARD)
@pytest.mark.parametrize("question", ["after", "at_or_before", "count"])
def test_a_question_ends_however_hard_each_part_of_it_is(text: str, question: str) -> None:
    rule = timetable(text, calendars=CALENDARS)

    def ask() -> None:
        with suppress(TooSparse):
            getattr(rule, question)(*((NOW, CENTURY) if question == "count" else (NOW,)))

    assert calls_in(ask) < ANSWERED


@pytest.mark.parametrize("zone", ["Europe/Amsterdam", "America/New_York"])
def test_times_that_every_clock_change_skips_are_not_looked_for_through_the_millennia(zone: str) -> None:
    rule = timetable("RRULE:FREQ=DAILY;BYMONTH=3;BYMONTHDAY=29;BYDAY=SU;BYHOUR=2;BYMINUTE=30", zone=zone, gap="skip")

    def ask() -> None:
        with suppress(TooSparse):
            rule.after(NOW)

    assert calls_in(ask) < ANSWERED


def test_an_answer_does_not_hang_on_what_was_asked_before() -> None:
    text = "RRULE:FREQ=DAILY;INTERVAL=11;BYMONTH=2;BYMONTHDAY=29"
    fresh, old = timetable(text), timetable(text)
    for year in range(1990, 2020):
        old.after(NOW.replace(year=year))
    assert old.after(NOW) == fresh.after(NOW)
    never = timetable("0 9 * * * only sunset at 52.37,4.90")
    for _ in range(2):
        with pytest.raises(TooSparse, match=f"{STEPS + 20} steps"):
            never.after(NOW)


def test_how_far_a_count_reaches_need_not_be_known_for_what_lies_before() -> None:
    rule = timetable("DTSTART:20260101T000000 RRULE:FREQ=DAILY;COUNT=999999999")
    assert rule.after(NOW) == NOW + timedelta(days=1)
    assert rule.at_or_before(CENTURY) == CENTURY
    for ask in (rule.after, rule.at_or_before):
        with pytest.raises(TooSparse, match="UNTIL"):
            ask(CENTURY.replace(year=2999))


@pytest.mark.parametrize(
    "text",
    [
        "sunset at 89.9,0 | sunrise at 89.9,0 | dusk at 89.9,0",  # half a year of darkness each
        "sunset at 52.37,4.90 only * * 29 2 1",
        "0 9 * * * except RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYHOUR=9",
        "0 0 * * * only RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
        "every 4th of (sunset at 69.65,18.96) from 2010-01-01",
        "every 2nd of (RRULE:FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1) from 2000-01-01",
        "RRULE:FREQ=SECONDLY;BYHOUR=3;BYMINUTE=7;BYSECOND=9;BYMONTH=2;BYMONTHDAY=29",
    ],
)
def test_what_is_rare_but_comes_is_found(text: str) -> None:
    rule = timetable(text)
    for ask in (rule.after, rule.at_or_before):
        assert ask(NOW) is not None
