"""What schedules lack, and what they may destroy (docs/lint/no-timeout.md, no-owner.md, destructive-overlap.md)."""

from datetime import timedelta
from typing import Any

import pytest

from klokker.core.lint.case import TaskFacts
from klokker.core.lint.finding import Code
from klokker.core.timeout import Timeout
from tests.core.lint.looking import codes, looked, only, subject

DESTRUCTIVE = TaskFacts(destructive=True)


def test_a_schedule_without_an_owner() -> None:
    assert codes(looked(subject("0 9 * * *", owner=""))) == [Code.NO_OWNER]


def test_a_run_that_nothing_ends() -> None:
    endless = TaskFacts(timeout=Timeout(None))
    assert codes(looked(subject("0 9 * * *", timeout="none"))) == [Code.NO_TIMEOUT]
    assert codes(looked(subject("0 9 * * *", task=endless))) == [Code.NO_TIMEOUT]
    assert codes(looked(subject("0 9 * * *", task=endless, timeout="1h"))) == []


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"overlap": "allow"}, "two runs of this schedule may do so side by side"),
        ({"placement": "each"}, "on several nodes at the same moment"),
        ({"placement": ["north", "south"]}, "on several nodes at the same moment"),
    ],
)
def test_a_destructive_task_beside_itself(fields: dict[str, Any], sentence: str) -> None:
    assert sentence in only(Code.DESTRUCTIVE_OVERLAP, subject("0 9 * * *", task=DESTRUCTIVE, **fields)).sentence
    assert codes(looked(subject("0 9 * * *", **fields))) == []


def test_one_destructive_task_in_two_schedules_at_one_moment() -> None:
    pair = [
        subject(when, name=name, task=DESTRUCTIVE) for name, when in (("days", "0 3 * * *"), ("weeks", "0 3 * * MON"))
    ]
    found = only(Code.DESTRUCTIVE_OVERLAP, *pair)
    assert found.schedules == ("days", "weeks")
    assert found.sentence.endswith(
        "both run shop.clean_up, which destroys data, at the same moment: 2026-11-23 03:00 UTC"
    )


@pytest.mark.parametrize(
    ("usual", "met"), [(None, False), (timedelta(minutes=9), False), (timedelta(minutes=11), True)]
)
def test_runs_that_take_longer_than_they_are_apart_meet(usual: timedelta | None, met: bool) -> None:
    one = subject("0 3 * * *", name="one", task=DESTRUCTIVE, usual=usual)
    other = subject("10 3 * * *", name="other", task=DESTRUCTIVE)
    assert (codes(looked(one, other)) == [Code.DESTRUCTIVE_OVERLAP]) is met
    assert (codes(looked(other, one)) == [Code.DESTRUCTIVE_OVERLAP]) is met


def test_other_tasks_and_harmless_ones_do_not_meet() -> None:
    harmless = [subject("0 3 * * *", name=name) for name in ("one", "other")]
    unlike = [subject("0 3 * * *", name=name, task=DESTRUCTIVE, runs=name) for name in ("shop.one", "shop.other")]
    assert codes(looked(*harmless)) == []
    assert codes(looked(*unlike)) == []
