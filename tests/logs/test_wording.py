"""Wording: what each event says, under which stable name (docs/events.md)."""

import re
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from logging import DEBUG, ERROR, INFO, WARNING
from pathlib import Path

import pytest
from hypothesis import given

from klokker import events
from klokker.core.lifecycle import DismissalReason, Outcome
from klokker.events import Event
from klokker.logs.wording import NAMES, said
from tests.logs.any_event import KINDS, any_event

NOW = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


def test_every_kind_of_event_has_a_wording_and_a_name_of_its_own() -> None:
    assert set(NAMES) == set(KINDS)
    assert len(set(NAMES.values())) == len(NAMES)
    assert all(re.fullmatch(r"[a-z_]+\.[a-z_]+", name) for name in NAMES.values())


@given(any_event())
def test_any_event_is_said_in_a_sentence(event: Event) -> None:
    line = said(event)
    assert line.level in (DEBUG, INFO, WARNING, ERROR)
    assert line.sentence[:1].strip()
    told = getattr(event, "error", None)
    # A module that was skipped is told with the place in it; its traceback would be that of the import machinery.
    with_traceback = isinstance(told, BaseException) and not isinstance(event, events.TaskModuleSkipped)
    assert line.error is (told if with_traceback else None)


def test_no_field_of_an_event_hides_what_every_line_has() -> None:
    always = {"time", "level", "event", "logger", "message", "exception"}
    assert [kind for kind in KINDS if always & {field.name for field in fields(kind)}] == []


def finished(outcome: Outcome, error: str = "") -> events.RunFinished:
    return events.RunFinished(
        run=7, task="chores.sweep", name="sweep", attempt=1, outcome=outcome, took=timedelta(seconds=1.5), error=error
    )


def dismissed(*, goes_on: bool) -> events.OccurrencesDismissed:
    return events.OccurrencesDismissed(
        schedule=3,
        name="sweep",
        node="a",
        reason=DismissalReason.OVERLAPPED,
        after=NOW - timedelta(seconds=1),
        until=NOW,
        count=1,
        goes_on=goes_on,
    )


OVERLAPPED = (
    "1 occurrence of schedule sweep on a after 2026-03-29 00:59:59 UTC, up to 2026-03-29 01:00:00 UTC, "
    "will not run: overlapped."
)


@pytest.mark.parametrize(
    ("event", "level", "sentence"),
    [
        (finished(Outcome.SUCCEEDED), INFO, "Run 7 of sweep (chores.sweep) succeeded after 1s500ms, attempt 1."),
        (
            finished(Outcome.FAILED, "Traceback …\n  line\nValueError: no broom."),
            ERROR,
            "Run 7 of sweep (chores.sweep) failed after 1s500ms, attempt 1: ValueError: no broom.",
        ),
        (finished(Outcome.TIMED_OUT), ERROR, "Run 7 of sweep (chores.sweep) timed out after 1s500ms, attempt 1."),
        (finished(Outcome.CANCELLED), INFO, "Run 7 of sweep (chores.sweep) was cancelled after 1s500ms, attempt 1."),
        (
            events.RunFinished(
                run=7, task="chores.sweep", name="", attempt=0, outcome=Outcome.EXPIRED, took=timedelta(0)
            ),
            WARNING,
            "Run 7 of chores.sweep expired.",
        ),
        (
            events.RunProgressed(run=7, task="chores.sweep", name="sweep", done=1200, total=20_000),
            DEBUG,
            "Run 7 of sweep (chores.sweep) has done 1,200 of 20,000.",
        ),
        (
            events.RunsPlanned(schedule=3, name="sweep", node="a", runs=(7,), first=NOW, last=NOW),
            DEBUG,
            "Planned 1 run of schedule sweep on a for 2026-03-29 01:00:00 UTC.",
        ),
        (
            events.OccurrencesDismissed(
                schedule=3,
                name="",
                node="",
                reason=DismissalReason.MISSED,
                after=NOW - timedelta(days=1),
                until=NOW,
                count=1440,
            ),
            WARNING,
            (
                "1,440 occurrences of schedule #3 after 2026-03-28 01:00:00 UTC, up to 2026-03-29 01:00:00 UTC, "
                "will not run: missed."
            ),
        ),
        (dismissed(goes_on=False), INFO, OVERLAPPED),
        (dismissed(goes_on=True), DEBUG, OVERLAPPED),
        (
            events.ScheduleSpent(schedule=3, name="sweep"),
            INFO,
            "Schedule sweep is spent: its timetable or its max runs are used up.",
        ),
        (
            events.ChildKilled(run=7, pid=99, why="It took longer than the 1h it is allowed (its timeout)."),
            WARNING,
            "Child 99 was killed while it ran run 7: It took longer than the 1h it is allowed (its timeout).",
        ),
        (
            events.ChildDied(run=7, pid=99, exit_code=-9),
            ERROR,
            "Child 99 died by signal 9 while it ran run 7.",
        ),
        (
            events.RunLost(run=7, schedule=3, process="a-1", again_at=NOW),
            ERROR,
            (
                "Run 7 was lost: a-1 held it and gave no more sign of life; it is tried again, not before "
                "2026-03-29 01:00:00 UTC."
            ),
        ),
        (
            events.TickFinished(node="", now=NOW, timers=0, runs=0, dismissals=0, released=0, took=timedelta(0)),
            DEBUG,
            "Tick at 2026-03-29 01:00:00 UTC: nothing was due.",
        ),
    ],
)
def test_sentences_say_who_what_when_and_why(event: Event, level: int, sentence: str) -> None:
    line = said(event)
    assert (line.level, line.sentence) == (level, sentence)


def test_a_failed_duty_brings_its_exception() -> None:
    error = OSError("the database is gone")
    assert said(events.DutyFailed(process="a-1", duty="ticker", error=error)).error is error


PAGE = (Path(__file__).parents[2] / "docs" / "events.md").read_text()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_event_stands_on_its_page_with_its_name_and_its_fields(kind: type[Event]) -> None:
    row = rf"^\| `{re.escape(NAMES[kind])}` `{kind.__name__}` \| [^|]*\b(DEBUG|INFO|WARNING|ERROR)\b[^|]*\| [^|]+ \| ([^|]+) \|"
    found = re.search(row, PAGE, re.MULTILINE)
    assert found, "docs/events.md has no row for it"
    assert found[2].split(", ") == [field.name for field in fields(kind)]
