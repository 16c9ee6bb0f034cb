"""A lane is set: how many of its runs go at once over all nodes, and whether any start at all."""

from klokker.core.fields import Unfit, printable_name
from klokker.operations.asking import InvalidRequest
from klokker.store.contract import Lane, Store


def preview_lane(store: Store, lane: Lane) -> tuple[Lane | None, Lane]:
    """The lane as it is (None: it has no limit), and as it would be; writes nothing. Raises InvalidRequest."""
    _refuse(lane)
    return next((known for known in store.lanes() if known.name == lane.name), None), lane


def set_lane(store: Store, lane: Lane) -> None:
    """Make or change the lane; it holds from the next claim on. Raises InvalidRequest."""
    _refuse(lane)
    store.set_lane(lane)
    store.wake()


def _refuse(lane: Lane) -> None:
    faults: dict[str, str] = {}
    try:
        printable_name(lane.name)
    except Unfit as unfit:
        faults["name"] = str(unfit)
    if lane.limit is not None and lane.limit < 1:
        faults["limit"] = f"must be at least 1, or none; pause the lane to stop it; got {lane.limit}"
    if faults:
        raise InvalidRequest("lane", faults)
