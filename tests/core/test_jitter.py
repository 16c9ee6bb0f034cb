"""Jitter: how long after their nominal time runs are planned (docs/policies/jitter.md)."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klokker.core.errors import InvalidPolicy
from klokker.core.fields import Unfit
from klokker.core.jitter import Jitter, fraction

FIVE_MINUTES = Jitter(timedelta(minutes=5))


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.text(), st.text())
def test_a_delay_is_shorter_than_the_span_and_in_whole_seconds(name: str, node: str) -> None:
    delay = FIVE_MINUTES.delay(name, node)
    assert timedelta(0) <= delay < FIVE_MINUTES.span
    assert delay.microseconds == 0


def test_the_delay_is_the_same_wherever_it_is_computed() -> None:
    """A change of this number would move every jittered run in every installation."""
    assert FIVE_MINUTES.delay("sweep", "") == FIVE_MINUTES.delay("SWEEP", "") == timedelta(seconds=76)
    assert FIVE_MINUTES.delay("sweep", "north") == timedelta(seconds=289)


def test_many_schedules_spread_evenly_over_the_span() -> None:
    minutes = [FIVE_MINUTES.delay(f"schedule-{number}", "") // timedelta(minutes=1) for number in range(5000)]
    assert all(900 < minutes.count(minute) < 1100 for minute in range(5))


def test_no_jitter_is_no_delay() -> None:
    assert Jitter().delay("sweep", "north") == timedelta(0)


@pytest.mark.parametrize(
    ("text", "jitter"), [("none", Jitter()), ("5m", FIVE_MINUTES), ("90s", Jitter(timedelta(seconds=90)))]
)
def test_a_jitter_is_read_and_written(text: str, jitter: Jitter) -> None:
    assert Jitter.read(text) == jitter
    assert Jitter.read(str(jitter)) == jitter


@pytest.mark.parametrize("text", ["5", "some", "", None, 5])
def test_what_is_no_span_is_refused(text: object) -> None:
    with pytest.raises(Unfit):
        Jitter.read(text)


def test_a_negative_jitter_is_refused() -> None:
    with pytest.raises(InvalidPolicy, match="span must be from zero"):
        Jitter(timedelta(seconds=-1))


def test_a_fraction_is_a_share_and_depends_on_key_and_turn() -> None:
    shares = {fraction(key, turn) for key in ("a", "b", "\ud800", "a\n1") for turn in range(50)}
    assert len(shares) == 200
    assert all(0 <= share < 1 for share in shares)
