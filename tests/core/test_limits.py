"""Limits: from when until when a timetable counts (docs/concepts/occurrence.md)."""

from datetime import UTC, datetime, timedelta

import pytest

from klokker.core.definition import Definition

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def sweep(starts: datetime | None, ends: datetime | None) -> Definition:
    return Definition(name="sweep", task="chores.sweep", when="0 * * * *", starts=starts, ends=ends)


@pytest.mark.parametrize(
    ("starts", "ends", "first", "last", "count"),
    [
        (NOON, NOON + 3 * HOUR, NOON, NOON + 3 * HOUR, 4),
        (NOON + timedelta(microseconds=1), NOON + 3 * HOUR, NOON + HOUR, NOON + 3 * HOUR, 3),
        (NOON, NOON + 3 * HOUR - timedelta(microseconds=1), NOON, NOON + 2 * HOUR, 3),
        (NOON, None, NOON, NOON + 24 * HOUR, 25),
        (None, NOON, NOON - 23 * HOUR, NOON, 24),
        (NOON, NOON, NOON, NOON, 1),
    ],
)
def test_both_borders_belong_to_it(
    starts: datetime | None, ends: datetime | None, first: datetime, last: datetime, count: int
) -> None:
    timetable, day = sweep(starts, ends).timetable(), timedelta(days=1)
    assert timetable.after(NOON - day) == first
    assert timetable.at_or_before(NOON + day) == last
    assert timetable.count(NOON - day, NOON + day) == count
    assert len(list(timetable.between(NOON - day, NOON + day))) == count


def test_beyond_its_limits_there_is_nothing() -> None:
    timetable = sweep(NOON, NOON + HOUR).timetable()
    assert timetable.after(NOON + HOUR) is None
    assert timetable.at_or_before(NOON - timedelta(seconds=1)) is None
    assert timetable.count(NOON + HOUR, NOON + 5 * HOUR) == timetable.count(NOON - 5 * HOUR, NOON - HOUR) == 0


def test_its_text_is_the_timetables() -> None:
    assert str(sweep(NOON, None).timetable()) == "0 * * * *"
