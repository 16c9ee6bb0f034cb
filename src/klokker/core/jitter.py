"""Spread: how long after its nominal time a run is planned.

The spread is drawn from the schedule's name and the node, not from a random source: every process computes the same
moment, and a schedule keeps its distance from one run to the next, so that jitter never makes its own runs overlap.
"""

from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from hashlib import blake2b

from klokker.core.duration import duration_text
from klokker.core.errors import InvalidPolicy
from klokker.core.fields import LONGEST, length


@dataclass(frozen=True, slots=True)
class Jitter:
    """Runs are planned up to `span` after their nominal time. As text: "none", "5m"."""

    span: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        InvalidPolicy.collect(
            self, (timedelta(0) <= self.span <= LONGEST, "span", "must be from zero to a thousand years")
        )

    @classmethod
    def read(cls, value: object) -> "Jitter":
        """Read the text of a jitter. Raises Unfit, InvalidPolicy."""
        return cls() if value == "none" else cls(length(value))

    def __str__(self) -> str:
        return duration_text(self.span) if self.span else "none"

    def delay(self, name: str, node: str) -> timedelta:
        """How long after their nominal time the runs of this schedule are planned on this node, in whole seconds."""
        if not self.span:
            return timedelta(0)
        return timedelta(seconds=int(self.span.total_seconds() * fraction(f"{name.casefold()}\n{node}", 0)))


@lru_cache(maxsize=65_536)
def fraction(key: str, turn: int) -> float:
    """A share from 0 up to, but without, 1: the same wherever it is computed, spread evenly over keys and turns."""
    digest = blake2b(f"{turn}\n{key}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
