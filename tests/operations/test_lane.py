"""Lanes: a limit over all nodes, or a pause, from the next claim on."""

import pytest

from klokker.operations.asking import InvalidRequest
from klokker.operations.lane import preview_lane, set_lane
from klokker.store.contract import Lane
from tests.operations.desk import Desk


def test_a_lane_is_shown_as_it_is_and_as_it_would_be() -> None:
    desk = Desk()
    wish = Lane("heavy", limit=2)
    assert preview_lane(desk.store, wish) == (None, wish)
    assert list(desk.store.lanes()) == []
    set_lane(desk.store, wish)
    assert preview_lane(desk.store, Lane("heavy", paused=True)) == (wish, Lane("heavy", paused=True))
    assert list(desk.store.lanes()) == [wish]


@pytest.mark.parametrize(
    ("lane", "faults"),
    [(Lane("", limit=0), {"name", "limit"}), (Lane("a", limit=-1), {"limit"}), (Lane(" a "), {"name"})],
)
def test_what_cannot_be_is_refused_by_field(lane: Lane, faults: set[str]) -> None:
    desk = Desk()
    for attempt in (preview_lane, set_lane):
        with pytest.raises(InvalidRequest) as refused:
            attempt(desk.store, lane)
        assert refused.value.faults.keys() == faults
    assert list(desk.store.lanes()) == []
