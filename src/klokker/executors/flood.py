"""What if a task logs without end? The first lines pass, then a steady trickle, and always the latest.

A flood must not cost its neighbours: every line is read by the one worker that serves all runs. What is left out is
said where it stood.
"""

import logging
from collections import deque
from collections.abc import Callable

from klokker.executors.contract import LogLine

BURST = 128 * 1024
"""Bytes that pass at once."""

TRICKLE = 16 * 1024
"""Bytes a second that pass in the long run."""

TAIL = 16 * 1024
"""Bytes of the latest lines that are kept while nothing passes; of a longer line, that one alone."""

LINE = 64
"""What a line costs beside its text, so that empty ones are no way around."""


class FloodGate:
    """Lets lines through to `pass_on` while there is room, and holds back the latest otherwise."""

    def __init__(self, monotonic: Callable[[], float], pass_on: Callable[[tuple[LogLine, ...]], None]) -> None:
        self._monotonic = monotonic
        self._pass_on = pass_on
        self._room = float(BURST)
        self._looked = monotonic()
        self._held: deque[LogLine] = deque()
        self._held_cost = 0
        self._dropped = 0

    def log(self, line: LogLine) -> None:
        """Pass the line on, or hold it until there is room or the run ends."""
        now = self._monotonic()
        self._room = min(BURST, self._room + (now - self._looked) * TRICKLE)
        self._looked = now
        self._held.append(line)
        self._held_cost += _cost(line)
        if self._held_cost <= self._room:
            self.flush()
        while self._held_cost > TAIL and len(self._held) > 1:
            self._held_cost -= _cost(self._held.popleft())
            self._dropped += 1

    def flush(self) -> None:
        """Pass on what is held, room or not, with a note of what is missing before it."""
        if not self._held:
            return
        lines = tuple(self._held)
        if self._dropped:
            note = f"… {self._dropped:,} lines left out: the task logs faster than can be kept …"
            lines = (LogLine(lines[0].at, logging.WARNING, note), *lines)
        self._room -= self._held_cost
        self._held.clear()
        self._held_cost = self._dropped = 0
        self._pass_on(lines)


def _cost(line: LogLine) -> int:
    # Characters, not bytes: near enough, and free.
    return LINE + len(line.message)
