"""Timeout: how long an attempt may take (docs/policies/timeout.md)."""

from datetime import UTC, datetime, timedelta

import pytest

from klokker.core.errors import InvalidPolicy
from klokker.core.fields import Unfit
from klokker.core.timeout import Timeout

STARTED = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("1h", timedelta(hours=1)),
        ("none", None),
        ("250ms", timedelta(milliseconds=250)),
        ("1d12h", timedelta(hours=36)),
    ],
)
def test_a_timeout_is_read_and_written(text: str, after: timedelta | None) -> None:
    assert Timeout.read(text) == Timeout(after)
    assert str(Timeout(after)) == text
    assert Timeout(after).ends(STARTED) == (None if after is None else STARTED + after)


@pytest.mark.parametrize("value", ["", "soon", 60, None, True])
def test_what_is_no_span_is_refused(value: object) -> None:
    with pytest.raises(Unfit):
        Timeout.read(value)


@pytest.mark.parametrize("after", [timedelta(0), timedelta(seconds=-1), timedelta.max])
def test_nonsense_is_refused(after: timedelta) -> None:
    with pytest.raises(InvalidPolicy, match="after must be positive, at most a thousand years"):
        Timeout(after)
