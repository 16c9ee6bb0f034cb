"""For your own tests: a clock that you move, and a world of schedules that lives by it.

Names are fetched when they are asked for: pytest loads the plugin beside them in every run, of any project.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from klokker.core.lifecycle import Outcome as Outcome
    from klokker.simulation.clock import ManualClock as ManualClock
    from klokker.simulation.playing import Part as Part
    from klokker.simulation.world import World as World

_HOMES = {
    "ManualClock": "klokker.simulation.clock",
    "Outcome": "klokker.core.lifecycle",
    "Part": "klokker.simulation.playing",
    "World": "klokker.simulation.world",
}

__all__ = ["ManualClock", "Outcome", "Part", "World"]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
