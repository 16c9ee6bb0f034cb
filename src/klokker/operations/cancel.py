"""Cancel: a person asks runs to stop. What is not under way ends at once; what is under way is asked."""

from collections.abc import Collection, Mapping

from klokker.core.lifecycle import RunState
from klokker.operations.asking import Asked
from klokker.store.contract import Store
from klokker.store.errors import NoSuchRun
from klokker.store.seen import SeenRun


def preview_cancel(store: Store, runs: Collection[int]) -> Mapping[int, SeenRun]:
    """The runs that would be asked, as they stand; writes nothing. Raises NoSuchRun."""
    return {run: _found(store, run) for run in runs}


def cancel(store: Store, runs: Collection[int], asked: Asked) -> Mapping[int, RunState]:
    """Ask them to cancel; the state that each was in: done ones are left as they ended. Raises NoSuchRun, and asks none then."""
    for run in runs:
        _found(store, run)
    states = store.ask_cancel(runs, asked.now, asked.by)
    # The turn of what ended at once may be another's now.
    store.release(asked.now)
    store.wake()
    return states


def _found(store: Store, run: int) -> SeenRun:
    seen = store.run(run)
    if seen is None:
        raise NoSuchRun(run)
    return seen
