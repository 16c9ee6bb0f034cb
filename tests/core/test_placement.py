"""Placement: which nodes may run a schedule (docs/policies/placement.md)."""

import pytest

from klokker.core.errors import InvalidPolicy
from klokker.core.fields import Unfit
from klokker.core.placement import Placement, PlacementKind, may_run

NAMED = Placement(PlacementKind.NAMED, ("north", "south"))


@pytest.mark.parametrize(
    ("written", "placement"),
    [("any", Placement()), ("each", Placement(PlacementKind.EACH)), (["north", "south"], NAMED)],
)
def test_a_placement_is_read_and_written(written: object, placement: Placement) -> None:
    assert Placement.read(written) == placement
    assert placement.written() == written


@pytest.mark.parametrize(
    ("placement", "timers"),
    [(Placement(), ("",)), (Placement(PlacementKind.EACH), ("east", "north")), (NAMED, ("north", "south"))],
)
def test_each_node_that_is_to_run_has_a_timer(placement: Placement, timers: tuple[str, ...]) -> None:
    assert placement.timers(["north", "east"]) == timers


@pytest.mark.parametrize(
    ("written", "hint"),
    [("north", 'for one node write \\["north"\\]'), (None, "a list"), (3, "a list"), ([1], "names of nodes")],
)
def test_what_is_no_placement_is_refused(written: object, hint: str) -> None:
    with pytest.raises(Unfit, match=hint):
        Placement.read(written)


@pytest.mark.parametrize(
    ("kind", "nodes", "fault"),
    [
        (PlacementKind.NAMED, (), "must name at least one node"),
        (PlacementKind.ANY, ("north",), "go with named placement only"),
        (PlacementKind.NAMED, ("north", ""), "must be names without blanks around"),
        (PlacementKind.NAMED, ("north", "north"), "must each be named once"),
    ],
)
def test_nonsense_is_refused(kind: PlacementKind, nodes: tuple[str, ...], fault: str) -> None:
    with pytest.raises(InvalidPolicy, match=fault):
        Placement(kind, nodes)


@pytest.mark.parametrize(
    ("run_node", "node", "may"), [("", "north", True), ("north", "north", True), ("south", "north", False)]
)
def test_a_node_runs_its_own_and_what_any_node_may_run(run_node: str, node: str, may: bool) -> None:
    assert may_run(run_node, node) is may
