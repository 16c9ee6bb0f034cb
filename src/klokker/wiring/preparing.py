"""What must a process have to run tasks? The tasks it found, the store to ask, the clock; ready for any executor."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from klokker.core.json_values import Json
from klokker.engine.clock import MACHINE
from klokker.executors.contract import Prepared
from klokker.tasks.context import RunContext
from klokker.tasks.registry import Registry

if TYPE_CHECKING:
    from klokker.store.contract import Store


def prepared(store: "Store", registry: Registry, tidy: Callable[[], None] = lambda: None) -> Prepared:
    """What an executor needs to run the tasks of `registry`. `tidy` is called before and after each attempt, in its thread."""

    def call(task: str, run: RunContext, args: Sequence[Json], kwargs: Mapping[str, Json]) -> object:
        return registry.find(task).bind(args, kwargs)(run)

    def still_mine(run: int, token: int) -> bool:
        return store.progress(run, token, None, None)

    return Prepared(call, still_mine, MACHINE.monotonic, tidy)
