"""How much at once? Batches grow and shrink so that each takes about as long as it may hold its locks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Pace:
    """A batch size that follows the time that batches take: `target` seconds each, between `least` and `most` items."""

    def __init__(self, monotonic: Callable[[], float], *, target: float, size: int, least: int, most: int) -> None:
        self.size = size
        self._monotonic = monotonic
        self._target = target
        self._least = least
        self._most = most

    @contextmanager
    def measured(self) -> Iterator[int]:
        """The size to use for the batch that is done inside; its time settles the size of the next."""
        began = self._monotonic()
        yield self.size
        took = self._monotonic() - began
        if took > self._target:
            self.size = max(self._least, self.size // 2)
        elif took < self._target / 4:
            self.size = min(self._most, self.size * 2)
