"""What check says of schedules and their runs."""

from datetime import UTC, datetime, timedelta

import pytest

from klokker.core.lifecycle import Outcome, RunKind, RunState, ScheduleState
from klokker.django.models import Run, Schedule, Timer
from klokker.watch import work

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def schedule() -> Schedule:
    return Schedule.objects.create(
        name="export",
        name_key="export",
        task="t",
        when="@daily",
        origin="managed",
        state="active",
        since=NOW - timedelta(days=9),
    )


def ended(schedule: Schedule, outcome: Outcome, hours: float, error: str = "") -> Run:
    Timer.objects.update_or_create(
        schedule=schedule, node="", since=schedule.since, defaults={"handled_until": NOW, "last_outcome": outcome}
    )
    finished = NOW - timedelta(hours=hours)
    return Run.objects.create(
        schedule=schedule,
        task="t",
        kind=RunKind.SCHEDULED,
        nominal=finished,
        state=RunState.DONE,
        outcome=outcome,
        planned=finished,
        started=finished - MINUTE,
        finished=finished,
        error=error,
    )


def running(schedule: Schedule, minutes: float) -> Run:
    started = NOW - minutes * MINUTE
    return Run.objects.create(
        schedule=schedule,
        task="t",
        kind=RunKind.SCHEDULED,
        state=RunState.CLAIMED,
        nominal=started,
        planned=started,
        started=started,
    )


def test_a_broken_schedule_is_named_with_its_reason(schedule: Schedule) -> None:
    schedule.state, schedule.reason = ScheduleState.BROKEN, "no such zone"
    schedule.save()
    assert [finding.reason for finding in work.broken()] == ["export is broken: no such zone"]


def test_a_schedule_is_failing_while_its_last_run_did_not_succeed(schedule: Schedule) -> None:
    ended(schedule, Outcome.SUCCEEDED, 3)
    last = ended(schedule, Outcome.FAILED, 1, "Traceback …\nValueError: column missing")
    (finding,) = work.failing()
    assert finding.reason == f"export: run {last.pk} failed: ValueError: column missing"


def test_a_schedule_that_succeeded_since_is_not_failing(schedule: Schedule) -> None:
    ended(schedule, Outcome.FAILED, 3)
    ended(schedule, Outcome.SUCCEEDED, 1)
    assert list(work.failing()) == []


def test_a_retry_that_a_person_asked_for_and_that_succeeded_ends_the_failing(schedule: Schedule) -> None:
    last = ended(schedule, Outcome.FAILED, 1)
    Run.objects.create(
        schedule=schedule,
        task="t",
        kind="manual",
        state="done",
        outcome="succeeded",
        planned=NOW,
        retry_of=last.pk,
        finished=NOW,
    )
    assert list(work.failing()) == []


def test_runs_that_should_have_begun_are_late(schedule: Schedule) -> None:
    for minutes in (30, 10):
        planned = NOW - minutes * MINUTE
        Run.objects.create(schedule=schedule, task="t", kind="manual", state=RunState.QUEUED, planned=planned)
    (finding,) = work.late(NOW)
    assert finding.reason == "export: 2 runs should have begun, the first 30m ago"


def test_how_long_is_said_as_people_say_it(schedule: Schedule) -> None:
    late = running(schedule, 5)
    Run.objects.filter(pk=late.pk).update(state=RunState.QUEUED, planned=NOW - timedelta(minutes=5, seconds=21.097))
    (finding,) = work.late(NOW)
    assert finding.reason == "export: 1 run should have begun, the first 5m 21s ago"


def test_a_run_is_stuck_when_it_takes_three_times_as_long_as_usual(schedule: Schedule) -> None:
    ended(schedule, Outcome.SUCCEEDED, 2)
    run = running(schedule, 11)
    (finding,) = work.stuck(NOW)
    assert finding.subject == str(run.pk)


def test_a_run_that_usually_takes_long_is_not_stuck_yet(schedule: Schedule) -> None:
    long = ended(schedule, Outcome.SUCCEEDED, 2)
    long.started = (long.finished or NOW) - timedelta(hours=1)
    long.save()
    running(schedule, 119)
    assert list(work.stuck(NOW)) == []


def test_a_run_that_ignores_its_timeout_is_named(schedule: Schedule) -> None:
    run = running(schedule, 5)
    Run.objects.filter(pk=run.pk).update(overrun_since=NOW)
    assert [finding.details["run"] for finding in work.overrun()] == [run.pk]
