"""The pytest plugin: it comes with Klokker, and costs nothing until a test asks for one of its fixtures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from klokker.testing import ManualClock, World


@pytest.fixture
def klokker_world() -> Iterator[Callable[..., World]]:
    """Makes worlds: `klokker_world(start=…, tick_every=…, …)` takes what `World` takes. They are closed after the test."""
    from klokker.testing import World

    with ExitStack() as worlds:

        def make(**wishes: object) -> World:
            return worlds.enter_context(World(**wishes))  # type: ignore[arg-type] # what World takes, it says itself

        yield make


@pytest.fixture
def klokker_clock() -> ManualClock:
    """A clock that stands until it is moved, on a Monday at noon."""
    from klokker.testing import ManualClock

    return ManualClock()
