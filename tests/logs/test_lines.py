"""Lines: how the log is written, for people and for machines (docs/events.md)."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given

from klokker import events
from klokker.core.lifecycle import Outcome
from klokker.events import Event, emit
from klokker.logs.lines import Format, JsonLines, TextLines, configure, event_fields, write_events
from klokker.store.unavailable import StoreFull
from klokker.tasks.context import RunContext
from tests.logs.any_event import any_event

LOST = events.RunLost(run=7, schedule=None, process="a-1", again_at=datetime(2026, 3, 29, 1, tzinfo=UTC))


@contextmanager
def written(format: Format, level: int = logging.DEBUG) -> Iterator[io.StringIO]:
    """What goes to the log meanwhile, and to no other."""
    stream, root = io.StringIO(), logging.getLogger()
    before = root.level, root.handlers
    root.handlers = []
    configure(format, level, stream)
    try:
        with write_events():
            yield stream
    finally:
        root.handlers = before[1]
        root.setLevel(before[0])


def test_as_text_an_event_is_a_time_a_level_its_name_and_its_sentence() -> None:
    with written("text") as log:
        emit(LOST)
    time, rest = log.getvalue().split(" ", 1)
    assert datetime.fromisoformat(time).tzinfo is not None
    assert rest == (
        "ERROR   run.lost  Run 7 was lost: a-1 held it and gave no more sign of life; it is tried again, not before "
        "2026-03-29 01:00:00 UTC.\n"
    )


def test_as_json_an_event_brings_its_fields() -> None:
    with written("json") as log:
        emit(LOST)
    line = json.loads(log.getvalue())
    assert (line["event"], line["level"], line["logger"]) == ("run.lost", "ERROR", "klokker")
    assert {name: line[name] for name in ("run", "schedule", "process", "again_at")} == {
        "run": 7,
        "schedule": None,
        "process": "a-1",
        "again_at": "2026-03-29T01:00:00Z",
    }


def test_what_is_under_the_level_is_not_written() -> None:
    with written("text", logging.WARNING) as log:
        emit(events.NodeEnrolled(node="a"))
    assert log.getvalue() == ""


@pytest.mark.parametrize("format", ["text", "json"])
def test_a_failed_duty_is_written_with_its_traceback(format: Format) -> None:
    with written(format) as log:
        try:
            raise LookupError("no such row")
        except LookupError as error:
            emit(events.DutyFailed(process="a-1", duty="ticker", error=error))
    assert "Traceback (most recent call last)" in log.getvalue()
    assert "LookupError: no such row" in log.getvalue()


def test_a_duty_that_failed_for_a_known_reason_is_one_line() -> None:
    with written("text") as log:
        try:
            raise StoreFull("SQLite file x", "disk I/O error")
        except StoreFull as error:
            emit(events.DutyFailed(process="a-1", duty="ticker", error=error))
    [line] = log.getvalue().splitlines()
    assert "The ticker of a-1 failed, and is tried again: The database has no room left (SQLite file x" in line


@pytest.mark.parametrize("format", ["text", "json"])
def test_an_exception_that_raises_when_asked_for_its_words_is_told_all_the_same(format: Format) -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    with written(format) as log:
        emit(events.TaskModuleSkipped(module="shop.chores", location="", error=Mute()))
    assert "shop.chores raised Mute: (it has no words: to ask for them raises RuntimeError)" in log.getvalue()


@given(any_event())
def test_any_event_is_one_json_object_on_one_line(event: Event) -> None:
    with written("json") as log:
        emit(event)
    [line] = log.getvalue().encode().splitlines()
    assert {**json.loads(line), **event_fields(event)} == json.loads(line)


@given(any_event())
def test_as_text_only_the_first_line_of_an_event_begins_at_the_margin(event: Event) -> None:
    with written("text") as log:
        emit(event)
    _, *others = log.getvalue().encode().decode().splitlines()
    assert all(line.startswith("    ") for line in others)


def test_what_a_task_logs_cannot_pass_for_another_line_or_colour_the_terminal() -> None:
    with written("text") as log:
        RunContext.by_hand("chores.sweep").logger.warning("done\n2026-01-01 ERROR run.lost\x1b[31m\rx\u2028y")
    first, second = log.getvalue().splitlines()
    assert first.endswith("klokker.run.chores.sweep  done")
    assert second == r"    2026-01-01 ERROR run.lost\x1b[31m\rx\u2028y"


def test_lines_of_a_run_are_marked_with_it_in_json() -> None:
    with written("json") as log:
        RunContext.by_hand("chores.sweep").logger.warning("half\ud800")
    line = json.loads(log.getvalue())
    assert (line["run"], line["attempt"], line["message"]) == (0, 1, "half\ufffd")


def test_a_long_error_is_cut_in_the_log() -> None:
    event = events.RunFinished(
        run=7,
        task="chores.sweep",
        name="",
        attempt=1,
        outcome=Outcome.FAILED,
        took=timedelta(seconds=1),
        error="x" * 60_000,
    )
    assert len(str(event_fields(event)["error"])) <= 2000


def test_configured_twice_every_line_is_written_once() -> None:
    first, second = io.StringIO(), io.StringIO()
    with written("text") as log:
        configure(stream=first)
        configure(stream=second)
        logging.getLogger("somebody").warning("heard")
    assert (log.getvalue(), first.getvalue(), second.getvalue().count("heard")) == ("", "", 1)


def test_a_projects_own_formatter_finds_the_name_and_the_fields(caplog: pytest.LogCaptureFixture) -> None:
    with write_events():
        emit(LOST)
    [record] = caplog.records
    marks = record.__dict__
    assert (marks["event"], marks["fields"]["run"]) == ("run.lost", 7)


def test_no_handler_of_a_project_meets_text_that_it_cannot_encode(caplog: pytest.LogCaptureFixture) -> None:
    with write_events():
        emit(events.ProcessSilent(process="half\ud800", node="", heartbeat=datetime(2026, 3, 29, 1, tzinfo=UTC)))
    assert caplog.messages == ["Process half\ufffd has been silent since 2026-03-29 01:00:00 UTC."]


@pytest.mark.parametrize("formatter", [TextLines(), JsonLines()])
def test_lines_of_others_are_written_too(formatter: logging.Formatter) -> None:
    record = logging.LogRecord("somebody", logging.INFO, __file__, 1, "%d rooms", (3,), None)
    record.stack_info = "Stack (most recent call last):\n  here"
    written = formatter.format(record)
    assert "somebody" in written
    assert "3 rooms" in written
    assert "Stack (most recent call last)" in written
