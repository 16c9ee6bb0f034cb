"""Which known name was probably meant."""

import pytest

from klokker.core.spelling import did_you_mean


@pytest.mark.parametrize(
    ("given", "known", "said"),
    [
        ("dasy", ["days", "state"], "; did you mean days?"),
        ("DAYS", ["days"], "; did you mean days?"),
        ("sweep", ["sweep_a", "sweep_b", "x"], "; did you mean sweep_b or sweep_a?"),
        ("colour", ["days"], ""),
        ("x", [], ""),
    ],
)
def test_near_names_are_offered_and_far_ones_are_not(given: str, known: list[str], said: str) -> None:
    assert did_you_mean(given, known) == said
