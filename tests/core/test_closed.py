"""Closed: what becomes of what falls due within a closing (docs/policies/closed.md)."""

import pytest

from klokker.core.closed import Closed, WhenClosed
from klokker.core.fields import Unfit


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        ("skip during nl-holidays", Closed("nl-holidays", WhenClosed.SKIP)),
        ("wait in maintenance", Closed("maintenance", WhenClosed.WAIT)),
        ("Run  Anyway during calendar Nights", Closed("Nights", WhenClosed.RUN_ANYWAY)),
    ],
)
def test_a_policy_is_read_from_words(text: str, closed: Closed) -> None:
    assert Closed.read(text) == closed
    assert Closed.read(str(closed)) == closed


@pytest.mark.parametrize(
    "value", ["", "skip", "skip nights", "sleep during nights", "wait during", "wait during a b", 3, None]
)
def test_what_is_no_policy_is_refused_with_what_would_be(value: object) -> None:
    with pytest.raises(Unfit, match="wait during maintenance"):
        Closed.read(value)
