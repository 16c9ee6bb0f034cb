"""How does a thread wait until another one, or another process, has something for it?"""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol


class Deaf(Exception):
    """The bell cannot be heard here just now; waiting goes on without it. Never leaves this package."""


class Bell(Protocol):
    """What is heard by every process of one database."""

    def listen(self, heard: Callable[[], None], stopped: threading.Event) -> None:
        """Call `heard` whenever another process rings, until `stopped`. Raises Deaf when nothing can be heard (any more).

        It is called once to begin with: whoever rang before was not heard.
        """

    def ring(self) -> None:
        """Ring for all other processes that can be reached. Raises nothing but what the database says."""

    def interrupt(self) -> None:
        """Make `listen` look whether it was stopped."""


LISTEN_AGAIN = 15.0
"""Seconds until a deaf listener tries anew."""


class Waiting:
    """The waiters of one store. Safe from several threads.

    Listening begins with the first wait, in a thread of its own that ends with `close`, or with the process.
    """

    def __init__(self, bell: Bell) -> None:
        self._bell = bell
        self._condition = threading.Condition()
        self._rung = 0
        self._heard = threading.local()
        self._listener: threading.Thread | None = None
        self._stopped = threading.Event()

    def wait(self, timeout: float) -> bool:
        """Was there a ring since this thread waited last, or is there one within so many seconds?"""
        with self._condition:
            self._listen()
            before: int = getattr(self._heard, "rung", self._rung)
            woken = self._condition.wait_for(lambda: self._rung != before, timeout)
            self._heard.rung = self._rung
            return woken

    def ring(self) -> None:
        """Wake all waiters: of this store, and of the other processes."""
        self.ring_here()
        self._bell.ring()

    def ring_here(self) -> None:
        """Wake the waiters of this store."""
        with self._condition:
            self._rung += 1
            self._condition.notify_all()

    def close(self) -> None:
        """Listen no more."""
        self._stopped.set()
        with self._condition:
            listener = self._listener
        if listener is not None:
            self._bell.interrupt()
            listener.join(timeout=5)

    def _listen(self) -> None:
        if self._listener is None and not self._stopped.is_set():
            self._listener = threading.Thread(target=self._listen_on, name="klokker-bell", daemon=True)
            self._listener.start()

    def _listen_on(self) -> None:
        while not self._stopped.is_set():
            # Deaf means that the poll remains, which is always there; so nobody needs to be told.
            with suppress(Deaf):
                self._bell.listen(self.ring_here, self._stopped)
            self._stopped.wait(LISTEN_AGAIN)
