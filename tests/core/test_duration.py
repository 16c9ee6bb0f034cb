"""Durations as people write and read them."""

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klokker.core.duration import MalformedDuration, duration, duration_text, rounded


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("90s", timedelta(seconds=90)),
        ("1h30m", timedelta(minutes=90)),
        (" 1 hour 30 minutes ", timedelta(minutes=90)),
        ("2 Days", timedelta(days=2)),
        ("1.5h", timedelta(minutes=90)),
        ("250ms", timedelta(milliseconds=250)),
        ("1w", timedelta(days=7)),
        ("0s", timedelta(0)),
    ],
)
def test_numbers_with_units_add_up(text: str, length: timedelta) -> None:
    assert duration(text) == length


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0),
        ("  ", 0),
        ("90", 0),
        ("-5m", 0),
        ("1h 30", 3),
        ("1h, 5m", 2),
        ("3 months", 2),
        ("1hm", 1),
        ("9" * 15 + "w", 0),
    ],
)
def test_what_is_no_duration_is_refused_with_the_position(text: str, position: int) -> None:
    with pytest.raises(MalformedDuration, match=r"Write for example 90s, 15m, 1h30m or 2d") as refused:
        duration(text)
    assert (refused.value.text, refused.value.position) == (text, position)


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(0), "0s"),
        (timedelta(hours=1.5), "1h30m"),
        (timedelta(days=9, milliseconds=5), "9d5ms"),
        (timedelta(minutes=-5), "-5m"),
    ],
)
def test_a_length_is_said_shortly(length: timedelta, text: str) -> None:
    assert duration_text(length) == text


@given(st.integers(0, 10**14))
def test_text_and_length_agree_both_ways(milliseconds: int) -> None:
    length = timedelta(milliseconds=milliseconds)
    assert duration(duration_text(length)) == length


@given(st.text())
def test_any_text_is_a_duration_or_one_kind_of_error(text: str) -> None:
    with suppress(MalformedDuration):
        assert duration(text) >= timedelta(0)


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(milliseconds=850), "850ms"),
        (timedelta(seconds=9.04), "9.0s"),
        (timedelta(seconds=12.9), "12s"),
        (timedelta(minutes=5, seconds=21, milliseconds=97), "5m 21s"),
        (timedelta(minutes=21, seconds=5), "21m"),
        (timedelta(hours=3, minutes=20, seconds=59), "3h 20m"),
        (timedelta(hours=47), "47h"),
        (timedelta(days=6, hours=4, minutes=3), "6d 4h"),
    ],
)
def test_people_are_told_two_units_at_the_most(length: timedelta, said: str) -> None:
    assert rounded(length) == said
