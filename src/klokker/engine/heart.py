"""Is this process alive, and are its claims still its own? The duty that says so to the store, and hears the answer.

Each beat looks at the database's clock, renews the leases of what the worker holds, and brings back which runs were
asked to cancel and which are gone. It has a thread of its own: neither a long statement of the worker nor a task keeps
it from beating. When it cannot beat for too long, the worker ends what it runs (`Worker.run_once`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from klokker.core.lease import Lease
from klokker.engine.clock import Clock
from klokker.engine.gate import Gate
from klokker.events import NewerSchema, emit
from klokker.store.contract import Held, ProcessInfo, Store
from klokker.store.errors import NoSuchProcess

NEWER_SCHEMA = "newer schema"
"""The reason under which the gate is closed when the database was migrated by a newer version."""


class Holder(Protocol):
    """Whoever holds claims: a worker."""

    def claims(self) -> tuple[tuple[int, int], ...]:
        """The (run, token) pairs to renew."""

    def renewed(self, held: Held, asked_at: float) -> None:
        """What became of them, by a question asked at this moment of the monotonic clock."""


@dataclass(frozen=True, slots=True)
class Beat:
    """What a beat came to: claims renewed, and claims that are gone."""

    renewed: int
    lost: int
    again_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SchemaFound:
    """The newest migration that the database has had, and the newest that this version knows."""

    found: str
    known: str


class Heart:
    """Beats for one process.

    `holder`: the worker, if the process has one. `ticked_at` says when it ticked last. `newer_schema` says whether the
    database was migrated beyond what this version knows.
    """

    name = "heart"
    decides = False

    def __init__(
        self,
        store: Store,
        process: ProcessInfo,
        *,
        clock: Clock,
        gate: Gate,
        lease: Lease = Lease(),
        holder: Holder | None = None,
        ticked_at: Callable[[], datetime | None] = lambda: None,
        newer_schema: Callable[[], SchemaFound | None] = lambda: None,
    ) -> None:
        self.longest_rest = lease.renewal
        self._store = store
        self._process = process
        self._clock = clock
        self._gate = gate
        self._lease = lease
        self._holder = holder
        self._ticked_at = ticked_at
        self._newer_schema = newer_schema

    def run_once(self, now: datetime) -> Beat:  # noqa: ARG002 — the heart is what finds out how late it is
        """One beat."""
        self._clock.look()
        asked_at = self._clock.monotonic()
        held = self._renew()
        if self._holder is not None:
            self._holder.renewed(held, asked_at)
        self._watch_schema()
        return Beat(len(held.mine), len(held.lost))

    def _renew(self) -> Held:
        now = self._clock.now()
        claims = self._holder.claims() if self._holder is not None else ()
        ticked_at = self._ticked_at()
        try:
            return self._store.renew(
                self._process.id, now, lease=self._lease.length, claims=claims, ticked_at=ticked_at
            )
        except NoSuchProcess:
            # Silent for so long that it was forgotten: stopped by somebody, or cut off from the database for a day.
            self._store.arrive(self._process, now)
            return self._store.renew(
                self._process.id, now, lease=self._lease.length, claims=claims, ticked_at=ticked_at
            )

    def _watch_schema(self) -> None:
        newer = self._newer_schema()
        if newer is None:
            self._gate.open(NEWER_SCHEMA)
        elif self._gate.close(NEWER_SCHEMA):
            emit(NewerSchema(process=self._process.id, found=newer.found, known=newer.known))
