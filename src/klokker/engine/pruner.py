"""Which finished runs may go? The duty that takes them away in small steps, leaving the tally in their place."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from klokker.core.errors import KlokkerError
from klokker.core.ledger import Ledger, Tally
from klokker.core.sealing import Unproven, prove_day
from klokker.engine.pace import Pace
from klokker.events import DayNotProven, Pruned, emit
from klokker.store.contract import Store


@dataclass(frozen=True, slots=True)
class Step:
    """What a step came to: rows that went; and when to go on."""

    rows: int
    again_at: datetime | None = None


class Pruner:
    """Prunes everything past its retention, a step at a time; between two steps it rests as long as a step takes.

    Before the first row of a schedule's UTC day goes, the day is proved; one that does not prove keeps its rows, and is
    told once. `time_data`: the version of the zone data that the proof computes with.
    """

    name = "pruner"
    decides = True

    def __init__(
        self,
        store: Store,
        *,
        monotonic: Callable[[], float],
        time_data: str = "",
        longest_rest: timedelta = timedelta(minutes=1),
    ) -> None:
        self.longest_rest = longest_rest
        self._store = store
        self._time_data = time_data
        self._told: frozenset[DayNotProven] = frozenset()
        self._monotonic = monotonic
        self._pace = Pace(monotonic, target=0.1, size=500, least=20, most=2000)

    def run_once(self, now: datetime) -> Step:
        """One step."""
        began = self._monotonic()
        prover = _Prover(now, self._time_data)
        with self._pace.measured() as size:
            rows = self._store.prune(now, prover, limit=size)
        self._tell(prover.refused)
        if rows:
            emit(Pruned(rows=rows))
        if rows < size:
            return Step(rows)
        # Twice what the step took, counted from its beginning: others get as much of the database as we do.
        return Step(rows, now + 2 * timedelta(seconds=self._monotonic() - began))

    def _tell(self, refused: Collection[DayNotProven]) -> None:
        for event in refused:
            if event not in self._told:
                emit(event)
        # Those that prove by now, or are looked at no more, are forgotten, so that this cannot grow for ever.
        self._told = frozenset(refused)


class _Prover:
    """Proves days, and remembers those that do not prove. The store may ask twice, so nothing is told here."""

    def __init__(self, now: datetime, time_data: str) -> None:
        self._now = now
        self._time_data = time_data
        self._refused: dict[tuple[int, datetime], DayNotProven] = {}

    @property
    def refused(self) -> Collection[DayNotProven]:
        """Days that do not prove."""
        return self._refused.values()

    def __call__(self, ledger: Ledger, day: datetime) -> Sequence[Tally] | None:
        try:
            proof = prove_day(ledger, day, now=self._now, time_data=self._time_data)
        except KlokkerError as fault:
            # Something in it cannot even be read. It keeps its rows, and nobody else waits for it.
            proof = Unproven(day, f"cannot be read: {fault}")
        if not isinstance(proof, Unproven):
            return proof
        if self._now >= day + timedelta(days=1):
            schedule = ledger.schedule
            name = schedule.revision.definition.name
            self._refused[schedule.id, day] = DayNotProven(schedule=schedule.id, name=name, day=day, why=proof.why)
        return None
