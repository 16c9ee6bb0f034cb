"""Many schedules at one moment (docs/lint/crowded.md)."""

from typing import Any

from klokker import timetable
from klokker.core.lint.case import Subject
from klokker.core.lint.crowd import MANY
from klokker.core.lint.finding import Code
from tests.core.lint.looking import NOW, codes, looked, only, subject


def nightly(number: int, **fields: Any) -> list[Subject]:
    return [subject("0 3 * * *", name=f"job-{place:02}", **fields) for place in range(number)]


def test_ten_at_one_moment_are_a_crowd_and_nine_are_none() -> None:
    found = only(Code.CROWDED, *nightly(MANY))
    assert found.schedules == tuple(f"job-{place:02}" for place in range(MANY))
    assert "10 schedules of the lane default start together, next at 2026-11-22 03:00 UTC" in found.sentence
    assert codes(looked(*nightly(MANY - 1))) == []


def test_each_is_told_how_it_would_be_spread() -> None:
    others = [subject("every 1 hour", name="often"), subject("@daily", name="macro")]
    midnight = [subject("0 0 * * *", name=f"job-{place}") for place in range(MANY)]
    spread = only(Code.CROWDED, *midnight, *others).details["spread"]
    assert isinstance(spread, dict)
    assert spread["job-0"] == 'when = "0 0 * * *"'
    assert spread["job-6"] == 'when = "30 0 * * *"'
    assert spread["macro"] == 'jitter = "1h"'
    assert spread["often"] == 'when = "every 1 hour from 2026-11-21T19:55Z"'


def test_what_is_suggested_comes_as_often_as_before() -> None:
    hourly = [subject("every 1 hour", name=f"job-{place}") for place in range(MANY)]
    spread = only(Code.CROWDED, *hourly).details["spread"]
    assert isinstance(spread, dict)
    for how in spread.values():
        text = str(how).removeprefix('when = "').removesuffix('"')
        after = timetable(text).after(NOW)
        assert after is not None
        assert (after - NOW).total_seconds() <= 2 * 3600


def test_lanes_jitter_and_other_minutes_keep_them_apart() -> None:
    apart = [subject(f"{place} 3 * * *", name=f"at-{place}") for place in range(MANY)]
    in_lanes = [subject("0 3 * * *", name=f"lane-{place}", lane=f"lane-{place % 2}") for place in range(MANY)]
    assert codes(looked(*apart)) == []
    assert codes(looked(*in_lanes)) == []
    assert codes(looked(*nightly(MANY, jitter="10m"))) == []


def test_who_comes_all_the_time_is_in_no_crowd() -> None:
    busy = [subject("*/10 * * * *", name=f"busy-{place}") for place in range(MANY)]
    assert codes(looked(*busy)) == []


def test_a_schedule_is_told_of_once() -> None:
    hourly = [subject("every 1 hour", name=f"hourly-{place}") for place in range(MANY)]
    found = looked(*hourly, *[subject("0 0 * * *", name=f"job-{place}") for place in range(MANY)])
    assert [len(finding.schedules) for finding in found] == [2 * MANY]
