"""What is left of an ICS file names the same windows, and is the same until they change (docs/timetables/calendars.md)."""

import pytest

from klokker.core.timetables.calendar_ics_text import condensed
from klokker.core.timetables.calendar_text import read_calendar

SENT = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//somebody//EN
METHOD:PUBLISH
X-WR-CALNAME:Closed
BEGIN:VTIMEZONE
TZID:Europe/Amsterdam
BEGIN:STANDARD
DTSTART:19701025T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
DTSTAMP:{stamp}
LAST-MODIFIED:{stamp}
UID:1@somewhere
SEQUENCE:3
SUMMARY:Stock
 taking
DESCRIPTION:a long text\\, folded
 BEGIN:VEVENT
 over lines
ATTENDEE;CN=somebody:mailto:somebody@example.org
DTSTART;TZID=Europe/Amsterdam:20260302T090000
DTEND;TZID=Europe/Amsterdam:20260302T170000
RRULE:FREQ=WEEKLY;COUNT=3
EXDATE;TZID=Europe/Amsterdam:20260309T090000
BEGIN:VALARM
ACTION:DISPLAY
DTSTART:20200101T000000
TRIGGER:-PT15M
END:VALARM
END:VEVENT
BEGIN:VTODO
UID:2@somewhere
DTSTART:20260401T090000
END:VTODO
BEGIN:VEVENT
UID:3@somewhere
STATUS:CANCELLED
DTSTART;VALUE=DATE:20260501
END:VEVENT
END:VCALENDAR
"""


def test_what_is_left_names_the_same_windows() -> None:
    text = SENT.format(stamp="20260101T000000Z")
    left = condensed(text)
    assert read_calendar(left) == read_calendar(text)
    assert len(left) < len(text) / 1.4
    assert "SUMMARY:Stocktaking" in left
    for gone in ("DTSTAMP", "DESCRIPTION", "ATTENDEE", "VALARM", "VTODO", "METHOD"):
        assert gone not in left


def test_it_is_the_same_however_often_it_is_sent() -> None:
    first, second = (SENT.format(stamp=stamp) for stamp in ("20260101T000000Z", "20261121T120000Z"))
    assert (
        condensed(first) == condensed(second) == condensed(condensed(first)) == condensed(first.replace("\n", "\r\n"))
    )
    assert condensed(first) != condensed(first.replace("COUNT=3", "COUNT=4"))


def test_a_zone_before_it_stays() -> None:
    text = "zone Asia/Tokyo\n" + SENT.format(stamp="20260101T000000Z")
    assert condensed(text).startswith("zone Asia/Tokyo\nBEGIN:VCALENDAR\n")
    assert read_calendar(condensed(text)) == read_calendar(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "holidays NL",
        "daily 01:00-02:00\r\n# BEGIN:VCALENDAR\r\n",
        "BEGIN:VCALENDAR\nnonsense",
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\nEND:VEVENT\n",
        "BEGIN:VCALENDAR\nEND:VCALENDAR\nEND:VCALENDAR\n",
        "BEGIN:VCALENDAR\nEND:VCALENDAR\nand more\n",
    ],
)
def test_any_other_text_is_as_it_is(text: str) -> None:
    assert condensed(text) == text
