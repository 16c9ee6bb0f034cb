"""Work here and now: `klokker tick` and `klokker run` (docs/concepts/tick.md)."""

import os
import signal
from datetime import timedelta
from typing import Any

import pytest

from klokker.core.definition import Definition
from klokker.core.lifecycle import Origin, Outcome, RunKind, RunState
from klokker.core.retry import Retry
from klokker.engine.clock import MACHINE, Clock, Source
from klokker.engine.gate import Gate
from klokker.engine.here import Here, RanHere
from klokker.events import Event, ProcessSilent, subscribe
from klokker.executors.contract import Executor, Prepared
from klokker.executors.inline import Inline
from klokker.executors.threads import Threads
from klokker.simulation.clock import ManualClock
from klokker.store.contract import Lane, NewRevision, NewRun, NewSchedule, NewTimer, ProcessInfo
from klokker.store.memory.store import MemoryStore
from klokker.tasks.context import RunContext
from klokker.tasks.decorator import task
from klokker.tasks.registry import Registry
from klokker.tasks.results import Snooze

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


class Machine:
    """A machine on which the system's cron calls `klokker tick`; its tasks note what they did."""

    def __init__(self, executor: str = "inline", clock: Source | None = None) -> None:
        self.clock = clock or ManualClock()
        self.store = MemoryStore(self.clock.wall)
        self.done: list[str] = []
        self.registry = Registry()
        self.executor = executor
        self.resumed: list[int] = []

        @task(name="note", registry=self.registry)
        def note(what: str = "it") -> None:
            self.done.append(what)

        @task(name="fail", registry=self.registry)
        def fail() -> None:
            raise LookupError("nothing there")

        @task(name="later", registry=self.registry)
        def later() -> Snooze:
            return Snooze(60)

        @task(name="try_again", registry=self.registry, retry=Retry(attempts=0, first=HOUR, next_tick=True))
        def try_again(run: RunContext) -> None:
            if run.attempt < 2:
                raise LookupError("not yet")

        @task(name="slow", registry=self.registry, timeout="1m")
        def slow(run: RunContext) -> None:
            while not run.cancelled:
                self.advance(timedelta(seconds=20))

        @task(name="interrupted", registry=self.registry)
        def interrupted() -> None:
            os.kill(os.getpid(), signal.SIGINT)

        @task(name="terminated", registry=self.registry)
        def terminated() -> None:
            os.kill(os.getpid(), signal.SIGTERM)
            self.done.append("terminated")

        @task(name="chain", registry=self.registry)
        def chain() -> None:
            self.enqueue("note", what="chained")

    def here(self, node: str = "n1") -> Here:
        gate = Gate()
        clock = Clock(self.store.now, source=self.clock, gate=gate)
        prepared = Prepared(
            call=lambda name, run, args, kwargs: self.registry.find(name).bind(args, kwargs)(run),
            still_mine=lambda *_: True,
            monotonic=self.clock.monotonic,
        )

        def hire(_: str, slots: int) -> Executor:
            return Inline(prepared) if self.executor == "inline" else Threads(prepared, slots=slots)

        return Here(
            store=self.store,
            info=ProcessInfo("tick-1", node, frozenset({"tick"}), "host", 1, "1", "2026a", frozenset(), {}),
            clock=clock,
            gate=gate,
            known=self.registry.terms(self.executor),
            hire=hire,
            resume=lambda schedule, _: self.resumed.append(schedule),
            retire=lambda *_: None,
        )

    def advance(self, span: timedelta) -> None:
        assert isinstance(self.clock, ManualClock)
        self.clock.advance(span)

    def tick(self, node: str = "n1") -> tuple[RanHere, ...]:
        return self.here(node).tick().ran

    def enqueue(self, name: str, *, lane: str = "default", node: str = "", **kwargs: Any) -> int:
        now = self.store.now()
        run = NewRun(RunKind.ENQUEUED, name, (), kwargs, now, lane=lane, node=node)
        (made,) = self.store.enqueue([run], now=now)
        return made.id

    def schedule(self, name: str, when: str = "0 * * * *", node: str = "") -> int:
        definition = Definition(name=f"{name} {when}", task=name, when=when)
        now = self.store.now()
        made = self.store.create(
            NewSchedule(
                NewRevision(definition, now, by="an editor", why="for the test"),
                Origin.MANAGED,
                (NewTimer(node, now, definition.timetable().after(now)),),
            )
        )
        assert isinstance(made, int)
        return made


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_what_is_due_is_decided_and_run_at_once(machine: Machine) -> None:
    machine.schedule("note")
    machine.advance(HOUR)
    (ran,) = machine.tick()
    assert (ran.name, ran.task, ran.outcome, ran.failed) == ("note 0 * * * *", "note", Outcome.SUCCEEDED, False)
    assert machine.done == ["it"]
    assert machine.store.seen_run(ran.run).outcome is Outcome.SUCCEEDED


def test_all_that_is_queued_is_run_one_after_another_in_the_order_of_claims(machine: Machine) -> None:
    for number in range(5):
        machine.enqueue("note", what=str(number))
    machine.tick()
    assert machine.done == ["0", "1", "2", "3", "4"]


def test_every_lane_is_worked(machine: Machine) -> None:
    machine.enqueue("note", lane="heavy", what="heavy")
    machine.enqueue("note", what="default")
    machine.tick()
    assert sorted(machine.done) == ["default", "heavy"]


def test_what_a_run_queues_is_run_too(machine: Machine) -> None:
    machine.enqueue("chain")
    assert len(machine.tick()) == 2
    assert machine.done == ["chained"]


def test_runs_of_other_nodes_are_left_to_them(machine: Machine) -> None:
    other = machine.enqueue("note", node="n2")
    assert machine.tick("n1") == ()
    assert machine.store.seen_run(other).state is RunState.QUEUED
    assert len(machine.tick("n2")) == 1


def test_timers_of_other_nodes_are_left_to_them(machine: Machine) -> None:
    theirs = machine.schedule("note", node="n2")
    machine.advance(HOUR)
    assert machine.tick("n1") == ()
    assert machine.store.seen_runs(theirs) == []


def test_a_failed_run_makes_the_tick_a_failed_one(machine: Machine) -> None:
    machine.enqueue("fail")
    machine.enqueue("note")
    summary = machine.here().tick()
    assert summary.failed
    assert [ran.outcome for ran in summary.ran] == [Outcome.FAILED, Outcome.SUCCEEDED]
    assert "LookupError: nothing there" in summary.ran[0].error


def test_a_run_that_asks_for_later_is_no_failure(machine: Machine) -> None:
    machine.enqueue("later")
    summary = machine.here().tick()
    assert not summary.failed
    assert summary.ran[0].again_at == summary.now + MINUTE


def test_a_run_that_took_too_long_is_told_so(machine: Machine) -> None:
    machine.enqueue("slow")
    (ran,) = machine.tick()
    assert ran.outcome is Outcome.TIMED_OUT


def test_what_failed_waits_for_the_next_tick_and_not_for_its_hour(machine: Machine) -> None:
    run = machine.enqueue("try_again")
    assert [ran.outcome for ran in machine.tick()] == [Outcome.FAILED]
    machine.advance(MINUTE)
    assert [ran.outcome for ran in machine.tick()] == [Outcome.SUCCEEDED]
    assert len(machine.store.seen_run(run).attempts) == 1


def test_an_idle_tick_leaves_nothing_but_the_moment_of_its_node(machine: Machine) -> None:
    machine.store.enrol("n1", machine.store.now())
    machine.tick()
    assert machine.store.previous_tick("n1") == machine.store.now()
    machine.advance(MINUTE)
    with pytest.raises(Exception, match="not arrived"):
        machine.store.renew("tick-1", machine.store.now(), lease=MINUTE)


def test_a_paused_lane_is_left_alone(machine: Machine) -> None:
    run = machine.enqueue("note", lane="heavy")
    machine.store.set_lane(Lane("heavy", paused=True))
    assert machine.tick() == ()
    assert machine.store.seen_run(run).state is RunState.QUEUED


def test_a_run_whose_tick_was_killed_is_found_by_the_next(machine: Machine) -> None:
    info = ProcessInfo("gone", "n1", frozenset(), "host", 1, "1", "2026a", frozenset(), {})
    machine.store.arrive(info, machine.store.now())
    run = machine.enqueue("note")
    machine.store.claim(
        "gone", machine.store.now(), lanes={"default": 1}, known=machine.registry.terms(), lease=timedelta(seconds=30)
    )
    machine.advance(MINUTE)
    told: list[Event] = []
    with subscribe(told.append):
        assert machine.here().tick().lost == 1
    assert machine.store.seen_run(run).outcome is Outcome.LOST
    assert any(isinstance(event, ProcessSilent) and event.process == "gone" for event in told)


def test_ctrl_c_ends_the_task_writes_its_end_and_is_raised(machine: Machine) -> None:
    run = machine.enqueue("interrupted")
    left = machine.enqueue("note")
    with pytest.raises(KeyboardInterrupt):
        machine.tick()
    assert machine.store.seen_run(run).outcome is Outcome.CANCELLED
    assert machine.store.seen_run(left).state is RunState.QUEUED


def test_asked_to_stop_it_finishes_the_run_at_hand_and_begins_no_other(machine: Machine) -> None:
    run = machine.enqueue("terminated")
    left = machine.enqueue("note")
    machine.tick()
    assert machine.store.seen_run(run).outcome is Outcome.SUCCEEDED
    assert machine.store.seen_run(left).state is RunState.QUEUED
    assert machine.done == ["terminated"]


def test_one_run_may_be_run_before_all_others() -> None:
    machine = Machine()
    first = machine.enqueue("note", what="first")
    asked_for = machine.enqueue("note", what="asked for")
    (ran,) = machine.here().run(asked_for, "default")
    assert (ran.run, machine.done) == (asked_for, ["asked for"])
    assert machine.store.seen_run(first).state is RunState.QUEUED


def test_a_run_that_somebody_else_took_is_not_run_again() -> None:
    machine = Machine()
    run = machine.enqueue("note")
    machine.tick()
    assert machine.here().run(run, "default") == ()


def test_with_an_executor_beside_this_thread_runs_are_one_after_another_too() -> None:
    machine = Machine("threads", MACHINE)
    for number in range(5):
        machine.enqueue("note", what=str(number))
    assert len(machine.tick()) == 5
    assert machine.done == ["0", "1", "2", "3", "4"]
