"""One process, put together from settings (docs/concepts/engine.md)."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from klokker.core.definition import AfterSuccess, Definition
from klokker.core.lifecycle import Outcome, RunKind, ScheduleState
from klokker.engine.clock import MACHINE
from klokker.engine.process import Farewell, Process
from klokker.events import Event, RunFinished, subscribe
from klokker.operations.asking import Asked
from klokker.operations.catalogue import RegisteredTasks
from klokker.operations.create import Create, create
from klokker.store.contract import NewRun
from klokker.store.memory.store import MemoryStore
from klokker.tasks.decorator import task
from klokker.tasks.registry import Registry
from klokker.wiring.compose import Parts, Role, compose, here
from klokker.wiring.settings import Settings

SOON = 20.0
BOTH = (Role.SCHEDULER, Role.WORKER)


@dataclass
class Project:
    """A store and a task or two."""

    store: MemoryStore = field(default_factory=lambda: MemoryStore(MACHINE.wall))
    registry: Registry = field(default_factory=Registry)
    ran: threading.Event = field(default_factory=threading.Event)
    finished: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def __post_init__(self) -> None:
        @task(name="note", registry=self.registry)
        def note() -> None:
            self.ran.set()

    def parts(self, **settings: object) -> Parts:
        given = {"node": "n1", "executor": "threads", "drain": timedelta(seconds=5)} | settings
        return Parts(Settings(**given), self.store, self.registry)  # type: ignore[arg-type]

    def hear(self, event: Event) -> None:
        if isinstance(event, RunFinished):
            self.finished.release()

    def schedule(self, **fields: object) -> int:
        definition = Definition(**{"name": "each second", "task": "note", "when": "* * * * * *"} | fields)  # type: ignore[arg-type]
        asked = Asked("an editor", self.store.now())
        return create(self.store, Create(asked, definition, RegisteredTasks(self.registry))).schedule

    def enqueue(self, lane: str = "default") -> int:
        now = self.store.now()
        (made,) = self.store.enqueue([NewRun(RunKind.ENQUEUED, "note", (), {}, now, lane=lane)], now=now)
        self.store.wake()
        return made.id


@pytest.fixture
def project() -> Iterator[Project]:
    project = Project()
    with subscribe(project.hear):
        yield project


class Living:
    """A process that lives in a thread while the block lasts, and is then asked to stop."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.farewell: Farewell | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._live, daemon=True)

    def _live(self) -> None:
        self.farewell = self.process.run(ready=self._ready.set, heed_signals=False)

    def __enter__(self) -> "Living":
        self._thread.start()
        assert self._ready.wait(SOON)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.ask_to_stop()
        self._thread.join(SOON)
        assert not self._thread.is_alive()


def test_scheduler_and_worker_in_one_run_what_falls_due(project: Project) -> None:
    project.schedule()
    with Living(compose(project.parts(), BOTH)) as living:
        assert project.finished.acquire(timeout=SOON)
        assert project.finished.acquire(timeout=SOON)
    assert living.farewell is Farewell.DRAINED


def test_a_scheduler_alone_decides_and_runs_nothing(project: Project) -> None:
    queued = project.enqueue()
    with Living(compose(project.parts(), [Role.SCHEDULER])) as living:
        duties = {duty.duty for duty in living.process.health().duties}
    assert duties == {"heart", "ticker", "rescuer", "pruner", "listener"}
    assert project.store.seen_run(queued).outcome is None


def test_a_worker_alone_runs_and_decides_nothing(project: Project) -> None:
    run = project.enqueue()
    with Living(compose(project.parts(), [Role.WORKER])) as living:
        duties = {duty.duty for duty in living.process.health().duties}
        assert project.finished.acquire(timeout=SOON)
    assert duties == {"heart", "worker", "listener"}
    assert project.store.seen_run(run).outcome is Outcome.SUCCEEDED


def test_a_process_enrols_its_node(project: Project) -> None:
    with Living(compose(project.parts(node="web-1"), [Role.WORKER])):
        pass
    assert [node.name for node in project.store.nodes()] == ["web-1"]


def test_work_that_another_process_makes_wakes_it_long_before_the_poll(project: Project) -> None:
    with Living(compose(project.parts(poll=timedelta(hours=1)), [Role.WORKER])):
        project.enqueue()
        assert project.finished.acquire(timeout=SOON)


def test_a_schedule_that_was_to_succeed_once_is_retired(project: Project) -> None:
    project.schedule(after_success=AfterSuccess.DELETE)
    with Living(compose(project.parts(), BOTH)):
        assert project.finished.acquire(timeout=SOON)
    (schedule,) = project.store.schedules(retired=True)
    assert schedule.state is ScheduleState.RETIRED


def test_a_command_runs_what_is_queued_as_the_node_it_names(project: Project) -> None:
    project.enqueue()
    summary = here(project.parts(), node="n7", inline=True).tick()
    assert [ran.outcome for ran in summary.ran] == [Outcome.SUCCEEDED]
    assert project.ran.is_set()
