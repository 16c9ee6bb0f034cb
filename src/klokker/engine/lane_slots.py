"""How much room has this process in a lane, and who runs what is claimed there?

Each lane has slots of its own here, and executors of its own for them, so that what waits inside an executor never
begins in another lane's slots. Of repeatable tasks more is claimed than there are slots, as much as lately ended in a
moment: quick runs come in hundreds, slow ones one by one.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence

from klokker.core.errors import KlokkerError
from klokker.engine.holding import Holding
from klokker.executors.contract import Executor

CLAIMED_FOR = 0.2
"""Claimed ahead is what lately ended in so many seconds,"""

HANDED_FOR = 0.05
"""and handed to the executor to wait there, what ended in so many,"""

MOST_AHEAD = 1000
"""but never more than this."""


class NoSuchExecutor(KlokkerError):
    """A run asks for an executor that this process does not have. `executor`, and `known`, the names of those it has."""

    def __init__(self, executor: str, known: Collection[str]) -> None:
        self.executor, self.known = executor, tuple(known)
        super().__init__(
            f"There is no executor {executor!r} here: the executor of a task or schedule is one of {', '.join(known)}."
        )


Hire = Callable[[str, int], Executor]
"""Makes an executor by name, with so many slots. Raises NoSuchExecutor."""


class LaneSlots:
    """One lane as this process works it: `size` slots, executors by name, and what is claimed.

    `begun`: claims that count as started and are not handed over yet, in their order; `stock`: those claimed ahead;
    `handed`: those with an executor, or over and not yet written, with the executor's name; `singles`: how many of
    these are not repeatable; `moved_at`: when the last one came or went, by the monotonic clock.
    """

    def __init__(self, name: str, size: int, hire: Hire) -> None:
        self.name = name
        self.size = size
        self.begun: deque[Holding] = deque()
        self.stock: deque[Holding] = deque()
        self.handed: dict[int, str] = {}
        self.singles = 0
        self.moved_at = 0.0
        self._hire = hire
        self._executors: dict[str, Executor] = {}
        self._rate = 0.0
        self._ended = 0
        self._measured_at = 0.0

    def executor(self, name: str) -> Executor:
        """The executor of this name, hired when it is first needed. Raises NoSuchExecutor."""
        found = self._executors.get(name)
        if found is None:
            found = self._executors[name] = self._hire(name, self.size)
        return found

    @property
    def executors(self) -> Collection[Executor]:
        """Those hired so far."""
        return self._executors.values()

    # ── room ────────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def waiting(self) -> int:
        """How many of those handed over wait inside an executor for a slot."""
        return max(0, len(self.handed) - self.size)

    def free(self) -> int:
        """How many claims would begin at once: slots without a run whose end is still to be accepted, and ready."""
        free = self.size - len(self.handed)
        if self._executors:
            free = min(free, sum(executor.free() for executor in self._executors.values()))
        return max(0, free - len(self.begun))

    def lasts(self, seconds: float) -> bool:
        """Is enough handed over for so long, none of which asks for a look at its end before?"""
        return not self.singles and (not self.handed or self.waiting > self._rate * seconds)

    def wanted_ahead(self) -> int:
        """How many more to claim ahead."""
        return max(0, min(MOST_AHEAD, int(self._rate * CLAIMED_FOR)) - len(self.stock))

    def room(self, executor: str) -> int:
        """How many of `begun` fit into this executor now."""
        return self.executor(executor).free()

    def room_ahead(self, executor: str) -> int:
        """How many of the stock fit into this executor now, those that will wait there included."""
        hired = self.executor(executor)
        free = max(0, min(self.size - len(self.handed) - len(self.begun), hired.free()))
        # Whatever waits inside an executor begins in any of its slots; so it may only wait there when all slots of the
        # lane are that executor's.
        if self.begun or any(other != executor for other in self.handed.values()):
            return free
        return free + max(0, min(hired.ahead(), int(self._rate * HANDED_FOR) - self.waiting))

    def fitting(
        self, queue: Iterable[Holding], room: Callable[[str], int]
    ) -> Collection[tuple[str, Sequence[Holding]]]:
        """The first of `queue` for which there is room, by executor."""
        rooms: dict[str, int] = {}
        fits: dict[str, list[Holding]] = {}
        for holding in queue:
            name = holding.claim.attempt.terms.executor
            if name not in rooms:
                rooms[name] = room(name)
                if rooms[name] > 0:
                    fits[name] = []
            if rooms[name] > 0:
                rooms[name] -= 1
                fits[name].append(holding)
            elif len(self._executors) == 1:
                break
        return fits.items()

    # ── coming and going ────────────────────────────────────────────────────────────────────────────────────────────

    def start(self, executor: str, holdings: Sequence[Holding], moment: float) -> None:
        """Hand these over. Raises what the executor raises; they stay in their queue then."""
        self.executor(executor).start([holding.assignment() for holding in holdings])
        if not self.handed:
            self._measured_at, self._ended = moment, 0
        self.moved_at = moment
        for holding in holdings:
            self.handed[holding.run] = executor
            self.singles += not holding.claim.attempt.terms.repeatable
        self._unqueue({holding.run for holding in holdings})

    def unqueue(self, holding: Holding) -> None:
        """It will not be handed over."""
        self._unqueue({holding.run})

    def release(self, holding: Holding) -> None:
        """It is no longer held: its slot is free."""
        if self.handed.pop(holding.run, None) is None:
            self._unqueue({holding.run})
        elif not holding.claim.attempt.terms.repeatable:
            self.singles -= 1

    def ended(self, holding: Holding) -> None:
        """An attempt ended that had begun."""
        self._ended += holding.claim.attempt.terms.repeatable

    def _unqueue(self, runs: Collection[int]) -> None:
        for queue in (self.begun, self.stock):
            while queue and queue[0].run in runs:
                queue.popleft()
        if any(holding.run in runs for queue in (self.begun, self.stock) for holding in queue):
            self.begun = deque(holding for holding in self.begun if holding.run not in runs)
            self.stock = deque(holding for holding in self.stock if holding.run not in runs)

    # ── what to expect ──────────────────────────────────────────────────────────────────────────────────────────────

    def measure(self, moment: float) -> None:
        """Ends were written: how many repeatable runs end here in a second."""
        if not self._ended:
            return
        rate = self._ended / max(moment - self._measured_at, 1e-4)
        self._rate = (self._rate + rate) / 2 if self._rate else rate
        self._measured_at, self._ended, self.moved_at = moment, 0, moment

    def slowed(self) -> None:
        """What was claimed ahead did not begin soon: expect nothing until something ends."""
        self._rate = 0.0
