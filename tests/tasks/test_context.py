"""RunContext: what a task knows of its run, and how it speaks (docs/concepts/tasks.md)."""

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from klokker.tasks.context import RunContext, RunNotMine


@dataclass
class Notebook:
    """A reporter that writes down what it is told."""

    lines: list[tuple[int, str, datetime]] = field(default_factory=list)
    figures: list[tuple[int, int | None]] = field(default_factory=list)
    asked_to_stop: bool = False
    mine: bool = True

    def progress(self, done: int, total: int | None) -> None:
        self.figures.append((done, total))

    def log(self, level: int, message: str, at: datetime) -> None:
        self.lines.append((level, message, at))

    def cancelled(self) -> bool:
        return self.asked_to_stop

    def still_mine(self) -> bool:
        return self.mine


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


@pytest.fixture
def run(notebook: Notebook) -> RunContext:
    return RunContext(notebook, run_id=7, task="chores.sweep", attempt=2)


def test_progress_reaches_the_reporter(run: RunContext, notebook: Notebook) -> None:
    run.progress(10, 200)
    run.progress(20)
    assert notebook.figures == [(10, 200), (20, None)]


def test_a_task_sees_that_it_was_asked_to_stop(run: RunContext, notebook: Notebook) -> None:
    assert not run.cancelled
    notebook.asked_to_stop = True
    assert run.cancelled


def test_check_passes_while_the_run_is_mine_and_raises_when_it_is_not(run: RunContext, notebook: Notebook) -> None:
    run.check()
    notebook.mine = False
    with pytest.raises(RunNotMine, match="Run 7 is no longer held by this process") as refused:
        run.check()
    assert refused.value.run_id == 7


def test_lines_reach_the_run_log_from_info_up_whatever_the_program_logs(run: RunContext, notebook: Notebook) -> None:
    logging.getLogger("klokker.run.chores.sweep").setLevel(logging.CRITICAL)
    run.logger.debug("unheard")
    run.logger.info("swept %d rooms", 3)
    logging.getLogger("klokker.run.chores.sweep").setLevel(logging.NOTSET)
    [(level, message, at)] = notebook.lines
    assert (level, message) == (logging.INFO, "swept 3 rooms")
    assert at.tzinfo is UTC


def test_lines_reach_the_programs_logging_marked_with_their_run(
    run: RunContext, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="klokker.run.chores.sweep"):
        run.logger.warning("dust")
    [record] = caplog.records
    marks = record.__dict__
    assert (record.name, marks["run_id"], marks["attempt"]) == ("klokker.run.chores.sweep", 7, 2)
    assert record.funcName == "test_lines_reach_the_programs_logging_marked_with_their_run"


def test_the_programs_logging_keeps_its_own_level(run: RunContext, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, logger="klokker.run.chores.sweep"):
        run.logger.info("only for the run log")
    assert caplog.records == []


def test_a_logged_exception_brings_its_traceback(run: RunContext, notebook: Notebook) -> None:
    try:
        raise LookupError("no such room")
    except LookupError:
        run.logger.exception("gave up")
    [(level, message, _)] = notebook.lines
    assert level == logging.ERROR
    assert message.startswith("gave up\nTraceback")
    assert message.endswith("LookupError: no such room")


def test_a_line_that_no_database_takes_is_cleaned(run: RunContext, notebook: Notebook) -> None:
    run.logger.info("a\x00b")
    assert notebook.lines[0][1] == "a\ufffdb"


def test_a_line_that_cannot_be_written_does_not_fail_the_task(
    run: RunContext, notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    run.logger.info("%d rooms", "three")
    assert notebook.lines == []
    assert "Logging error" in capsys.readouterr().err


def test_a_context_made_by_hand_is_its_own_master(caplog: pytest.LogCaptureFixture) -> None:
    run = RunContext.by_hand("chores.sweep", dry_run=True)
    with caplog.at_level(logging.INFO):
        run.logger.info("heard")
    run.progress(1)
    run.check()
    assert (run.cancelled, run.dry_run, caplog.messages) == (False, True, ["heard"])
