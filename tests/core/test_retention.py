"""Retention: which finished runs and dismissals may go (docs/policies/retention.md)."""

from datetime import UTC, datetime, timedelta

import pytest

from klokker.core.errors import InvalidPolicy
from klokker.core.fields import Unfit
from klokker.core.lifecycle import Outcome, RunKind
from klokker.core.retention import Retention

FINISHED = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("outcome", "stays"),
    [
        (Outcome.SUCCEEDED, timedelta(hours=24)),
        (Outcome.CANCELLED, timedelta(hours=24)),
        (Outcome.FAILED, timedelta(days=30)),
        (Outcome.TIMED_OUT, timedelta(days=30)),
        (Outcome.LOST, timedelta(days=30)),
        (Outcome.EXPIRED, timedelta(days=30)),
    ],
)
def test_failures_stay_longer(outcome: Outcome, stays: timedelta) -> None:
    assert Retention().prune_after(outcome, FINISHED) == FINISHED + stays


def test_dismissals_stay_thirty_days() -> None:
    assert Retention().dismissal_prune_after(FINISHED) == FINISHED + timedelta(days=30)


@pytest.mark.parametrize(
    ("last", "kind", "retired", "protected"),
    [
        (10, RunKind.SCHEDULED, False, True),
        (10, RunKind.MANUAL, False, True),
        (10, RunKind.BACKFILL, False, True),
        (10, RunKind.DRY, False, False),
        (10, RunKind.SCHEDULED, True, False),
        (0, RunKind.SCHEDULED, False, False),
    ],
)
def test_the_last_runs_are_protected_while_the_schedule_is_not_retired(
    last: int, kind: RunKind, retired: bool, protected: bool
) -> None:
    assert Retention(last=last).protects(kind, retired=retired) is protected


@pytest.mark.parametrize(
    ("written", "retention"),
    [
        ("7d", Retention(keep=timedelta(days=7))),
        ({}, Retention()),
        ({"last": 0, "keep": "0s"}, Retention(timedelta(0), 0)),
        ({"failures": "90d", "dismissals": "1d"}, Retention(failures=timedelta(days=90), dismissals=timedelta(days=1))),
    ],
)
def test_a_retention_is_read_and_written(written: object, retention: Retention) -> None:
    assert Retention.read(written) == retention
    assert Retention.read(retention.written()) == retention


@pytest.mark.parametrize(
    ("written", "faults"),
    [
        ({"lst": 3, "keep": "long"}, {"lst", "keep"}),
        ({"last": -1, "failures": "1d"}, {"last"}),
    ],
)
def test_faults_are_named_all_at_once(written: object, faults: set[str]) -> None:
    with pytest.raises(InvalidPolicy) as refused:
        Retention.read(written)
    assert set(refused.value.faults) == faults


def test_what_is_no_retention_is_refused() -> None:
    with pytest.raises(Unfit, match="must be a span or a table"):
        Retention.read(7)
