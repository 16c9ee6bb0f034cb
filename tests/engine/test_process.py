"""Process: it arrives, does its duties, drains, leaves (docs/concepts/drain.md)."""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from klokker.core.lifecycle import Outcome, RunKind, RunState
from klokker.engine.clock import MACHINE, Clock
from klokker.engine.gate import Gate
from klokker.engine.heart import Heart
from klokker.engine.loop import Duty
from klokker.engine.process import Farewell, Process
from klokker.engine.ticker import Ticker
from klokker.engine.worker import Worker
from klokker.events import Event, ProcessDraining, ProcessStarted, ProcessStopped, RunStarted, Subscription, subscribe
from klokker.store.contract import Claim, NewRun, ProcessInfo
from klokker.store.memory.store import MemoryStore
from tests.engine.stage import ONCE_ONLY, TASK, Hand
from tests.waiting import until

SOON = 20.0
INFO = ProcessInfo(
    "p1", "n1", frozenset({"worker", "scheduler"}), "host", 1, "1", "2026a", frozenset({TASK}), {"default": 2}
)


class SlowStore(MemoryStore):
    """A store that takes its time over a claim."""

    def __init__(self) -> None:
        super().__init__(MACHINE.wall)
        self.claiming = threading.Event()
        self.may_answer = threading.Event()
        self.may_answer.set()

    def claim(self, *args: Any, **kwargs: Any) -> Sequence[Claim]:
        self.claiming.set()
        assert self.may_answer.wait(SOON)
        return super().claim(*args, **kwargs)


class Service:
    """A whole process on a memory store and the machine's clock, with an executor in the test's hand."""

    def __init__(self, *, drain: timedelta = timedelta(minutes=1), keepers: tuple[Duty, ...] = ()) -> None:
        self.store = SlowStore()
        self.hand = Hand(MACHINE, 2)
        self.started = threading.Event()
        self.ready = threading.Event()
        self.told: list[Event] = []
        gate = Gate()
        clock = Clock(self.store.now, source=MACHINE, gate=gate, process="p1")
        worker = Worker(
            self.store,
            process="p1",
            lanes={"default": 2},
            known={TASK: ONCE_ONLY},
            hire=lambda *_: self.hand,
            clock=clock,
            gate=gate,
            on_work=self.store.wake,
        )
        ticker = Ticker(
            self.store,
            node="n1",
            monotonic=MACHINE.monotonic,
            resume=lambda *_: None,
            retire=lambda *_: None,
            on_work=self.store.wake,
        )
        self.process = Process(
            self.store,
            INFO,
            clock=clock,
            gate=gate,
            heart=Heart(self.store, INFO, clock=clock, gate=gate, holder=worker, ticked_at=lambda: ticker.last_tick),
            worker=worker,
            ticker=ticker,
            keepers=keepers,
            enrol=lambda now: self.store.enrol("n1", now),
            drain=drain,
        )
        self.farewell: Farewell | None = None
        self.thread = threading.Thread(target=self.live, daemon=True)

    def live(self) -> None:
        self.farewell = self.process.run(ready=self.ready.set, heed_signals=False)

    def hear(self, event: Event) -> None:
        self.told.append(event)
        if isinstance(event, RunStarted):
            self.started.set()

    def enqueue(self) -> int:
        run = NewRun(RunKind.ENQUEUED, TASK, (), {}, self.store.now())
        (made,) = self.store.enqueue([run], now=self.store.now())
        self.store.wake()
        return made.id

    def begun(self) -> int:
        """A run that is under way."""
        run = self.enqueue()
        assert self.started.wait(SOON)
        return run

    def ended(self) -> Farewell | None:
        self.thread.join(SOON)
        assert not self.thread.is_alive()
        return self.farewell


@pytest.fixture
def serve() -> Iterator[Callable[..., Service]]:
    """Starts services; those still alive at the end are stopped at once."""
    services: list[Service] = []
    subscriptions: list[Subscription] = []

    def start(**how: object) -> Service:
        service = Service(**how)  # type: ignore[arg-type]
        services.append(service)
        subscription = subscribe(service.hear)
        subscriptions.append(subscription)
        service.thread.start()
        assert service.ready.wait(SOON)
        return service

    yield start
    for service in services:
        service.process.ask_to_stop()
        service.process.ask_to_stop()
        service.thread.join(SOON)
    for subscription in subscriptions:
        subscription.close()


def test_it_runs_what_is_queued_and_leaves_in_order(serve: Callable[..., Service]) -> None:
    service = serve()
    run = service.begun()
    service.process.ask_to_stop()
    service.hand.end(run)
    assert service.ended() is Farewell.DRAINED
    assert service.store.seen_run(run).outcome is Outcome.SUCCEEDED
    kinds = [type(event) for event in service.told]
    assert kinds.index(ProcessStarted) < kinds.index(ProcessDraining) < kinds.index(ProcessStopped)


def test_asked_to_stop_it_claims_nothing_more(serve: Callable[..., Service]) -> None:
    service = serve()
    first = service.begun()
    service.process.ask_to_stop()
    assert_within(lambda: "draining" in service.process.health().resting)
    second = service.enqueue()
    service.hand.end(first)
    assert service.ended() is Farewell.DRAINED
    assert service.store.seen_run(second).state is RunState.QUEUED


def test_what_is_being_claimed_when_it_is_asked_to_stop_comes_to_its_end(serve: Callable[..., Service]) -> None:
    service = serve()
    service.store.may_answer.clear()
    service.store.claiming.clear()
    run = service.enqueue()
    assert service.store.claiming.wait(SOON)
    service.process.ask_to_stop()
    assert_within(lambda: "draining" in service.process.health().resting)
    service.store.may_answer.set()
    assert service.started.wait(SOON)
    service.hand.end(run)
    assert service.ended() is Farewell.DRAINED
    assert service.store.seen_run(run).outcome is Outcome.SUCCEEDED


def test_asked_twice_it_kills_what_runs(serve: Callable[..., Service]) -> None:
    service = serve()
    run = service.begun()
    service.process.ask_to_stop()
    service.process.ask_to_stop()
    assert service.ended() is Farewell.KILLED
    assert service.hand.killed[0] == "stopped"
    assert service.store.seen_run(run).outcome is Outcome.LOST


def test_a_drain_that_takes_too_long_kills_what_still_runs(serve: Callable[..., Service]) -> None:
    service = serve(drain=timedelta(milliseconds=50))
    run = service.begun()
    service.process.ask_to_stop()
    assert service.ended() is Farewell.KILLED
    assert service.store.seen_run(run).outcome is Outcome.LOST


def test_a_request_to_cancel_is_heard_long_before_the_next_beat(serve: Callable[..., Service]) -> None:
    service = serve()
    run = service.begun()
    service.store.ask_cancel([run], service.store.now(), by="an operator")
    service.store.wake()
    assert_within(lambda: run in service.hand.cancelled, 8)


@dataclass(frozen=True)
class Done:
    again_at: datetime | None = None


@dataclass
class Dying:
    """A duty whose thread dies when told."""

    die: threading.Event
    name: str = "keeper"
    decides: bool = False
    longest_rest: timedelta = timedelta(milliseconds=20)

    def run_once(self, now: datetime) -> Done:
        del now
        if self.die.is_set():
            raise SystemExit
        return Done()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_process_one_of_whose_threads_died_ends_and_says_so(serve: Callable[..., Service]) -> None:
    die = threading.Event()
    service = serve(keepers=(Dying(die),))
    assert service.process.health().faults == ()
    die.set()
    assert service.ended() is Farewell.FAULTY


def test_its_health_shows_every_duty_and_what_it_holds(serve: Callable[..., Service]) -> None:
    service = serve()
    service.begun()
    health = service.process.health()
    assert {duty.duty for duty in health.duties} == {"heart", "worker", "ticker", "listener"}
    assert (health.busy, health.resting, health.faults) == (1, (), ())


def test_a_process_that_cannot_arrive_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service()

    def refuse(*_: object) -> None:
        raise ConnectionError("the database is down")

    monkeypatch.setattr(service.store, "arrive", refuse)
    with pytest.raises(ConnectionError):
        service.process.run(heed_signals=False)


def test_a_stop_signal_asks_and_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    service = Service()
    assert service.process.run(ready=lambda: os.kill(os.getpid(), signal.SIGTERM)) is Farewell.DRAINED
    assert signal.getsignal(signal.SIGTERM) is before


def assert_within(look: Callable[[], bool], seconds: float = SOON) -> None:
    until(look, "what the test waits for", within=seconds)
