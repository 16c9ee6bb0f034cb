"""Lease: who holds a run, and until when (docs/concepts/leases.md)."""

from datetime import UTC, datetime, timedelta

import pytest

from klokker.core.errors import InvalidPolicy
from klokker.core.lease import Lease, expired, set_right

NOW = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


def test_a_lease_of_thirty_seconds_is_renewed_each_ten_and_a_child_gives_up_after_twenty() -> None:
    lease = Lease()
    assert lease.until(NOW) == NOW + timedelta(seconds=30)
    assert lease.renew_at(NOW) == NOW + timedelta(seconds=10)
    assert lease.child_gives_up_at(NOW) == NOW + timedelta(seconds=20)


@pytest.mark.parametrize("length", [timedelta(seconds=30), timedelta(seconds=1), timedelta(minutes=10)])
def test_a_lease_of_another_length_keeps_the_order(length: timedelta) -> None:
    lease = Lease.lasting(length)
    assert lease.renew_at(NOW) < lease.child_gives_up_at(NOW) < lease.until(NOW)
    assert Lease.lasting(timedelta(seconds=30)) == Lease()


def test_at_its_last_moment_a_lease_is_still_held() -> None:
    assert not expired(NOW, NOW)
    assert expired(NOW, NOW + timedelta(microseconds=1))


@pytest.mark.parametrize(
    ("length", "renewal", "child_term", "faults"),
    [
        (30, 0, 20, {"renewal"}),
        (30, 14, 20, {"child_term"}),
        (24, 10, 20, {"length"}),
        (10, 20, 30, {"length"}),
        (1, 20, 20, {"child_term", "length"}),
    ],
)
def test_an_order_that_would_rescue_what_still_runs_is_refused(
    length: int, renewal: int, child_term: int, faults: set[str]
) -> None:
    with pytest.raises(InvalidPolicy) as refused:
        Lease(timedelta(seconds=length), timedelta(seconds=renewal), timedelta(seconds=child_term))
    assert set(refused.value.faults) == faults


@pytest.mark.parametrize(
    ("heard", "until", "right"),
    [
        (-10, 20, None),  # as ever
        (60, 90, None),  # clocks may differ by so much
        (3600, 3630, 30),  # the clock was an hour ahead
        (3600, 3640, 40),  # claimed a while after the last heartbeat
        (3600, 30, None),  # set right already
    ],
)
def test_a_lease_of_a_time_that_has_not_come_has_as_long_from_now_as_it_had_then(
    heard: int, until: int, right: int | None
) -> None:
    second = timedelta(seconds=1)
    expected = None if right is None else NOW + right * second
    assert set_right(NOW + until * second, NOW + heard * second, NOW) == expected
