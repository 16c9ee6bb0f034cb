"""Recurrence rules of RFC 5545, against python-dateutil and the RFC's own examples (docs/timetables/recurrence.md)."""

import re
import sys
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import assume, given
from hypothesis import strategies as st

from klokker import timetable
from klokker.core.errors import InvalidTimetable, TooSparse
from klokker.core.timetables.recurrence_rule import WEEKDAYS
from tests.core.timetables.strategies import HARD_WEEKS, folds, gaps, recurrence_rules, recurrence_starts

NEW_YORK = "America/New_York"
BEFORE, AFTER = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def walls(text: str, zone: str = "UTC", gap: str | None = None, fold: str | None = None, most: int = 8) -> list[str]:
    found = timetable(text, zone=zone, gap=gap, fold=fold).between(BEFORE, AFTER)
    return [one.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M") for one in islice(found, most)]


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        # RFC 5545, 3.8.5.3, all of them with DTSTART;TZID=America/New_York:19970902T090000 but where stated
        ("FREQ=DAILY;COUNT=3", ["1997-09-02 09:00", "1997-09-03 09:00", "1997-09-04 09:00"]),
        ("FREQ=DAILY;INTERVAL=10;COUNT=3", ["1997-09-02 09:00", "1997-09-12 09:00", "1997-09-22 09:00"]),
        ("FREQ=YEARLY;UNTIL=19990131T140000Z;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA", ["1998-01-01 09:00", "1998-01-02 09:00"]),
        ("FREQ=WEEKLY;INTERVAL=2;UNTIL=19971007T000000Z;WKST=SU;BYDAY=MO,WE,FR", ["1997-09-03 09:00", "1997-09-05 09:00"]),
        ("FREQ=MONTHLY;COUNT=10;BYDAY=1FR", ["1997-09-05 09:00", "1997-10-03 09:00", "1997-11-07 09:00"]),
        ("FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU", ["1997-09-07 09:00", "1997-09-28 09:00", "1997-11-02 09:00"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-3", ["1997-09-28 09:00", "1997-10-29 09:00", "1997-11-28 09:00"]),
        ("FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15", ["1997-09-10 09:00", "1997-09-11 09:00"]),
        ("FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200", ["2000-01-01 09:00", "2000-04-09 09:00", "2000-07-18 09:00"]),
        ("FREQ=YEARLY;BYDAY=20MO", ["1998-05-18 09:00", "1999-05-17 09:00", "2000-05-15 09:00"]),
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", ["1998-05-11 09:00", "1999-05-17 09:00", "2000-05-15 09:00"]),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", ["1998-02-13 09:00", "1998-03-13 09:00", "1998-11-13 09:00"]),
        ("FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8", ["1997-11-04 09:00", "2001-11-06 09:00"]),
        ("FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", ["1997-09-04 09:00", "1997-10-07 09:00", "1997-11-06 09:00"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2", ["1997-09-29 09:00", "1997-10-30 09:00", "1997-11-27 09:00"]),
        ("FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T210000Z", ["1997-09-02 09:00", "1997-09-02 12:00", "1997-09-02 15:00"]),
        ("FREQ=MINUTELY;INTERVAL=90;COUNT=4", ["1997-09-02 09:00", "1997-09-02 10:30", "1997-09-02 12:00", "1997-09-02 13:30"]),
        ("FREQ=DAILY;BYHOUR=9,10;BYMINUTE=0,40", ["1997-09-02 09:00", "1997-09-02 09:40", "1997-09-02 10:00"]),
        ("FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10", ["1997-09-02 09:00", "1997-09-02 09:20", "1997-09-02 09:40", "1997-09-02 10:00"]),
        ("FREQ=YEARLY;BYWEEKNO=1", ["1997-12-30 09:00", "1999-01-05 09:00"]),  # Tuesday, as DTSTART
    ],
)  # fmt: skip
def test_the_examples_of_the_rfc(rule: str, found: list[str]) -> None:
    assert walls(f"DTSTART:19970902T090000 RRULE:{rule}", NEW_YORK)[: len(found)] == found


def test_weeks_begin_where_wkst_says() -> None:
    """RFC 5545, 3.8.5.3, the example that says why WKST matters."""
    text = "DTSTART:19970805T090000 RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST={}"
    assert [day[5:10] for day in walls(text.format("MO"))] == ["08-05", "08-10", "08-19", "08-24"]
    assert [day[5:10] for day in walls(text.format("SU"))] == ["08-05", "08-17", "08-19", "08-31"]


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ("FREQ=MONTHLY;BYDAY=MO,-1FR", ["09-07", "09-14", "09-21", "09-25", "09-28", "10-05"]),
        ("FREQ=YEARLY;BYMONTH=9;BYDAY=MO,-1FR", ["09-07", "09-14", "09-21", "09-25", "09-28"]),
        ("FREQ=YEARLY;BYDAY=SU,-1WE;BYMONTHDAY=27,28,29,30", ["09-27", "11-29", "12-27", "12-30"]),
        ("FREQ=YEARLY;BYDAY=SU,-1WE;BYYEARDAY=-2,-5", ["12-27", "12-30"]),
    ],
)
def test_weekdays_with_and_without_a_number_add_up(rule: str, found: list[str]) -> None:
    """RFC 5545, 3.3.10: BYDAY is a list of days; a number before one says which of them in the month or year."""
    assert [day[5:10] for day in walls(f"DTSTART:20260902T090000 RRULE:{rule}", most=len(found))] == found


@given(recurrence_rules(), recurrence_starts, st.integers(0, 3_000_000))
def test_a_rule_names_what_dateutil_lists(rule: str, start: datetime, into: int) -> None:
    # Weekdays with and without a number: dateutil asks for days that are both.
    assume(len({part[-3:-2].isdigit() for part in re.split("[=,;]", rule) if part[-2:] in WEEKDAYS}) < 2)
    text = f"DTSTART:{start:%Y%m%dT%H%M%S} RRULE:{rule}"
    try:
        expected = [one.replace(tzinfo=UTC) for one in islice(rrulestr(rule, dtstart=start), 30)]
    except ValueError:
        return  # dateutil refuses, early, some that never match
    asked = timetable(text)
    begins = start.replace(tzinfo=UTC) - timedelta(seconds=1)
    try:
        assert list(islice(asked.between(begins, datetime(9999, 1, 1, tzinfo=UTC)), len(expected))) == expected
    except TooSparse:
        assert len(expected) < 30 or expected[-1] - expected[0] > timedelta(days=365 * 20)
        return
    middle = begins + timedelta(seconds=into)
    later = [one for one in expected if one > middle]
    if later:
        assert asked.after(middle) == later[0]
        sooner = [one for one in expected if one <= middle]
        assert asked.at_or_before(middle) == (sooner[-1] if sooner else None)


RULES = ["FREQ=DAILY;BYHOUR=2;BYMINUTE=30", "FREQ=HOURLY", "FREQ=MINUTELY;INTERVAL=25", "FREQ=DAILY;BYHOUR=0,1,2,3"]


@given(
    st.sampled_from(RULES),
    st.sampled_from(HARD_WEEKS),
    gaps,
    folds,
    st.lists(st.integers(0, 5 * 86_400 - 1), min_size=4),
)
def test_clock_changes_are_met_as_every_time_by_itself_is(
    rule: str, week: tuple[str, datetime], gap: str | None, fold: str | None, seconds: list[int]
) -> None:
    zone, start = week
    asked, info = timetable(f"RRULE:{rule}", zone=zone, gap=gap, fold=fold), ZoneInfo(zone)
    plain = timetable(f"RRULE:{rule}")
    begins, ends = start, start + timedelta(days=5)
    expected = set()
    for wall in plain.between(begins - timedelta(days=2), ends + timedelta(days=2)):
        passes = [wall.replace(tzinfo=info, fold=which).astimezone(UTC) for which in (0, 1)]
        exists = passes[0].astimezone(info).replace(tzinfo=UTC) == wall
        if not exists and gap == "skip":
            continue
        if not exists and gap == "shift":
            # The gap's end: the first moment whose clock shows no less.
            low, high = passes[1] - timedelta(days=1), passes[0] + timedelta(days=1)
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) // 2
                middle = middle.replace(microsecond=0)
                if middle.astimezone(info).replace(tzinfo=UTC) > wall:
                    high = middle
                else:
                    low = middle
            expected.add(high)
        elif not exists or fold in (None, "first"):
            expected.add(passes[0])
        else:
            expected |= set(passes) if fold == "both" else {passes[1]}
    found = sorted(moment for moment in expected if begins < moment <= ends)
    if begins.year < 1971:
        found = [moment for moment in found if moment.astimezone(info).year >= 1970]
    assert list(asked.between(begins, ends)) == found
    for moment in (start + timedelta(seconds=second) for second in seconds):
        earlier = [one for one in found if one <= moment]
        if earlier:
            assert asked.at_or_before(moment) == earlier[-1]


AMSTERDAM = "Europe/Amsterdam"


@pytest.mark.parametrize(
    ("gap", "fold", "found"),
    [
        (None, None, ["03-29 03:30+0200", "10-25 02:30+0200"]),
        ("shift", None, ["03-29 03:00+0200", "10-25 02:30+0200"]),
        ("skip", "second", ["10-25 02:30+0100"]),
        (None, "both", ["03-29 03:30+0200", "10-25 02:30+0200", "10-25 02:30+0100"]),
    ],
)
def test_a_skipped_time_has_the_offset_before_the_gap_unless_a_choice_is_stated(
    gap: str | None, fold: str | None, found: list[str]
) -> None:
    rule = timetable("RRULE:FREQ=DAILY;BYHOUR=2;BYMINUTE=30", zone=AMSTERDAM, gap=gap, fold=fold)
    days = [
        (datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 29, 12, tzinfo=UTC)),
        (datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 10, 25, 12, tzinfo=UTC)),
    ]
    listed = [one.astimezone(ZoneInfo(AMSTERDAM)) for begins, ends in days for one in rule.between(begins, ends)]
    assert [one.strftime("%m-%d %H:%M%z") for one in listed] == found


def test_times_that_a_gap_displaces_may_meet_or_pass_others() -> None:
    """2:30 comes at 3:30, and 3:00 at 3:00: in this order, and what falls together is one."""
    rule = timetable("RRULE:FREQ=DAILY;BYHOUR=2,3;BYMINUTE=0,30", zone=AMSTERDAM)
    found = rule.between(datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 3, 29, 12, tzinfo=UTC))
    assert [one.strftime("%H:%M") for one in found] == ["01:00", "01:30"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("DTSTART:20260105 RRULE:FREQ=WEEKLY;COUNT=3", ["2026-01-05 00:00", "2026-01-12 00:00", "2026-01-19 00:00"]),
        ("DTSTART:20260105T090000 EXDATE:20260112T090000 RRULE:FREQ=WEEKLY;COUNT=3", ["2026-01-05 09:00", "2026-01-19 09:00"]),
        ("EXDATE:20260112,20260105T080000Z DTSTART:20260105T090000 EXDATE:20260120 RRULE:FREQ=WEEKLY;COUNT=3", ["2026-01-19 09:00"]),
        ("DTSTART:20260105T090000 RRULE:FREQ=DAILY;UNTIL=20260107", ["2026-01-05 09:00", "2026-01-06 09:00", "2026-01-07 09:00"]),
        ("DTSTART:20260105T090000 RRULE:FREQ=DAILY;UNTIL=20260107T085959", ["2026-01-05 09:00", "2026-01-06 09:00"]),
        ("DTSTART:20260105T090000 RRULE:FREQ=DAILY;UNTIL=20260107T080000Z", ["2026-01-05 09:00", "2026-01-06 09:00", "2026-01-07 09:00"]),
        ("DTSTART:20260105T080000Z RRULE:FREQ=DAILY;UNTIL=20260106", ["2026-01-05 09:00", "2026-01-06 09:00"]),
        ("dtstart;value=date:20260105  rrule:freq=daily;count=1;", ["2026-01-05 00:00"]),
        ("DTSTART:20260101T093000 RRULE:FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1;COUNT=2", ["2026-01-05 09:30", "2026-02-02 09:30"]),
        ("DTSTART:20260105T090000 RRULE:FREQ=DAILY;COUNT=2 | at 2026-01-01", ["2026-01-01 00:00", "2026-01-05 09:00", "2026-01-06 09:00"]),
    ],
)  # fmt: skip
def test_start_end_and_exceptions(text: str, found: list[str]) -> None:
    assert walls(text, AMSTERDAM, most=9) == found
    asked = timetable(text, zone=AMSTERDAM)
    assert asked.at_or_before(AFTER) == list(asked.between(BEFORE, AFTER))[-1]
    assert timetable(str(asked), zone=AMSTERDAM) == asked


def test_without_a_start_it_begins_at_the_epoch_on_local_clocks() -> None:
    asked = timetable("RRULE:FREQ=DAILY", zone=AMSTERDAM)
    assert asked.after(BEFORE - timedelta(days=20_000)) == datetime(1969, 12, 31, 23, tzinfo=UTC)
    assert asked.at_or_before(datetime(1969, 12, 31, 22, 59, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    "rule",
    ["FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;INTERVAL=7;BYDAY=FR", "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30"],
)
def test_a_search_without_end_is_given_up(rule: str) -> None:
    asked = timetable(f"RRULE:{rule}")
    with pytest.raises(TooSparse, match="steps"):
        asked.after(BEFORE)


def test_a_far_count_is_found_without_listing_what_lies_before_it() -> None:
    asked = timetable("DTSTART:20260101T000000 RRULE:FREQ=MINUTELY;COUNT=1000000")
    assert asked.at_or_before(AFTER) == datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=999_999)
    assert asked.after(AFTER) is None


def test_without_the_extra_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dateutil", None)
    monkeypatch.setitem(sys.modules, "dateutil.rrule", None)
    with pytest.raises(InvalidTimetable, match=r"klokker\[rrule\]"):
        timetable("RRULE:FREQ=YEARLY;BYWEEKNO=20")
    assert timetable("RRULE:FREQ=MONTHLY;BYDAY=-1MO").after(BEFORE) == BEFORE + timedelta(days=28)
    assert timetable("RRULE:FREQ=WEEKLY;BYDAY=MO").after(BEFORE) == BEFORE + timedelta(days=7)


@pytest.mark.parametrize(
    ("text", "field", "value", "position", "expected"),
    [
        ("RRULE:", "rule", "", 6, "FREQ"),
        ("RRULE:FREQ", "FREQ", "FREQ", 6, "write a value"),
        ("RRULE:INTERVAL=2", "FREQ", "", 16, "has a FREQ"),
        ("RRULE:FREQ=FORTNIGHTLY", "FREQ", "FORTNIGHTLY", 11, "WEEKLY"),
        ("RRULE:FREQ=DAILY;FREQ=DAILY", "FREQ", "FREQ=DAILY", 17, "twice"),
        ("RRULE:FREQ=DAILY;BYHUOR=3", "rule", "BYHUOR", 17, "did you mean BYHOUR"),
        ("RRULE:FREQ=YEARLY;BYEASTER=0", "rule", "BYEASTER", 18, "BYSETPOS"),
        ("RRULE:FREQ=DAILY;INTERVAL=0", "INTERVAL", "0", 26, "from 1"),
        ("RRULE:FREQ=DAILY;BYHOUR=3,24", "BYHOUR", "24", 26, "0 to 23"),
        ("RRULE:FREQ=DAILY;BYHOUR=-3", "BYHOUR", "-3", 24, "0 to 23"),
        ("RRULE:FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY", "0", 30, "from the end"),
        ("RRULE:FREQ=MONTHLY;BYDAY=XX", "BYDAY", "XX", 25, "2MO"),
        ("RRULE:FREQ=WEEKLY;BYDAY=MO,2TU", "BYDAY", "2TU", 27, "write TU"),
        ("RRULE:FREQ=YEARLY;BYWEEKNO=3;BYDAY=2TU", "BYDAY", "2TU", 35, "BYWEEKNO"),
        ("RRULE:FREQ=MONTHLY;BYWEEKNO=3", "BYWEEKNO", "3", 28, "FREQ=MONTHLY"),
        ("RRULE:FREQ=WEEKLY;BYMONTHDAY=3", "BYMONTHDAY", "3", 29, "FREQ=WEEKLY"),
        ("RRULE:FREQ=DAILY;BYSETPOS=1", "BYSETPOS", "1", 26, "another BY"),
        ("RRULE:FREQ=DAILY;WKST=XX", "WKST", "XX", 22, "MO"),
        ("RRULE:FREQ=DAILY;COUNT=3", "COUNT", "3", 6, "DTSTART"),
        ("DTSTART:20260101 RRULE:FREQ=DAILY;COUNT=3;UNTIL=20270101", "COUNT", "3", 40, "not both"),
        ("RRULE:FREQ=DAILY;UNTIL=tomorrow", "UNTIL", "TOMORROW", 23, "20260105"),
        ("DTSTART:2026-01-05 RRULE:FREQ=DAILY", "DTSTART", "2026-01-05", 8, "20260105"),
        ("DTSTART:20260230 RRULE:FREQ=DAILY", "DTSTART", "20260230", 8, "no such"),
        ("DTSTART:20260101 EXDATE:20260102,x RRULE:FREQ=DAILY", "EXDATE", "X", 33, "20260105"),
        ("DTSTART;TZID=Europe/Oslo:20260101 RRULE:FREQ=DAILY", "DTSTART", ";TZID=EUROPE/OSLO", 7, "schedule's"),
        ("DTSTART:20260101", "text", "", 16, "RRULE"),
        ("RRULE:FREQ=DAILY RRULE:FREQ=WEEKLY", "text", "RRULE:FREQ=WEEKLY", 17, "and then RRULE"),
        ("RRULE:FREQ=DAILY at 2026-01-01", "text", "at", 17, "and then RRULE"),
        ("FREQ=DAILY", "text", "FREQ=DAILY", 0, "RRULE:"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_names_field_value_place_and_remedy(
    text: str, field: str, value: str, position: int, expected: str
) -> None:
    with pytest.raises(InvalidTimetable) as refused:
        timetable(text)
    error = refused.value
    assert (error.field, error.value, error.position) == (field, value, position)
    assert expected in error.expected
