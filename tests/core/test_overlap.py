"""Overlap: what becomes of an occurrence while an earlier run is unfinished (docs/policies/overlap.md)."""

import pytest

from klokker.core.fields import Unfit
from klokker.core.overlap import Newcomer, Overlap, meet

RUNS, DISMISSED, REPLACES = Newcomer.RUNS, Newcomer.DISMISSED, Newcomer.REPLACES


@pytest.mark.parametrize(
    ("overlap", "meets_none", "meets_a_begun_one", "meets_a_waiting_one", "meets_both"),
    [
        (Overlap.SKIP, RUNS, DISMISSED, DISMISSED, DISMISSED),
        (Overlap.QUEUE_ONE, RUNS, RUNS, DISMISSED, DISMISSED),
        (Overlap.QUEUE_ALL, RUNS, RUNS, RUNS, RUNS),
        (Overlap.REPLACE, RUNS, REPLACES, REPLACES, REPLACES),
        (Overlap.ALLOW, RUNS, RUNS, RUNS, RUNS),
    ],
)
def test_a_newcomer_meets_unfinished_runs(
    overlap: Overlap,
    meets_none: Newcomer,
    meets_a_begun_one: Newcomer,
    meets_a_waiting_one: Newcomer,
    meets_both: Newcomer,
) -> None:
    assert meet(overlap, begun=0, unbegun=0) is meets_none
    assert meet(overlap, begun=1, unbegun=0) is meets_a_begun_one
    assert meet(overlap, begun=0, unbegun=1) is meets_a_waiting_one
    assert meet(overlap, begun=1, unbegun=1) is meets_both


@pytest.mark.parametrize("overlap", Overlap)
def test_an_overlap_is_read_as_it_is_written(overlap: Overlap) -> None:
    assert Overlap.read(f" {overlap.value.upper()} ") is overlap


@pytest.mark.parametrize("value", ["queue", "", None, 1, True])
def test_what_is_no_overlap_is_refused_with_the_choices(value: object) -> None:
    with pytest.raises(Unfit, match="must be skip, queue one, queue all, replace or allow"):
        Overlap.read(value)


def test_only_allow_needs_no_turn() -> None:
    assert [overlap for overlap in Overlap if not overlap.takes_turn] == [Overlap.ALLOW]
