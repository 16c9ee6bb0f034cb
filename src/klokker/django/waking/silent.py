"""What rings where no other process can be reached? Nothing: a database in memory belongs to one process."""

import threading
from collections.abc import Callable


class NoBell:
    """Heard by nobody."""

    def listen(self, heard: Callable[[], None], stopped: threading.Event) -> None:  # noqa: ARG002 — nobody rings
        stopped.wait()

    def ring(self) -> None:
        """Nobody is there."""

    def interrupt(self) -> None:
        """`stopped` itself ends the waiting."""
