"""What became of runs whose process vanished? The duty that finds leases which ran out, and does what each run's terms say."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from klokker.core.lease import Lease
from klokker.core.lifecycle import Outcome
from klokker.core.verdict import Again, Ending, Verdict, judge
from klokker.events import ProcessSilent, RunLost, emit
from klokker.store.contract import Expired, Rescued, Store

AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Saved:
    """What a pass came to: lost attempts found, and waiting runs released for it."""

    lost: int
    released: int = 0
    again_at: datetime | None = None


class Rescuer:
    """Rescues all nodes' runs. `patience`: a process that has just begun waits so long before its first rescue.

    Whoever has just begun cannot tell a clock that leapt from peers that fell silent; after one lease every peer that
    lives has renewed by the clock as it now is.
    """

    name = "rescuer"
    decides = True

    def __init__(
        self,
        store: Store,
        *,
        lease: Lease = Lease(),
        patience: timedelta | None = None,
        on_work: Callable[[], object] = lambda: None,
        longest_rest: timedelta = timedelta(seconds=10),
    ) -> None:
        self.longest_rest = longest_rest
        self._store = store
        self._lease = lease
        self._patience = lease.length if patience is None else patience
        self._on_work = on_work
        self._first_at: datetime | None = None

    def run_once(self, now: datetime) -> Saved:
        """One pass over the leases that have run out."""
        if self._first_at is None:
            self._first_at = now + self._patience
        if now < self._first_at:
            return Saved(0, again_at=self._first_at)
        silent: dict[str, ProcessSilent] = {}

        def verdict(expired: Expired) -> Verdict:
            heard = expired.lease_until - self._lease.length
            silent[expired.process] = ProcessSilent(process=expired.process, node=expired.node, heartbeat=heard)
            return judge(expired.attempt, Ending(Outcome.LOST), now, heard=heard)

        rescued = self._store.rescue(now, verdict, limit=AT_ONCE)
        self._tell(rescued, silent)
        released = self._store.release(now) if rescued else 0
        if released:
            self._on_work()
        return Saved(len(rescued), released, now if len(rescued) == AT_ONCE else None)

    def _tell(self, rescued: Sequence[Rescued], silent: dict[str, ProcessSilent]) -> None:
        for process in dict.fromkeys(each.process for each in rescued):
            emit(silent[process])
        for each in rescued:
            again_at = each.verdict.at if isinstance(each.verdict, Again) else None
            emit(RunLost(run=each.run, schedule=each.schedule, process=each.process, again_at=again_at))
