"""A look inside the memory store, for the conformance suite and for simulations."""

from collections.abc import Sequence
from datetime import UTC, datetime

from klokker.store.memory.store import MemoryStore
from klokker.store.seen import SeenRun


class MemoryBench:
    """The bench of a memory store. All threads share the store itself: its lock is its connection."""

    def __init__(self) -> None:
        # A clock far from the moments of the tests: a verb that asks it instead of using what it is handed shows.
        self.store = MemoryStore(clock=lambda: datetime(2026, 8, 1, tzinfo=UTC))

    def another(self) -> MemoryStore:
        return self.store

    def nesting(self) -> MemoryStore:
        return self.store

    def close_thread(self) -> None:
        """Nothing is open."""

    def run(self, run: int) -> SeenRun:
        return self.store.seen_run(run)

    def runs(self, schedule: int | None) -> Sequence[SeenRun]:
        return self.store.seen_runs(schedule)

    def poison(self, schedule: int) -> bool:  # noqa: ARG002 — values in memory are what they were when they were made
        return False

    def refuse_end(self, run: int) -> bool:  # noqa: ARG002 — there is nothing that could refuse
        return False
