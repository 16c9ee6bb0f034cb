"""Retry: when a failed run is tried again (docs/policies/retry.md)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klokker.core.duration import duration
from klokker.core.errors import InvalidPolicy
from klokker.core.fields import Unfit
from klokker.core.retry import Retry

ENDED = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
quick = settings(derandomize=True, deadline=None, max_examples=150)


def again(retry: Retry, failed: int, key: str = "run 1") -> datetime | None:
    return retry.again_at(failed=failed, first_started=ENDED, ended=ENDED, key=key)


@pytest.mark.parametrize(("failed", "wait"), [(1, "30s"), (2, "60s"), (3, "120s"), (9, "1h"), (5000, "1h")])
def test_waits_double_until_the_cap(failed: int, wait: str) -> None:
    assert again(Retry(attempts=10_000, jitter=0), failed) == ENDED + duration(wait)


@pytest.mark.parametrize(("attempts", "failed", "more"), [(1, 1, False), (3, 2, True), (3, 3, False), (3, 4, False)])
def test_no_attempt_follows_the_last(attempts: int, failed: int, more: bool) -> None:
    assert (again(Retry(attempts=attempts), failed) is not None) == more


retries = st.builds(
    Retry,
    attempts=st.integers(0, 50),
    first=st.integers(1, 3600).map(lambda seconds: timedelta(seconds=seconds)),
    factor=st.floats(1, 100),
    cap=st.integers(3_600_000, 10**11).map(lambda milliseconds: timedelta(milliseconds=milliseconds)),
    jitter=st.floats(0, 1),
)


@quick
@given(retries, st.integers(1, 100_000), st.text())
def test_jitter_shortens_a_wait_and_never_passes_the_cap(retry: Retry, failed: int, key: str) -> None:
    at = again(retry, failed, key)
    assert at is None or ENDED <= at <= ENDED + retry.cap
    assert at == again(retry, failed, key), "every process computes the same moment"


@quick
@given(retries)
def test_a_retry_is_read_as_it_is_written(retry: Retry) -> None:
    assert Retry.read(retry.written()) == retry


def test_runs_of_one_schedule_are_spread_by_their_own_identity() -> None:
    assert len({again(Retry(attempts=2), 1, f"run {run}") for run in range(50)}) == 50


@pytest.mark.parametrize(
    ("written", "retry"),
    [
        ("none", Retry()),
        ("until success", Retry.until_success()),
        ({"attempts": 5}, Retry(5)),
        ({"attempts": 5, "first": "2h"}, Retry(5, first=timedelta(hours=2), cap=timedelta(hours=2))),
        (
            {"attempts": 3, "first": "10s", "factor": 3, "cap": "1m", "jitter": 0},
            Retry(3, timedelta(seconds=10), 3.0, timedelta(minutes=1), 0.0),
        ),
        ({"until_success": True}, Retry.until_success()),
        ({"until_success": True, "wait": "next tick"}, Retry.until_success()),
        ({"until_success": True, "wait": "5m"}, Retry.until_success(timedelta(minutes=5))),
        (
            {"until_success": True, "wait": "1m", "until": "6h"},
            Retry.until_success(timedelta(minutes=1), timedelta(hours=6)),
        ),
        (
            {"until_success": True, "wait": "10s", "factor": 2},
            Retry(0, timedelta(seconds=10), 2.0, timedelta(hours=1), 0.0),
        ),
    ],
)
def test_what_may_be_written(written: object, retry: Retry) -> None:
    assert Retry.read(written) == retry
    assert Retry.read(retry.written()) == retry


@pytest.mark.parametrize(
    ("written", "faults"),
    [
        ({"attempts": 0}, {"attempts": "must be at least 1; for no limit write until_success = true"}),
        ({"first": "30s"}, {"attempts": "is missing"}),
        ({"attempts": True}, {"attempts": "must be a whole number, got True"}),
        ({"attempts": 3, "frist": "1m"}, {"frist": "is unknown; did you mean first?"}),
        (
            {"attempts": 3, "jitter": 2, "factor": 0.5},
            {
                "jitter": "is a share, from 0 to 1, got 2.0",
                "factor": "must be from 1, or waits would shrink, to 100, got 0.5",
            },
        ),
        ({"attempts": 3, "first": "0s"}, {"first": "must be positive, at most a thousand years, got 0:00:00"}),
        ({"until_success": False}, {"until_success": "must be true, or left out"}),
        ({"until_success": True, "wait": "0s"}, {"wait": "must be positive, got 0:00:00"}),
        (
            {"until_success": True, "attempts": 3},
            {"attempts": "is unknown; known are cap, factor, jitter, until, until_success, wait"},
        ),
    ],
)
def test_faults_are_named_all_at_once(written: object, faults: dict[str, str]) -> None:
    with pytest.raises(InvalidPolicy) as refused:
        Retry.read(written)
    assert refused.value.faults == faults


@pytest.mark.parametrize("written", ["never", "", 3, None, ["none"]])
def test_what_is_no_retry_is_refused_with_the_choices(written: object) -> None:
    with pytest.raises(Unfit, match="must be none, until success or a table"):
        Retry.read(written)


def test_nonsense_is_refused_whoever_makes_it() -> None:
    with pytest.raises(InvalidPolicy) as refused:
        Retry(attempts=-1, factor=float("nan"), jitter=float("inf"), cap=timedelta(seconds=1), next_tick=True)
    assert set(refused.value.faults) == {"attempts", "factor", "jitter", "cap", "next_tick"}


def test_until_success_ends_only_with_its_limit() -> None:
    retry = Retry.until_success(timedelta(minutes=1), until=timedelta(hours=6))
    assert again(retry, 100_000) == ENDED + timedelta(minutes=1)
    late = ENDED + timedelta(hours=6)
    assert retry.again_at(failed=9, first_started=ENDED, ended=late - timedelta(minutes=1), key="k") == late
    assert retry.again_at(failed=9, first_started=ENDED, ended=late - timedelta(seconds=59), key="k") is None
