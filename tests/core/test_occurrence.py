"""Occurrences: planned, missed, too late to begin (docs/concepts/occurrence.md)."""

from datetime import UTC, datetime, timedelta

import pytest

from klokker.core.definition import Definition
from klokker.core.moments import epoch_second
from klokker.core.occurrence import last_missed, oldest_within, planned, room, start_before

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
NOON_SECOND = epoch_second(NOON)


def sweep(**fields: object) -> Definition:
    return Definition.read({"name": "sweep", "task": "chores.sweep", "when": "0 * * * *", **fields})


def test_a_run_is_planned_at_its_nominal_time_and_the_jitter_of_its_schedule_and_node() -> None:
    assert planned(sweep(), "", NOON) == NOON
    spread = sweep(jitter="5m")
    assert planned(spread, "north", NOON) == NOON + spread.jitter.delay("sweep", "north") != planned(spread, "", NOON)


@pytest.mark.parametrize(
    ("since_previous", "expected"),
    [
        (None, timedelta(minutes=15)),
        (timedelta(minutes=2), timedelta(minutes=4)),
        (timedelta(hours=4), timedelta(minutes=15)),
        (timedelta(0), timedelta(0)),
    ],
)
def test_the_newest_has_twice_the_time_since_the_previous_tick_at_most_a_quarter(
    since_previous: timedelta | None, expected: timedelta
) -> None:
    assert room(None if since_previous is None else NOON - since_previous, NOON) == expected


@pytest.mark.parametrize(
    ("late", "missed"),
    [
        (timedelta(0), -1),
        (timedelta(microseconds=1), 0),
        (SECOND, 0),
        (SECOND + timedelta(microseconds=1), 1),
    ],
)
def test_as_late_as_tolerated_is_not_missed(late: timedelta, missed: int) -> None:
    assert last_missed(sweep(), "", timedelta(minutes=1), NOON + timedelta(minutes=1) + late) == NOON_SECOND + missed


@pytest.mark.parametrize(("now", "oldest"), [(timedelta(0), 0), (timedelta(microseconds=1), 1), (SECOND, 1)])
def test_within_keeps_what_is_as_old_as_its_span(now: timedelta, oldest: int) -> None:
    assert oldest_within(timedelta(hours=2), NOON + timedelta(hours=2) + now) == NOON_SECOND + oldest


def test_the_longest_policies_do_not_lead_out_of_the_calendar() -> None:
    ages = timedelta(days=366_000)
    assert last_missed(sweep(grace=ages, jitter=ages), "", ages, NOON) < oldest_within(ages, NOON) < 0


@pytest.mark.parametrize(
    ("fields", "now", "until"),
    [
        ({"catch_up": "latest"}, 0, None),
        ({"catch_up": "all"}, 0, None),
        ({"catch_up": "none"}, 0, 60),
        ({"catch_up": "none", "grace": "5m"}, 0, 300),
        ({"catch_up": "none"}, 200, 260),
        ({"catch_up": "within 2h"}, 0, 7200),
        ({"catch_up": "within 2h"}, 7000, 7200),
        ({"catch_up": "within 5s"}, 0, 60),
    ],
)
def test_where_late_is_worse_than_never_a_run_must_begin_in_time(
    fields: dict[str, object], now: int, until: int | None
) -> None:
    deadline = start_before(sweep(**fields), NOON, NOON, NOON + now * SECOND)
    assert deadline == (None if until is None else NOON + until * SECOND)
