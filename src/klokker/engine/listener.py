"""Did another process say that there is something to do? The duty that waits at the store for wake-ups.

A wake-up is a hint: what it was for is found by looking, and who misses it looks when the poll is over.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from klokker.store.contract import Store

WAIT = 1.0
"""Seconds at the store at a time, so that a stop is heard."""


@dataclass(frozen=True, slots=True)
class Listened:
    """Whether it was woken. It goes back to the store at once."""

    woken: bool
    again_at: datetime


class Listener:
    """Calls `wake` when the store rings."""

    name = "listener"
    decides = False
    longest_rest = timedelta(seconds=1)

    def __init__(self, store: Store, wake: Callable[[], object]) -> None:
        self._store = store
        self._wake = wake

    def run_once(self, now: datetime) -> Listened:
        """Wait once."""
        woken = self._store.wait(WAIT)
        if woken:
            self._wake()
        return Listened(woken, now)
