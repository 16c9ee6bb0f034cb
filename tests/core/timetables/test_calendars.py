"""Named calendars: holidays, hours, dates, windows, ICS files (docs/timetables/calendars.md)."""

import sys
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from warnings import catch_warnings, simplefilter
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klokker import timetable
from klokker.core.errors import InvalidTimetable
from klokker.core.timetables.calendar_text import read_calendar
from klokker.core.timetables.calendars import Calendar
from tests.core.timetables.strategies import HARD_DAYS, HARD_WEEKS

AMSTERDAM = "Europe/Amsterdam"
YEAR = datetime(2025, 12, 31, 23, tzinfo=UTC)
NEXT_YEAR = datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC)


def days(calendar: str | Calendar, text: str = "0 12 * * * only calendar c", zone: str = AMSTERDAM) -> list[str]:
    found = timetable(text, zone=zone, calendars={"c": calendar}).between(YEAR, NEXT_YEAR)
    return [one.astimezone(ZoneInfo(zone)).strftime("%m-%d") for one in found]


def hours(calendar: str, day: str, zone: str = AMSTERDAM) -> str:
    """The hours of a day that are in a calendar, as digits of the first of each run and of the last."""
    begins = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    rule = timetable("0 * * * * only calendar c", zone=zone, calendars={"c": calendar})
    found = rule.between(begins - timedelta(seconds=1), begins + timedelta(hours=24) - timedelta(seconds=1))
    return " ".join(str(one.astimezone(ZoneInfo(zone)).hour) for one in found)


@pytest.mark.parametrize(
    ("calendar", "found"),
    [
        ("holidays NL", ["01-01", "04-03", "04-05", "04-06", "04-27", "05-14", "05-24", "05-25", "12-25", "12-26"]),
        ("dates 12-24..12-26", ["12-24", "12-25", "12-26"]),
        ("dates 12-30..01-02", ["01-01", "01-02", "12-30", "12-31"]),
        ("dates 2026-05-01, 05-04 , 2026-06-30..2026-07-02", ["05-01", "05-04", "06-30", "07-01", "07-02"]),
        ("dates 02-28..02-29", ["02-28"]),
        ("dates 2025-12-30..2026-01-02", ["01-01", "01-02"]),
        ("dates 2030-05-01", []),
        ("from 2026-03-01T12:00 to 2026-03-03T12:00", ["03-01", "03-02"]),
        ("from 2026-03-01T11:00:00Z to 2026-03-02T12:00:00+01:00", ["03-01"]),
        ("dates 05-01\n\n  weekly tue\nDATES 05-03", None),
    ],
)
def test_a_line_names_days_or_windows(calendar: str, found: list[str] | None) -> None:
    if found is None:
        listed = days(calendar)
        assert {"05-01", "05-03", "05-05"} <= set(listed)
        assert len(listed) == 52 + 2
    else:
        assert days(calendar) == found
    inside = set(days(calendar))
    outside = days(calendar, "0 12 * * * except calendar c")
    assert len(inside) + len(outside) == 365
    assert not inside & set(outside)


@pytest.mark.parametrize(
    ("calendar", "day", "found"),
    [
        ("daily 09:00-12:00", "2026-03-02", "9 10 11"),
        ("daily 22:00-03:00", "2026-03-02", "0 1 2 22 23"),
        ("weekly MON-FRI 09:00-11:00", "2026-03-02", "9 10"),
        ("weekly MON-FRI 09:00-11:00", "2026-03-01", ""),
        ("weekly fri,Sunday-mon 22:00-02:00", "2026-03-03", "0 1"),
        ("weekly SAT-MON", "2026-03-03", ""),
        ("daily 00:00-24:00", "2026-03-03", " ".join(map(str, range(24)))),
        ("daily 02:00-04:00", "2026-03-29", "3"),  # two o'clock is skipped
        ("daily 02:00-03:00", "2026-10-25", "2 2"),  # and comes twice
    ],
)
def test_hours_are_those_of_the_clock_on_the_wall(calendar: str, day: str, found: str) -> None:
    assert hours(calendar, day) == found


def test_a_window_has_its_start_and_not_its_end() -> None:
    rule = timetable("* * * * * * only calendar c", calendars={"c": "from 2026-03-01T10:00 to 2026-03-01T10:00:30"})
    start = datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert list(rule.between(YEAR, NEXT_YEAR)) == [start + timedelta(seconds=n) for n in range(30)]
    assert rule.after(start + timedelta(seconds=29)) is None
    assert rule.at_or_before(NEXT_YEAR) == start + timedelta(seconds=29)


def test_a_calendar_with_a_zone_of_its_own_is_read_on_its_clocks() -> None:
    tokyo = read_calendar("zone Asia/Tokyo\ndates 05-01")
    rule = timetable("0 * * * * only calendar c", zone=AMSTERDAM, calendars={"c": tokyo})
    assert rule.after(YEAR) == datetime(2026, 4, 30, 15, tzinfo=UTC)
    assert rule.count(YEAR, NEXT_YEAR) == 24


def test_holidays_are_those_of_the_package() -> None:
    for country, part in (("DE", "BY"), ("US", "CA"), ("NO", None)):
        name = f"{country}-{part}" if part else country
        expected = sorted(holidays.country_holidays(country, subdiv=part, years=2026))
        assert days(f"holidays {name}") == [day.strftime("%m-%d") for day in expected]


def test_beyond_the_years_that_holidays_are_known_of_there_are_none() -> None:
    rule = timetable("0 12 * * * only calendar c", calendars={"c": "holidays NL"})
    assert rule.after(datetime(2150, 1, 1, tzinfo=UTC)) is None
    last = rule.at_or_before(datetime(9000, 1, 1, tzinfo=UTC))
    assert last is not None
    assert last.date() == date(2100, 12, 26)


lines = st.sampled_from(
    [
        "holidays NL",
        "daily 22:00-06:00",
        "daily 01:30-02:30",
        "weekly MON-THU,SAT 09:00-17:30",
        "weekly SUN",
        "dates 12-30..01-02, 02-29",
        "dates 03-28..03-29, 10-24",
        "from 2026-03-28T23:30 to 2026-03-29T02:30",
    ]
)


@given(
    st.lists(lines, min_size=1, max_size=3).map("\n".join),
    st.sampled_from(HARD_WEEKS),
    st.sampled_from(["UTC", AMSTERDAM, "Australia/Lord_Howe", "Pacific/Apia", None]),
)
def test_a_mask_covers_what_asking_each_quarter_of_an_hour_finds(
    text: str, week: tuple[str, datetime], own: str | None
) -> None:
    zone, start = week
    calendar = read_calendar(f"zone {own}\n{text}" if own else text)
    info = ZoneInfo(own or zone)
    rule = timetable("every 15 minutes only calendar c", zone=zone, calendars={"c": calendar})
    expected, moment = [], start + timedelta(minutes=15)
    while moment <= start + HARD_DAYS:
        wall = int(moment.astimezone(info).replace(tzinfo=UTC).timestamp())
        if any(part.windows.stretch(wall).covered for part in calendar.parts):
            expected.append(moment)
        moment += timedelta(minutes=15)
    assert list(rule.between(start, start + HARD_DAYS)) == expected
    assert rule.count(start, start + HARD_DAYS) == len(expected)
    for earlier, later in pairwise(expected):
        assert rule.at_or_before(later - timedelta(seconds=1)) == earlier


@given(st.lists(lines, min_size=1, max_size=1).map("\n".join), st.integers(-(10**9), 4 * 10**9))
def test_a_stretch_is_around_its_second_and_alike_all_through(text: str, wall: int) -> None:
    for part in read_calendar(text).parts:
        opens, closes, covered = part.windows.stretch(wall)
        assert opens <= wall < closes
        for inside in (opens, closes - 1):
            if abs(inside) < 10**11:
                assert part.windows.stretch(inside).covered is covered


def ics(*events: str) -> str:
    inside = "".join(f"BEGIN:VEVENT\r\nUID:{n}\r\n{event}\r\nEND:VEVENT\r\n" for n, event in enumerate(events))
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\n{inside}END:VCALENDAR\r\n".replace("\n ", "\n")


@pytest.mark.parametrize(
    ("event", "found"),
    [
        ("DTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261227", ["12-24", "12-25", "12-26"]),
        ("DTSTART;VALUE=DATE:20260501", ["05-01"]),
        ("DTSTART:20260501T100000\r\nDURATION:PT3H", ["05-01"]),
        ("DTSTART:20260501T100000Z\r\nDURATION:PT1H", ["05-01"]),
        ("DTSTART:20260501T103000Z\r\nDURATION:PT1H", []),
        ("DTSTART;TZID=Asia/Tokyo:20260501T190000\r\nDTEND;TZID=Asia/Tokyo:20260501T193000", ["05-01"]),
        ("DTSTART;VALUE=DATE:20200501\r\nRRULE:FREQ=YEARLY", ["05-01"]),
        ("DTSTART;VALUE=DATE:20260501\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\nEXDATE;VALUE=DATE:20260508", ["05-01", "05-15"]),
        ("DTSTART;VALUE=DATE:20260501\r\nRRULE:FREQ=WEEKLY;UNTIL=20260508", ["05-01", "05-08"]),
        (
            "DTSTART;TZID=Europe/Amsterdam:20260501T113000\r\nDURATION:PT1H\r\nRRULE:FREQ=WEEKLY;UNTIL=20260515T093000Z",
            ["05-01", "05-08", "05-15"],
        ),
        (
            "DTSTART:20260501T113000\r\nDURATION:PT1H\r\nRDATE:20260601T113000,20260701T113000",
            ["05-01", "06-01", "07-01"],
        ),
        (
            ("DTSTART:20260501T113000\r\nDURATION:PT1H\r\nRDATE:20260601T113000,20260701T113000"
            "\r\nEXDATE:20260501T113000,20260701T113000"),
            ["06-01"],
        ),
        (
            ("DTSTART:20260501T080000\r\nDURATION:PT1H"
            "\r\nRDATE;VALUE=PERIOD:20260601T080000/PT5H,20260701T080000/20260701T130000"),
            ["06-01", "07-01"],
        ),
        ("DTSTART;VALUE=DATE:20260501\r\nDTEND;VALUE=DATE:20260503\r\nRRULE:FREQ=MONTHLY;COUNT=2", ["05-01", "05-02", "06-01", "06-02"]),
    ],
)  # fmt: skip
def test_an_event_of_an_ics_file_is_its_windows(event: str, found: list[str]) -> None:
    # Something else besides, far away, so that there is always one event that lasts.
    assert days(ics(event, "DTSTART;VALUE=DATE:20300101")) == found


@pytest.mark.parametrize(
    "event",
    [
        "DTSTART;TZID=Asia/Tokyo:20260501T190000\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;UNTIL=99991231T235959Z",
        "DTSTART:20260501T100000Z\r\nDURATION:P999999999D",
    ],
)
def test_an_event_of_an_ics_file_may_last_beyond_the_calendar(event: str) -> None:
    calendar = timetable("0 10 1 5 * only calendar c", calendars={"c": ics(event)})
    found = calendar.between(datetime(2026, 5, 1, tzinfo=UTC), datetime(2028, 5, 2, tzinfo=UTC))
    assert [each.year for each in found] == [2026, 2027, 2028]


def test_holidays_of_years_that_are_little_known_warn_nobody() -> None:
    with catch_warnings():
        simplefilter("error")
        india = timetable("0 12 * * * only calendar c", calendars={"c": "holidays IN"})
        assert india.after(datetime(2090, 1, 1, tzinfo=UTC)) is not None


def test_an_exception_opens_what_the_other_lines_close() -> None:
    holidays_nl = days("holidays NL")
    assert "04-03" in holidays_nl
    assert days("holidays NL\nexcept dates 04-03, 12-26") == [
        day for day in holidays_nl if day not in ("04-03", "12-26")
    ]
    office = "Except weekly SAT,SUN\ndaily 09:00-17:00\nexcept daily 12:00-13:00"
    rule = timetable("@hourly only calendar c", calendars={"c": office})
    monday = datetime(2026, 5, 4, tzinfo=UTC)
    assert [each.hour for each in rule.between(monday, monday + timedelta(days=1))] == [9, 10, 11, 13, 14, 15, 16]
    assert rule.at_or_before(monday) == monday - timedelta(days=3) + timedelta(hours=16)


OUTLOOK = """BEGIN:VTIMEZONE
TZID:{zone}
BEGIN:STANDARD
DTSTART:16011028T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010325T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT"""
"""A zone as Outlook writes it."""
MONDAYS = "DTSTART;TZID={zone}:20260105T090000\r\nDURATION:PT1H\r\nRRULE:FREQ=WEEKLY"


def outlook(zone: str, event: str) -> str:
    text = ics(event.format(zone=zone))
    return text.replace("BEGIN:VEVENT", OUTLOOK.format(zone=zone).replace("\n", "\r\n"), 1)


@pytest.mark.parametrize(
    "text",
    [
        outlook("W. Europe Standard Time", MONDAYS),
        ics(MONDAYS.format(zone="W. Europe Standard Time")),
        f"zone Europe/Amsterdam\n{outlook('Office', MONDAYS)}",
        f"zone Europe/Amsterdam\n{ics(MONDAYS.format(zone='Office'))}",
    ],
)
def test_a_series_in_a_zone_that_is_not_called_as_iana_does_keeps_to_that_zones_clocks(text: str) -> None:
    rule = timetable("*/30 * * * * only calendar c", calendars={"c": text})
    for winter, hour in (((2026, 1, 5), 8), ((2026, 7, 6), 7)):
        day = datetime(*winter, tzinfo=UTC)
        assert list(rule.between(day, day + timedelta(days=1))) == [
            day.replace(hour=hour), day.replace(hour=hour, minute=30)
        ]  # fmt: skip


def test_a_single_event_in_a_zone_that_the_file_lays_out_is_where_it_says() -> None:
    single = outlook("Office", MONDAYS.partition("\r\nRRULE")[0])
    assert timetable("@hourly only calendar c", calendars={"c": single}).after(YEAR) == datetime(
        2026, 1, 5, 8, tzinfo=UTC
    )


@pytest.mark.parametrize("text", [outlook("Office", MONDAYS), ics(MONDAYS.format(zone="Office"))])
def test_a_series_in_a_zone_that_nobody_knows_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(InvalidTimetable, match=r"zone 'Office'.*zone Europe/Amsterdam"):
        read_calendar(text)


def test_an_occurrence_that_was_moved_is_where_it_was_moved_to() -> None:
    series = "DTSTART;VALUE=DATE:20260501\r\nRRULE:FREQ=WEEKLY;COUNT=3"
    moved = "RECURRENCE-ID;VALUE=DATE:20260508\r\nDTSTART;VALUE=DATE:20260509"
    text = ics(series, moved).replace("UID:1", "UID:0")
    assert days(text) == ["05-01", "05-09", "05-15"]


def test_cancelled_events_are_left_out() -> None:
    assert days(ics("DTSTART;VALUE=DATE:20260501\r\nSTATUS:CANCELLED", "DTSTART;VALUE=DATE:20260502")) == ["05-02"]


def test_a_text_with_a_calendar_is_written_so_that_it_reads_to_its_equal() -> None:
    calendars = {"nl": "holidays NL", "xmas": "dates 12-24..12-26"}
    text = "0 9 * * 1-5 EXCEPT (Calendar nl | calendar xmas) only calendar nl"
    rule = timetable(text, zone=AMSTERDAM, calendars=calendars)
    assert str(rule) == "0 9 * * 1-5 except (calendar nl | calendar xmas) only calendar nl"
    assert timetable(str(rule), zone=AMSTERDAM, calendars=calendars) == rule
    assert hash(timetable(str(rule), zone=AMSTERDAM, calendars=calendars)) == hash(rule)
    assert timetable(str(rule), zone=AMSTERDAM, calendars={"nl": "holidays NL", "xmas": "dates 12-24"}) != rule


def test_without_the_extra_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "holidays", None)
    monkeypatch.setitem(sys.modules, "icalendar", None)
    for text in ("holidays SE", ics("DTSTART;VALUE=DATE:20260503")):
        with pytest.raises(InvalidTimetable, match=r"klokker\[holidays\]"):
            read_calendar(text)


@pytest.mark.parametrize(
    ("text", "value", "position", "expected"),
    [
        ("", "", 0, "write one of"),
        ("weekends", "weekends", 0, "write one of"),
        ("except dates 12-24", "except dates 12-24", 0, "write one of"),
        ("daily 01:00-02:00\n except dates 13-01", "13-01", 32, "no such day"),
        ("except", "except", 0, "write one of"),
        ("daily 9-17", "9-17", 6, "09:00-17:30"),
        ("daily 09:00-09:00", "09:00-09:00", 6, "last for some time"),
        ("daily 09:00-25:00", "09:00-25:00", 6, "24:00"),
        ("weekly MON-FIR 09:00-17:00", "MON-FIR", 7, "MON-FRI"),
        ("weekly MON,XX", "XX", 11, "MON-FRI"),
        ("weekly MON 9", "9", 11, "09:00-17:30"),
        ("daily 09:00-10:00\n dates 13-01", "13-01", 25, "no such day"),
        ("dates 12-24..2026-12-26", "12-24..2026-12-26", 6, "12-24..12-26"),
        ("dates 2026-12-26..2026-12-24", "2026-12-26..2026-12-24", 6, "before the first"),
        ("dates 12-24,", "", 12, "12-24"),
        ("holidays", "", 8, "holidays NL"),
        ("holidays Netherlands", "Netherlands", 9, "holidays NL"),
        ("holidays QX", "QX", 9, "no holidays"),
        ("holidays NL-ZZ", "ZZ", 12, "no part of NL"),
        ("from 2026-03-01 until 2026-03-02", "2026-03-01 until 2026-03-02", 5, "to"),
        ("from 2026-03-01T00:00 to 2026-03-02T00:00Z", "2026-03-01T00:00 to 2026-03-02T00:00Z", 5, "both"),
        ("from 2026-03-02 to 2026-03-01", "2026-03-02 to 2026-03-01", 5, "after it begins"),
        ("from soon to later", "soon to later", 5, "no such moment"),
        ("BEGIN:VCALENDAR\nnonsense", "BEGIN:VCALENDAR\nnonsense", 0, "no ICS file"),
        ("BEGIN:VCALENDAR\nVERSION:2.0\nEND:VCALENDAR", "BEGIN:VCALENDAR\nVERSION:2.0\nEND:VCALENDAR", 0, "no event"),
    ],
)
def test_what_is_no_calendar_is_refused_at_its_place(text: str, value: str, position: int, expected: str) -> None:
    with pytest.raises(InvalidTimetable) as refused:
        read_calendar(text)
    error = refused.value
    assert (error.field, error.value, error.position) == ("calendar", value, position)
    assert expected in error.expected


@pytest.mark.parametrize(
    ("text", "field", "value", "position", "expected"),
    [
        ("calendar nl", "text", "calendar nl", 0, "right of except"),
        ("@daily | calendar nl", "text", "calendar nl", 9, "right of except"),
        ("@daily except calendar", "calendar", "", 22, "write one of broken, nl, number"),
        ("@daily except calendar nll", "calendar", "nll", 23, "did you mean nl"),
        ("@daily except calendar nl daily", "text", "daily", 26, "between two"),
        ("@daily except calendar broken", "calendar", "broken", 23, "cannot be read"),
        ("@daily only (@monthly | calendar number)", "calendar", "number", 33, "stands for int"),
    ],
)
def test_what_a_timetable_says_of_a_calendar_is_refused_at_its_place(
    text: str, field: str, value: str, position: int, expected: str
) -> None:
    with pytest.raises(InvalidTimetable) as refused:
        timetable(text, calendars={"nl": "holidays NL", "broken": "hourly", "number": 5})
    error = refused.value
    assert (error.field, error.value, error.position) == (field, value, position)
    assert expected in error.expected


def test_where_no_calendar_is_known_the_error_says_so() -> None:
    with pytest.raises(InvalidTimetable, match="no calendars are known"):
        timetable("@daily except calendar nl")
