"""May this process decide and claim at the moment, and if not, why?

One gate a process. Whoever finds a reason closes it and opens it again for the same reason; it is open when no reason
is left. Duties that decide or claim rest while it is closed; what runs goes on, is renewed, and is finished.
"""

import threading
from collections.abc import Callable


class Gate:
    """Open, or closed for one or more reasons. Safe from several threads; `on_open` is told when the last reason goes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reasons: tuple[str, ...] = ()
        self.on_open: Callable[[], None] = lambda: None

    def reasons(self) -> tuple[str, ...]:
        """Why it is closed, oldest reason first; empty when it is open."""
        return self._reasons

    def is_open(self) -> bool:
        """Is there no reason to rest?"""
        return not self._reasons

    def close(self, reason: str) -> bool:
        """Close it for `reason`; whether that reason is new."""
        with self._lock:
            if reason in self._reasons:
                return False
            self._reasons = (*self._reasons, reason)
            return True

    def open(self, reason: str) -> bool:
        """Take `reason` away; whether it was there."""
        with self._lock:
            if reason not in self._reasons:
                return False
            self._reasons = tuple(other for other in self._reasons if other != reason)
            last = not self._reasons
        if last:
            self.on_open()
        return True
