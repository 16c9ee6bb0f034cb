"""What check says of schedulers, workers, nodes and clocks."""

from datetime import UTC, datetime, timedelta

import pytest

from klokker.core.lifecycle import RunState, ScheduleState
from klokker.django.models import Lane, Node, Process, Run, Schedule, Timer
from klokker.watch import fleet
from klokker.watch.finding import Kind

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

pytestmark = pytest.mark.django_db


def process(
    node: str, heard: timedelta, *, roles: tuple[str, ...] = ("worker",), lanes: dict[str, int] | None = None
) -> Process:
    return Process.objects.create(
        id=f"{node}:{heard}:{roles}",
        node=node,
        roles=list(roles),
        host="h",
        pid=1,
        version="1",
        lanes=lanes or {"default": 4},
        arrived_at=NOW - timedelta(days=1),
        heartbeat=NOW - heard,
    )


def schedule(name: str, task: str = "t", state: ScheduleState = ScheduleState.ACTIVE) -> Schedule:
    return Schedule.objects.create(
        name=name, name_key=name, task=task, when="@daily", origin="managed", state=state, since=NOW - timedelta(days=9)
    )


def timer(of: Schedule, **more: object) -> Timer:
    return Timer.objects.create(
        **{"schedule": of, "since": of.since, "handled_until": NOW - timedelta(hours=1), **more}
    )


def queued(lane: str, waited: timedelta, task: str = "t") -> Run:
    return Run.objects.create(kind="enqueued", state=RunState.QUEUED, lane=lane, task=task, planned=NOW - waited)


def test_a_node_whose_process_fell_silent_is_named() -> None:
    process("a", 5 * MINUTE)
    (finding,) = fleet.silent_nodes(NOW, fleet.living(NOW))
    assert (finding.kind, finding.subject) == (Kind.SILENT, "a")
    assert "fell silent 5m ago" in finding.reason


def test_a_node_that_another_process_carries_is_not_silent() -> None:
    process("a", 5 * MINUTE)
    process("a", 0 * MINUTE)
    assert list(fleet.silent_nodes(NOW, fleet.living(NOW))) == []


def test_a_retired_node_is_not_silent() -> None:
    process("a", 5 * MINUTE)
    Node.objects.create(name="a", since=NOW - timedelta(days=1), retired=NOW)
    assert list(fleet.silent_nodes(NOW, fleet.living(NOW))) == []


def test_a_process_that_left_in_order_is_not_missed() -> None:
    gone = process("a", 5 * MINUTE)
    gone.left_at = NOW - 4 * MINUTE
    gone.save()
    assert list(fleet.silent_nodes(NOW, fleet.living(NOW))) == []


def test_timers_that_nobody_decides_lack_a_scheduler() -> None:
    timer(schedule("s"), next_due=NOW - 10 * MINUTE)
    (finding,) = fleet.no_scheduler(NOW, [])
    assert "no scheduler runs" in finding.reason


def test_a_timer_that_is_due_only_now_lacks_nothing() -> None:
    timer(schedule("s"), next_due=NOW - MINUTE)
    assert list(fleet.no_scheduler(NOW, [])) == []


def test_a_lane_that_no_worker_serves_is_named_with_what_to_start() -> None:
    process("a", 0 * MINUTE, lanes={"default": 4})
    queued("heavy", 2 * MINUTE)
    queued("default", 2 * MINUTE)
    (finding,) = fleet.unattended_lanes(NOW, fleet.living(NOW))
    assert (finding.kind, finding.subject) == (Kind.NO_WORKER, "heavy")


def test_a_paused_lane_in_which_runs_wait_is_named() -> None:
    process("a", 0 * MINUTE)
    Lane.objects.create(name="default", paused=True)
    queued("default", 2 * MINUTE)
    (finding,) = fleet.unattended_lanes(NOW, fleet.living(NOW))
    assert "is paused and 1 runs wait" in finding.reason


def test_a_task_that_nobody_knows_is_named_with_its_schedules() -> None:
    schedule("one", "missing.task")
    schedule("two", "missing.task")
    schedule("three", "known.task")
    schedule("gone", "other.task", ScheduleState.RETIRED)
    (finding,) = fleet.unknown_tasks({"known.task"})
    assert finding.subject == "missing.task"
    assert "missing.task: task not found in registry, named by schedule one, two" in finding.reason


def test_a_machine_whose_clock_is_off_is_told_by_how_much() -> None:
    (finding,) = fleet.wrong_clocks(NOW, NOW + timedelta(minutes=7))
    assert "7m ahead of the database's" in finding.reason


def test_timers_decided_under_a_clock_that_was_ahead_are_told_with_the_way_back() -> None:
    timer(schedule("s"), handled_until=NOW + timedelta(days=3))
    (finding,) = fleet.wrong_clocks(NOW, NOW)
    assert "`klokker rewind --all`" in finding.reason


def test_clocks_that_agree_are_no_incident() -> None:
    timer(schedule("s"))
    assert list(fleet.wrong_clocks(NOW, NOW + timedelta(seconds=30))) == []
