"""Closings: from when until when a calendar closes, windows that touch taken together (docs/policies/closed.md)."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klokker.core.moments import DAY, epoch_second, from_epoch
from klokker.core.timetables.calendar_text import named_calendar
from klokker.core.timetables.calendars import Calendar, Part, WallStretch, Windows
from klokker.core.timetables.closings import Closing, Closings
from klokker.core.timetables.masks import InCalendar


def closings(text: str, zone: str = "UTC") -> Closings:
    return Closings(named_calendar({"c": text}, "c", zone))


def second(day: int, hour: int, minute: int = 0, *, month: int = 1) -> int:
    return epoch_second(datetime(2026, month, day, hour, minute, tzinfo=UTC))


def test_a_closing_is_from_its_first_second_up_to_the_one_at_which_it_opens() -> None:
    nights = closings("daily 22:00-06:00")
    night = Closing(second(5, 22), second(6, 6))
    assert nights.at(second(5, 22) - 1) is None
    assert nights.at(second(5, 22)) == nights.at(second(6, 6) - 1) == night
    assert nights.at(second(6, 6)) is None
    assert nights.following(second(5, 12)) == nights.following(second(6, 0)) == night


def test_windows_that_touch_are_one_closing() -> None:
    days = closings("dates 01-05\ndates 01-06\ndaily 22:00-06:00")
    whole = Closing(second(4, 22), second(7, 6))
    assert {days.at(second(day, hour)) for day, hour in ((4, 23), (5, 0), (5, 12), (6, 0), (7, 5))} == {whole}


def test_a_closing_over_a_clock_change_is_as_long_as_it_is() -> None:
    nights = closings("daily 22:00-06:00", "Europe/Amsterdam")
    spring = nights.at(second(29, 1, month=3))
    autumn = nights.at(second(25, 1, month=10))
    assert spring is not None
    assert spring.opens - spring.begins == 7 * 3600
    assert autumn is not None
    assert autumn.opens - autumn.begins == 9 * 3600


class Days(Windows):
    """Each day is a window; they are counted as they are asked for."""

    asked = 0

    def stretch(self, wall: int) -> WallStretch:
        self.asked += 1
        return WallStretch(wall // DAY * DAY, (wall // DAY + 1) * DAY, True)


def test_a_closing_of_very_many_windows_is_searched_once() -> None:
    days = Days()
    always = Closings(InCalendar("c", Calendar((Part(days, None),)), "UTC"))
    found = always.at(second(5, 0))
    assert found is not None
    assert found.endless
    first = days.asked
    assert always.at(second(9, 12)) == found
    assert days.asked == first > 10_000
    assert always.following(second(9, 12)) == found
    assert days.asked == first + 1


def test_after_the_last_window_nothing_closes() -> None:
    once = closings("from 2026-01-05T10:00 to 2026-01-05T12:00")
    assert once.following(second(5, 0)) == Closing(second(5, 10), second(5, 12))
    assert once.following(second(5, 12)) is None


@pytest.mark.parametrize("text", ["daily 00:00-24:00", "weekly MON-SUN", "daily 00:00-12:00\ndaily 12:00-24:00"])
def test_what_never_opens_is_endless(text: str) -> None:
    found = closings(text).at(second(5, 12))
    assert found is not None
    assert found.endless
    assert found.opens > second(31, 0, month=12) * 100


@given(
    st.lists(
        st.sampled_from(["daily 22:00-06:00", "weekly SAT,SUN", "dates 01-05..01-06", "weekly MON 05:00-07:00"]),
        min_size=1,
        max_size=3,
    ).map("\n".join),
    st.sampled_from(["UTC", "Europe/Amsterdam", "Australia/Lord_Howe"]),
    st.integers(second(1, 0), second(28, 0, month=12)),
)
def test_a_closing_is_where_each_minute_says_so(text: str, zone: str, at: int) -> None:
    at -= at % 60
    calendar = closings(text, zone)
    found = calendar.at(at)
    if found is None:
        following = calendar.following(at)
        assert following is not None
        assert all(calendar.at(each) is None for each in range(at, min(following.begins, at + 86_400), 60))
        assert calendar.at(following.begins) == following
        return
    assert found.begins <= at < found.opens, from_epoch(at)
    assert all(calendar.at(each) == found for each in range(found.begins, found.opens, 3600))
    assert calendar.at(found.begins - 1) is None
    assert calendar.at(found.opens) is None
