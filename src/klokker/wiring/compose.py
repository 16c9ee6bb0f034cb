"""What does one process consist of? The only place that puts store, tasks, executors and duties together."""

import os
import secrets
import socket
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from importlib.metadata import version

from klokker.core.lease import Lease
from klokker.engine.clock import MACHINE, Clock
from klokker.engine.gate import Gate
from klokker.engine.heart import Heart, SchemaFound
from klokker.engine.here import Here
from klokker.engine.process import Process
from klokker.engine.pruner import Pruner
from klokker.engine.rescuer import Rescuer
from klokker.engine.ticker import Ticker
from klokker.engine.worker import Worker
from klokker.executors.processes import Nurse
from klokker.operations.asking import Asked
from klokker.operations.node import enrol_node
from klokker.operations.operation import do
from klokker.operations.pause import ExpirePause
from klokker.operations.retire import RetireAfterSuccess
from klokker.store.contract import ProcessInfo, Store
from klokker.tasks.registry import Registry
from klokker.wiring.preparing import prepared
from klokker.wiring.running import hiring
from klokker.wiring.settings import Settings
from klokker.wiring.time_data import time_data

ENGINE = "klokker"
"""In whose name the engine asks for operations."""


class Role(StrEnum):
    """What a process does: decide, run what is queued, or both once and leave."""

    SCHEDULER = "scheduler"
    WORKER = "worker"
    TICK = "tick"


@dataclass(frozen=True)
class Parts:
    """What a process is made of. `tidy`, `let_go` and `newer_schema` know the database that the store stands on.

    `tidy` is called around each attempt in the thread that makes it, `let_go` before a thread of ours rests for long, `close`
    when all is over.
    `nurse`: one whose nursery may be preparing already.
    """

    settings: Settings
    store: Store
    registry: Registry
    tidy: Callable[[], None] = lambda: None
    let_go: Callable[[], None] = lambda: None
    newer_schema: Callable[[], SchemaFound | None] = lambda: None
    close: Callable[[], None] = lambda: None
    nurse: Nurse | None = None

    @property
    def lease(self) -> Lease:
        """The three spans of a claim."""
        return Lease(self.settings.lease, self.settings.renew, self.settings.child_term)

    def info(self, roles: Collection[Role], node: str, lanes: Mapping[str, int]) -> ProcessInfo:
        """This process, as it introduces itself; its id is new each time."""
        return ProcessInfo(
            id=f"{node}/{os.getpid()}-{secrets.token_hex(3)}",
            node=node,
            roles=frozenset(roles),
            host=socket.gethostname(),
            pid=os.getpid(),
            version=version("klokker"),
            time_data=time_data(),
            tasks=frozenset(task.name for task in self.registry),
            lanes=lanes,
        )

    def asked(self, now: datetime, why: str = "") -> Asked:
        """The engine asks."""
        return Asked(ENGINE, now, why, time_data())

    def resume(self, schedule: int, now: datetime) -> object:
        """End a pause whose time is over."""
        return do(self.store, schedule, ExpirePause(self.asked(now)))

    def retire(self, schedule: int, now: datetime) -> object:
        """Retire a schedule that was to succeed once, and has."""
        return do(
            self.store, schedule, RetireAfterSuccess(self.asked(now, "its run succeeded (after success: delete)"))
        )


def compose(parts: Parts, roles: Collection[Role]) -> Process:
    """A process that decides, or runs what is queued, or both; not yet begun. Raises what the store raises."""
    settings, store, gate = parts.settings, parts.store, Gate()
    works = Role.WORKER in roles
    info = parts.info(roles, settings.node, settings.lanes if works else {})
    clock = Clock(store.now, source=MACHINE, gate=gate, process=info.id)
    worker = _worker(parts, info, clock, gate) if works else None

    def on_work() -> None:
        if worker is not None:
            worker.wake()
        store.wake()

    ticker = keepers = None
    if Role.SCHEDULER in roles:
        ticker = Ticker(
            store,
            node=settings.node,
            monotonic=MACHINE.monotonic,
            resume=parts.resume,
            retire=parts.retire,
            on_work=on_work,
            longest_rest=settings.poll,
        )
        keepers = (
            Rescuer(store, lease=parts.lease, on_work=on_work, longest_rest=settings.rescue_every),
            Pruner(store, monotonic=MACHINE.monotonic, time_data=time_data(), longest_rest=settings.prune_every),
        )
    heart = Heart(
        store,
        info,
        clock=clock,
        gate=gate,
        lease=parts.lease,
        holder=worker,
        ticked_at=lambda: ticker.last_tick if ticker is not None else None,
        newer_schema=parts.newer_schema,
    )
    return Process(
        store,
        info,
        clock=clock,
        gate=gate,
        heart=heart,
        worker=worker,
        ticker=ticker,
        keepers=keepers or (),
        enrol=lambda now: enrol_node(store, settings.node, parts.asked(now)),
        drain=settings.drain,
        on_rest=parts.let_go,
    )


def here(parts: Parts, *, node: str | None = None, inline: bool = False) -> Here:
    """Work to be done here and now, as `node` (by default the settings'). `inline`: in this thread, whatever a task says."""
    store, gate = parts.store, Gate()
    info = parts.info({Role.TICK}, node or parts.settings.node, {})
    ready = prepared(store, parts.registry, parts.tidy)
    return Here(
        store=store,
        info=info,
        clock=Clock(store.now, source=MACHINE, gate=gate, process=info.id),
        gate=gate,
        known=parts.registry.terms(parts.settings.executor),
        hire=hiring(parts.settings, ready, nurse=parts.nurse, only_inline=inline),
        resume=parts.resume,
        retire=parts.retire,
        lease=parts.lease,
        interrupts=inline,
        on_rest=parts.let_go,
    )


def _worker(parts: Parts, info: ProcessInfo, clock: Clock, gate: Gate) -> Worker:
    settings = parts.settings
    known = parts.registry.terms(settings.executor)
    if parts.nurse is not None and all(terms.executor != "processes" for terms in known.values()):
        parts.nurse.close()
    return Worker(
        parts.store,
        process=info.id,
        lanes=settings.lanes,
        known=known,
        hire=hiring(settings, prepared(parts.store, parts.registry, parts.tidy), nurse=parts.nurse),
        clock=clock,
        gate=gate,
        lease=parts.lease,
        retire=parts.retire,
        on_work=parts.store.wake,
        longest_rest=settings.poll,
    )
