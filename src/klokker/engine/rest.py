"""How does a duty rest, and who ends its rest? On an event; or, where others report to it, on file descriptors too."""

import selectors
import threading
from typing import Protocol

from klokker.executors.bell import Bell


class Rest(Protocol):
    """Where one thread rests. A `wake` during a pass is not lost: it ends the next rest at once."""

    def wait(self, seconds: float) -> bool:
        """Rest for at most so long; whether `wake` ended it (or forwent it)."""

    def wake(self) -> None:
        """End the rest, from any thread or signal handler."""


class EventRest:
    """A rest that ends when somebody says so."""

    def __init__(self) -> None:
        self._woken = threading.Event()

    def wait(self, seconds: float) -> bool:
        woken = self._woken.wait(seconds)
        self._woken.clear()
        return woken

    def wake(self) -> None:
        self._woken.set()


class WatchfulRest:
    """A rest that also ends when one of the watched descriptors becomes readable; while `deaf`, only when somebody says so."""

    def __init__(self) -> None:
        self.deaf = False
        self._closed = False
        # Taken again by the thread that holds it: a signal handler may wake whom it interrupts.
        self._lock = threading.RLock()
        self._bell = Bell()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._bell.fileno(), selectors.EVENT_READ)

    def watch(self, descriptor: int) -> None:
        """End rests when `descriptor` is readable. By the resting thread alone."""
        self._selector.register(descriptor, selectors.EVENT_READ)

    def wait(self, seconds: float) -> bool:
        woken = self._bell.wait(seconds) if self.deaf else self._watch(seconds)
        if woken:
            self._bell.hush()
        return woken

    def wake(self) -> None:
        # After the end its descriptor may be somebody else's.
        with self._lock:
            if not self._closed:
                self._bell.ring()

    def _watch(self, seconds: float) -> bool:
        return any(key.fd == self._bell.fileno() for key, _ in self._selector.select(seconds))

    def close(self) -> None:
        """Give the descriptors back; there is no rest after this, and a wake does nothing."""
        with self._lock:
            self._closed = True
            self._selector.close()
            self._bell.close()
