"""How much of a run's log is kept? The first lines and the last, and how many lines between them were left out.

The head says how the work began, the tail how it ended; a loop that logs each row must not fill the database.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from klokker.core.text import head_and_tail

HEAD = 16 * 1024
"""Characters kept of the beginning."""

TAIL = 48 * 1024
"""Characters kept of the end."""

LINE = 4 * 1024
"""Bytes kept of one entry; a longer one keeps its own head and tail."""


@dataclass(frozen=True, slots=True)
class RunLog:
    """A run's log as stored: `head` and `tail` are lines that each end in a line break, `left_out` counts those between."""

    head: str = ""
    tail: str = ""
    left_out: int = 0

    def plus(self, entries: Sequence[str]) -> "RunLog":
        """This log with further entries (of one line or several) at its end."""
        if not entries:
            return self
        head, tail = self.head, self.tail
        for entry in entries:
            lines = head_and_tail(entry, LINE).rstrip("\n") + "\n"
            if not tail and len(head) + len(lines) <= HEAD:
                head += lines
            else:
                tail += lines
        if len(tail) <= TAIL:
            return RunLog(head, tail, self.left_out)
        # Cut at a line's end: the first line break at or after the place where the tail would be short enough.
        cut = tail.index("\n", len(tail) - TAIL - 1) + 1
        return RunLog(head, tail[cut:], self.left_out + tail.count("\n", 0, cut))

    def lines(self) -> list[str]:
        """The kept lines in order, with one that says how many are missing where some are."""
        gap = [f"… {self.left_out:,} lines left out …"] if self.left_out else []
        return [*self.head.splitlines(), *gap, *self.tail.splitlines()]
