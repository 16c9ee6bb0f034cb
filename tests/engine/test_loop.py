"""Loop: a duty done again and again (docs/concepts/engine.md)."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from klokker.engine.clock import Clock
from klokker.engine.gate import Gate
from klokker.engine.loop import LONG_REST, Loop
from klokker.events import DutyFailed, DutyRecovered, Event, subscribe
from klokker.simulation.clock import START, ManualClock

SECOND = timedelta(seconds=1)
SOON = 10.0


@dataclass(frozen=True)
class Done:
    again_at: datetime | None = None


@dataclass
class Chore:
    """A duty that does what the test says."""

    act: Callable[[datetime], Done] = lambda _: Done()
    name: str = "chore"
    decides: bool = False
    longest_rest: timedelta = 5 * SECOND
    passes: list[datetime] = field(default_factory=list)

    def run_once(self, now: datetime) -> Done:
        self.passes.append(now)
        return self.act(now)


def a_loop(
    duty: Chore, machine: ManualClock | None = None, gate: Gate | None = None, on_rest: Callable[[], None] | None = None
) -> Loop:
    machine, gate = machine or ManualClock(), gate or Gate()
    clock = Clock(machine.wall, source=machine, gate=gate)
    return Loop(duty, clock=clock, gate=gate, process="p1", on_rest=on_rest or (lambda: None))


def fails(_: datetime) -> Done:
    raise ConnectionError("the database went away")


def test_a_duty_rests_until_the_moment_it_named() -> None:
    assert a_loop(Chore(lambda now: Done(again_at=now + 2 * SECOND))).step() == 2.0


def test_a_duty_that_names_no_moment_rests_for_its_longest() -> None:
    assert a_loop(Chore()).step() == 5.0


def test_a_far_moment_is_cut_to_the_longest_rest() -> None:
    assert a_loop(Chore(lambda now: Done(again_at=now + timedelta(days=1)))).step() == 5.0


def test_a_moment_that_has_passed_means_at_once() -> None:
    assert a_loop(Chore(lambda now: Done(again_at=now - SECOND))).step() == 0.0


def test_the_time_that_a_pass_took_is_taken_off_its_rest() -> None:
    machine = ManualClock()

    def slow(now: datetime) -> Done:
        machine.advance(SECOND)
        return Done(again_at=now + 3 * SECOND)

    assert a_loop(Chore(slow), machine).step() == 2.0


def test_a_deciding_duty_is_not_done_while_the_gate_is_closed() -> None:
    gate, duty, bystander = Gate(), Chore(decides=True), Chore()
    gate.close("the clock leapt")
    a_loop(duty, gate=gate).step()
    a_loop(bystander, gate=gate).step()
    assert (len(duty.passes), len(bystander.passes)) == (0, 1)


def test_a_pass_that_raises_is_told_and_followed_by_waits_that_grow() -> None:
    told: list[Event] = []
    loop = a_loop(Chore(fails))
    with subscribe(told.append):
        waits = [loop.step() for _ in range(8)]
    assert waits == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert all(isinstance(event, DutyFailed) and event.duty == "chore" for event in told)
    assert loop.condition.failures == 8
    assert loop.condition.fault == "ConnectionError: the database went away"


def test_thousands_of_failures_do_not_overflow_the_wait() -> None:
    loop = a_loop(Chore(fails))
    loop._failures = 100_000
    assert loop.step() == 5.0


def test_a_pass_that_goes_well_again_is_told_once() -> None:
    told: list[Event] = []
    duty = Chore(fails)
    loop = a_loop(duty)
    with subscribe(told.append):
        loop.step()
        loop.step()
        duty.act = lambda _: Done()
        loop.step()
        loop.step()
    assert [type(event) for event in told] == [DutyFailed, DutyFailed, DutyRecovered]
    assert told[-1] == DutyRecovered(process="p1", duty="chore", failures=2)
    assert loop.condition.fault is None
    assert loop.condition.well_at == START


def test_a_started_loop_does_its_duty_at_once_and_again_when_woken_and_ends_when_stopped() -> None:
    done = threading.Semaphore(0)

    def act(_: datetime) -> Done:
        done.release()
        return Done()

    loop = a_loop(Chore(act, longest_rest=timedelta(hours=1)))
    loop.start()
    assert done.acquire(timeout=SOON)
    loop.wake()
    assert done.acquire(timeout=SOON)
    assert loop.condition.alive
    loop.stop()
    assert loop.join(SOON)
    assert not loop.condition.alive


def test_a_wake_during_a_pass_is_not_lost() -> None:
    passes = threading.Semaphore(0)
    duty = Chore(longest_rest=timedelta(hours=1))
    loop = a_loop(duty)

    def act(_: datetime) -> Done:
        if len(duty.passes) == 1:
            loop.wake()
        passes.release()
        return Done()

    duty.act = act
    loop.start()
    assert passes.acquire(timeout=SOON)
    assert passes.acquire(timeout=SOON)
    loop.stop()
    assert loop.join(SOON)


def test_before_a_long_rest_and_at_the_end_what_is_held_open_is_let_go() -> None:
    let_go = threading.Semaphore(0)
    loop = a_loop(Chore(longest_rest=timedelta(seconds=LONG_REST + 1)), on_rest=lambda: let_go.release())
    loop.start()
    assert let_go.acquire(timeout=SOON)
    loop.stop()
    assert let_go.acquire(timeout=SOON)
    assert loop.join(SOON)


def test_wakes_in_a_row_cost_one_pass_where_a_shortest_rest_is_asked_for() -> None:
    machine, passed = ManualClock(), threading.Semaphore(0)

    def act(_: datetime) -> Done:
        passed.release()
        return Done()

    duty = Chore(act, longest_rest=timedelta(hours=1))
    gate = Gate()
    clock = Clock(machine.wall, source=machine, gate=gate)
    loop = Loop(duty, clock=clock, gate=gate, shortest_rest=60)
    loop.start()
    assert passed.acquire(timeout=SOON)
    loop.wake()
    loop.wake()
    assert not passed.acquire(timeout=0.05)
    machine.advance(timedelta(minutes=1))
    loop.wake()
    assert passed.acquire(timeout=SOON)
    loop.stop()
    assert loop.join(SOON)


def test_joining_a_loop_that_never_started_is_no_wait() -> None:
    assert a_loop(Chore()).join(SOON)
