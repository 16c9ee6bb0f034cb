"""Schedules that come faster than something else can follow (docs/lint/finer-than-tick.md and others)."""

from datetime import timedelta

import pytest

from klokker.core.lint.finding import Code
from tests.core.lint.looking import codes, looked, only, subject

FIVE = timedelta(minutes=5)


def test_two_minutes_under_a_tick_of_five() -> None:
    found = only(Code.FINER_THAN_TICK, subject("*/2 * * * *", catch_up="within 10m"), tick=FIVE)
    assert "it comes every 2m, and is looked at every 5m: 2 or 3 are decided together" in found.sentence
    assert "(within 10m)" in found.sentence


@pytest.mark.parametrize("when", ["*/5 * * * *", "17 * * * *", "10 minutes after completion", "at 2026-12-24"])
def test_what_a_tick_of_five_minutes_follows_is_left_alone(when: str) -> None:
    assert codes(looked(subject(when), tick=FIVE)) == []


def test_a_rest_after_completion_is_no_period_within_limits_either() -> None:
    rest = subject("1 minute after completion", starts="2026-01-01", usual=timedelta(hours=1))
    assert codes(looked(rest, tick=FIVE)) == []


def test_without_a_known_tick_nothing_is_finer() -> None:
    assert codes(looked(subject("*/2 * * * *"))) == []


def test_the_shortest_pause_counts_not_the_usual_one() -> None:
    assert only(Code.FINER_THAN_TICK, subject("0,1 9 * * *"), tick=FIVE).details["period"] == 60


def test_a_period_below_the_usual_run() -> None:
    found = only(Code.SHORTER_THAN_RUN, subject("*/10 * * * *", usual=timedelta(minutes=12)))
    assert "it comes every 10m, and of 100 runs 95 take up to 12m: overlap (skip)" in found.sentence
    assert codes(looked(subject("*/10 * * * *", usual=timedelta(minutes=10)))) == []


def test_a_jitter_beyond_the_period() -> None:
    found = only(Code.JITTER_BEYOND_PERIOD, subject("*/10 * * * *", jitter="15m"))
    assert "planned up to 15m late, and comes every 10m" in found.sentence
    assert codes(looked(subject("*/10 * * * *", jitter="10m"))) == []
