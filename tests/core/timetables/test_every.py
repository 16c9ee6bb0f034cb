"""Every: so often, counted from the epoch or from a start (docs/timetables/every.md)."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from klokker import timetable
from klokker.core.errors import InvalidTimetable

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("every second", timedelta(seconds=1)),
        ("every 90 seconds", timedelta(seconds=90)),
        ("every minute", timedelta(minutes=1)),
        ("every 1 minutes", timedelta(minutes=1)),
        ("every 007 hours", timedelta(hours=7)),
        ("Every Hour", timedelta(hours=1)),
        ("every day", timedelta(days=1)),
        ("every 2 WEEKS", timedelta(weeks=2)),
    ],
)
def test_a_period_is_a_number_and_a_unit(text: str, period: timedelta) -> None:
    first, second = list(timetable(text).between(NOON, NOON + 2 * period))
    assert second - first == period


@pytest.mark.parametrize(
    ("text", "after", "found"),
    [
        ("every 10 minutes", "2026-06-01T12:03", "2026-06-01T12:10"),
        ("every 1 day", "2026-06-01T12:00", "2026-06-02T00:00"),
        ("every 7 hours", "1970-01-01T00:00", "1970-01-01T07:00"),
        ("every 7 hours", "1969-12-31T23:59", "1970-01-01T00:00"),
        ("every 7 hours", "1969-12-31T16:59", "1969-12-31T17:00"),
        ("every week", "2026-06-01T12:00", "2026-06-04T00:00"),  # 1970-01-01 was a Thursday
        ("every 1 day from 2026-01-01T03:00", "2026-06-01T12:00", "2026-06-02T03:00"),
        ("every 36 hours from 2026-01-01", "2026-01-01T00:00", "2026-01-02T12:00"),
        ("every 36 hours from 2026-01-01", "1999-01-01T00:00", "2026-01-01T00:00"),
        ("every 36 hours from 2026-01-01T02:00+02:00", "1999-01-01T00:00", "2026-01-01T00:00"),
        ("every 36 hours from 2026-01-01  00:00:30", "1999-01-01T00:00", "2026-01-01T00:00:30"),
    ],
)
def test_it_is_counted_from_the_epoch_or_from_its_start(text: str, after: str, found: str) -> None:
    assert timetable(text).after(at(after)) == at(found)


def test_a_start_is_an_occurrence_and_nothing_lies_before_it() -> None:
    rule, start = timetable("every 1 day from 2026-01-01T03:00"), at("2026-01-01T03:00")
    assert rule.after(start - timedelta(microseconds=1)) == start
    assert rule.at_or_before(start) == start
    assert rule.at_or_before(start - timedelta(seconds=1)) is None
    assert rule.count(datetime.min.replace(tzinfo=UTC), start) == 1


def test_a_start_without_offset_is_on_the_clocks_of_the_zone() -> None:
    rule = timetable("every 1 day from 2026-07-01T03:00", zone="Europe/Amsterdam")
    assert rule.after(NOON) == at("2026-07-01T01:00")


@pytest.mark.parametrize("choice", [{}, {"gap": "skip"}, {"fold": "second"}, {"fold": "both"}])
def test_a_start_in_a_gap_is_its_end_and_in_a_fold_the_first(choice: dict[str, str]) -> None:
    gap = timetable("every 1 day from 2026-03-29T02:30", zone="Europe/Amsterdam", **choice)  # type: ignore[arg-type]
    assert gap.after(at("2026-01-01")) == at("2026-03-29T01:00")
    start = timetable("every 1 day from 2026-10-25T02:30", zone="Europe/Amsterdam")
    assert start.after(at("2026-01-01")) == at("2026-10-25T00:30")


def test_it_follows_real_time_through_clock_changes() -> None:
    rule = timetable("every 30 minutes", zone="Europe/Amsterdam")
    for day in ("2026-03-29", "2026-10-25"):
        found = list(rule.between(at(day), at(day) + timedelta(hours=4)))
        assert {later - one for one, later in pairwise(found)} == {timedelta(minutes=30)}
        assert len(found) == 8


@pytest.mark.parametrize(
    ("fold", "found"),
    [
        (None, ["00:00", "00:20", "00:40", "01:00", "01:20", "01:40", "02:00"]),
        ("both", ["00:00", "00:20", "00:40", "01:00", "01:20", "01:40", "02:00"]),
        ("first", ["00:00", "00:20", "00:40", "02:00"]),
        ("second", ["01:00", "01:20", "01:40", "02:00"]),
    ],
)
def test_a_stated_fold_leaves_out_the_other_pass(fold: str | None, found: list[str]) -> None:
    rule = timetable("every 20 minutes", zone="Europe/Amsterdam", fold=fold)
    listed = list(rule.between(at("2026-10-24T23:59"), at("2026-10-25T02:00")))
    assert [one.strftime("%H:%M") for one in listed] == found
    assert rule.count(at("2026-10-24T23:59"), at("2026-10-25T02:00")) == len(found)
    assert [rule.at_or_before(one) for one in listed] == listed


def test_counts_over_centuries_are_exact() -> None:
    rule, start, end = timetable("every 7 seconds"), at("1500-01-01"), at("2500-01-01")
    first = rule.after(start)
    assert first is not None
    assert rule.count(start, end) == (end - first) // timedelta(seconds=7) + 1


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("every 60 minutes", "every hour", True),
        ("every 1 day", "every 24 hours", True),
        ("every 1 day", "every 1 day from 2026-01-01", False),
        ("every 1 day from 2026-01-01", "every day from 2026-01-01T00:00Z", True),
        ("every 1 day", "every 2 days", False),
    ],
)
def test_equal_periods_from_the_same_start_are_equal(one: str, other: str, equal: bool) -> None:
    assert (timetable(one) == timetable(other)) is equal
    assert (hash(timetable(one)) == hash(timetable(other))) is equal


def test_the_zone_matters_only_where_a_pass_is_left_out() -> None:
    assert timetable("every hour", zone="Europe/Rome") == timetable("every hour")
    assert timetable("every hour", zone="Europe/Rome", fold="first") != timetable("every hour", fold="first")


@pytest.mark.parametrize(
    ("text", "field", "value", "position", "expected"),
    [
        ("every", "period", "", 5, "every 10 minutes"),
        ("every 10", "period", "10", 6, "every 10 minutes"),
        ("every 0 minutes", "period", "0", 6, "at least 1"),
        ("every 1.5 hours", "period", "1.5", 6, "90 minutes"),
        ("every 1,5 hours", "period", "1,5", 6, "90 minutes"),
        ("every -5 minutes", "period", "-5", 6, "whole number"),
        ("every 10m", "period", "10m", 6, "every 10 minutes"),
        ("every month", "period", "month", 6, "0 0 1 * *"),
        ("every 3 months", "period", "months", 8, "0 0 1 * *"),
        ("every  2 years", "period", "years", 9, "0 0 1 1 *"),
        ("every 3 fortnights", "period", "fortnights", 8, "weeks"),
        ("every 9999999999 weeks", "period", "9999999999", 6, "thousand years"),
        ("every 2nd hour", "period", "2nd", 6, "whole number"),
        ("every 5 minutes since 2026-01-01", "start", "since", 16, "from"),
        ("every 5 minutes from", "start", "", 20, "2026-12-24"),
        ("every 5 minutes from yesterday", "start", "yesterday", 21, "2026-12-24"),
        ("every 5 minutes from 2026-02-30", "start", "2026-02-30", 21, "no such"),
        ("every 5 minutes from 2026-02-03 04:05 UTC", "start", "2026-02-03 04:05 UTC", 21, "offset"),
        ("every ٣ minutes", "period", "٣", 6, "whole number"),
    ],
)
def test_what_cannot_be_read_names_field_value_place_and_remedy(
    text: str, field: str, value: str, position: int, expected: str
) -> None:
    with pytest.raises(InvalidTimetable) as refused:
        timetable(text)
    error = refused.value
    assert (error.field, error.value, error.position) == (field, value, position)
    assert expected in error.expected
