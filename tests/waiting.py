"""How does a test wait for what another thread or process does? On a condition, with a deadline.

It never sleeps for as long as something "should take". Where the other side offers an event, wait on that
instead; this is for what only shows: a row, a file, a line of output.
"""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

Seen = TypeVar("Seen")


class StillWaiting(AssertionError):
    """What was waited for did not come within its deadline."""

    def __init__(self, what: str, within: float, last: object) -> None:
        super().__init__(f"{what} did not come within {within:g} s; last seen: {last!r}")


def until(look: Callable[[], Seen], what: str, *, within: float = 60.0, every: float = 0.02) -> Seen:
    """What `look` saw the first time that it was true; asked each `every` seconds, for at most `within` seconds.

    Raises StillWaiting, which says `what` was awaited and what was seen last. An exception of `look` is not caught.
    """
    pause = threading.Event()
    deadline = time.monotonic() + within
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() >= deadline:
            raise StillWaiting(what, within, seen)
        pause.wait(every)
