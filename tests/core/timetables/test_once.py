"""Once, or on a few moments (docs/timetables/once.md)."""

from datetime import UTC, datetime, timedelta

import pytest

from klokker import timetable
from klokker.core.errors import InvalidTimetable

BEFORE, AFTER = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def moments(text: str, zone: str = "UTC", gap: str | None = None, fold: str | None = None) -> list[str]:
    found = timetable(text, zone=zone, gap=gap, fold=fold).between(BEFORE, AFTER)
    return [one.strftime("%Y-%m-%d %H:%M:%S").removesuffix(":00") for one in found]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("at 2026-12-24T18:00", ["2026-12-24 17:00"]),
        ("at 2026-12-24 18:00", ["2026-12-24 17:00"]),
        ("at 2026-12-24t18:00:30", ["2026-12-24 17:00:30"]),
        ("at 2026-12-24", ["2026-12-23 23:00"]),
        ("at 2026-12-24T18:00Z", ["2026-12-24 18:00"]),
        ("at 2026-12-24T18:00z", ["2026-12-24 18:00"]),
        ("at 2026-12-24T18:00-03:30", ["2026-12-24 21:30"]),
        ("at 2026-12-24,2026-07-01,2026-12-24", ["2026-06-30 22:00", "2026-12-23 23:00"]),
        ("at 2026-12-24 , 2026-07-01  06:00", ["2026-07-01 04:00", "2026-12-23 23:00"]),
    ],
)
def test_a_moment_without_offset_is_on_the_clocks_of_the_zone(text: str, found: list[str]) -> None:
    assert moments(text, "Europe/Amsterdam") == found


@pytest.mark.parametrize(
    ("gap", "fold", "found"),
    [
        (None, None, ["2026-03-29 01:00", "2026-10-25 00:30"]),
        ("shift", "second", ["2026-03-29 01:00", "2026-10-25 01:30"]),
        ("skip", "first", ["2026-10-25 00:30"]),
        ("skip", "both", ["2026-10-25 00:30", "2026-10-25 01:30"]),
    ],
)
def test_in_a_gap_it_is_its_end_and_in_a_fold_the_first_unless_stated(
    gap: str | None, fold: str | None, found: list[str]
) -> None:
    assert moments("at 2026-03-29T02:30, 2026-10-25T02:30", "Europe/Amsterdam", gap, fold) == found


def test_it_answers_forward_backward_and_counts() -> None:
    rule = timetable("at 2026-01-01, 2026-01-03, 2026-01-02")
    first, second, third = (datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2, 3))
    assert rule.after(BEFORE) == first
    assert rule.after(first) == second
    assert rule.after(third) is None
    assert rule.at_or_before(first - timedelta(seconds=1)) is None
    assert rule.at_or_before(first) == first
    assert rule.at_or_before(AFTER) == third
    assert rule.count(first, third) == 2
    assert rule.count(third, first) == 0


def test_the_text_is_written_in_one_form() -> None:
    assert str(timetable("AT 2026-12-24 18:00 ,2027-01-01t00:00:10z")) == "at 2026-12-24T18:00, 2027-01-01T00:00:10Z"


def test_equal_moments_are_equal_however_written() -> None:
    assert timetable("at 2026-12-24T18:00Z, 2026-01-01") == timetable("at 2026-01-01,2026-12-24T19:00+01:00")
    assert timetable("at 2026-12-24") != timetable("at 2026-12-25")


@pytest.mark.parametrize(
    ("text", "value", "position", "expected"),
    [
        ("at", "", 2, "2026-12-24"),
        ("at noon", "noon", 3, "2026-12-24"),
        ("at 2026-12-24T18:00, tomorrow", "tomorrow", 21, "2026-12-24"),
        ("at 2026-12-24,", "", 14, "2026-12-24"),
        ("at 2026-12-24,,2026-12-25", "", 14, "2026-12-24"),
        ("at 2026-13-24", "2026-13-24", 3, "month"),
        ("at 2026-02-29T18:00", "2026-02-29T18:00", 3, "day"),
        ("at 2026-12-24T24:30", "2026-12-24T24:30", 3, "hour"),
        ("at 2026-12-24T18:00+25:00", "2026-12-24T18:00+25:00", 3, "offset"),
        ("at 2026-12-24T18:00+01:60", "2026-12-24T18:00+01:60", 3, "offset"),
        ("at 2026-12-24T18:00:00.5", "2026-12-24T18:00:00.5", 3, "18:00:30"),
        ("at 0000-01-01", "0000-01-01", 3, "year"),
        ("at 0001-01-01T00:00+01:00", "0001-01-01T00:00+01:00", 3, "years 1 to 9999"),
        ("at 9999-12-31T23:59-01:00", "9999-12-31T23:59-01:00", 3, "years 1 to 9999"),
        ("at 24-12-2026", "24-12-2026", 3, "2026-12-24"),
    ],
)
def test_what_is_no_moment_is_refused_at_its_place(text: str, value: str, position: int, expected: str) -> None:
    with pytest.raises(InvalidTimetable) as refused:
        timetable(text)
    error = refused.value
    assert (error.field, error.value, error.position) == ("moment", value, position)
    assert expected in error.expected


def test_moments_that_are_all_skipped_are_refused() -> None:
    with pytest.raises(InvalidTimetable, match="skip") as refused:
        timetable("at 2026-03-29T02:30", zone="Europe/Amsterdam", gap="skip")
    assert refused.value.position == 3
