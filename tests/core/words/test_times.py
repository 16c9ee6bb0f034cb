"""The times of a day in words: who hears them in English knows the very seconds."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from klokker import timetable
from klokker.core.timetables.cron import Cron
from klokker.core.words.english import ENGLISH
from klokker.core.words.times import Times, members
from tests.core.words.hearing import heard


def cron(text: str) -> Cron:
    read = timetable(text, key="nightly")
    assert isinstance(read, Cron)
    return read


def items(low: int, high: int) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    return st.one_of(
        st.just("*"),
        st.builds("*/{}".format, st.integers(1, high + 3)),
        st.builds("{}/{}".format, number, st.integers(1, high)),
        st.builds("{}-{}".format, number, number),
        st.builds("{}-{}/{}".format, number, number, st.integers(1, high)),
        number.map(str),
        st.lists(number.map(str), min_size=1, max_size=5).map(",".join),
    )


@given(st.sampled_from(["0", "0", "0", "30", "*/10", "*", "5,6,50"]), items(0, 59), items(0, 23), st.booleans())
@example("0", "*/30", "*", True)
@example("0", "1/2", "*", True)
@example("0", "5/15", "*/2", True)
@example("0", "*/10", "22-2", True)
@example("30", "*/7", "23,0", False)
@example("*/10", "*", "8-9", False)
def test_who_hears_the_times_knows_them(second: str, minute: str, hour: str, every_day: bool) -> None:
    read = cron(f"{second} {minute} {hour} * * *")
    words = Times(read, ENGLISH).said(every_day=every_day)
    meant = {
        hour * 3600 + minute * 60 + second
        for hour in members(read.hours)
        for minute in members(read.minutes)
        for second in members(read.seconds)
    }
    assert heard(words) == meant, words


@pytest.mark.parametrize(
    ("text", "remarks"),
    [
        ("*/5 * * * *", []),
        ("*/7 * * * *", ["The step does not divide the hour: after :56 the next comes at :00, 4 minutes later."]),
        ("3/7 * * * *", ["The step does not divide the hour: after :59 the next comes at :03, 4 minutes later."]),
        ("0,7,14 * * * *", []),
        ("*/90 * * * *", []),
        ("30 */5 * * *", ["The step does not divide the day: after 20:30 the next comes at 00:30, 4 hours later."]),
    ],
)
def test_a_step_that_does_not_divide_is_told(text: str, remarks: list[str]) -> None:
    assert Times(cron(text), ENGLISH).remarks() == remarks
