"""How is a thread woken that waits on descriptors? By a bell that anyone may ring: another thread, a signal handler."""

import os
import select
from contextlib import suppress


class Bell:
    """A descriptor that is readable from the first ring until `hush`. Ringing never blocks."""

    def __init__(self) -> None:
        self._heard, self._rung = os.pipe()
        os.set_blocking(self._heard, False)
        os.set_blocking(self._rung, False)

    def fileno(self) -> int:
        """Readable while the bell rings."""
        return self._heard

    def ring(self) -> None:
        """Wake whoever waits; ringing again before `hush` adds nothing."""
        with suppress(BlockingIOError):  # the pipe is full of rings already
            os.write(self._rung, b"!")

    def hush(self) -> None:
        """Forget the rings so far."""
        with suppress(BlockingIOError):
            while len(os.read(self._heard, 4096)) == 4096:
                pass

    def wait(self, seconds: float) -> bool:
        """Block until it rings, or `seconds` have passed; did it ring?"""
        waiter = select.poll()
        waiter.register(self._heard, select.POLLIN)
        return bool(waiter.poll(max(seconds, 0) * 1000))

    def close(self) -> None:
        """Let go of the descriptors; once is enough."""
        for descriptor in (self._heard, self._rung):
            if descriptor >= 0:
                os.close(descriptor)
        self._heard = self._rung = -1
