"""What only a terminal has: a question with an answer, Ctrl-C, a bar that shows how far a run is."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.cli.conftest import Klokker, clean_environment
from tests.cli.terminal import CTRL_C, CTRL_D, Terminal
from tests.waiting import until

pytestmark = pytest.mark.acceptance

CHORES = '''
from pathlib import Path
from threading import Event

from klokker import RunContext, task


@task("hold")
def hold(run: RunContext) -> int:
    """Tell how far it is, and go on once it is let go."""
    run.progress(3, 1200)
    Path("begun").touch()
    while not Path("let-go").exists():
        Event().wait(0.05)
        run.progress(7, 1200)
    return 7
'''

SHOP = """
[schedules.hold]
task = "hold"
when = "0 3 * * *"
"""

Start = Callable[..., Terminal]


@pytest.fixture
def start(klokker: Klokker, tmp_path: Path) -> Start:
    """Start `klokker` in a terminal, in a folder with one schedule."""
    (tmp_path / "chores.py").write_text(CHORES)
    (tmp_path / "shop.toml").write_text(SHOP)
    told = {"KLOKKER_HOME": str(tmp_path / "home"), "KLOKKER_TASKS": "chores", "PYTHONPATH": str(tmp_path)}
    assert klokker("migrate").returncode == 0
    assert klokker("sync", "shop.toml", "--yes", **told).returncode == 0
    environment = clean_environment() | told
    environment.pop("COLUMNS", None)
    return partial(Terminal, environment=environment, folder=tmp_path)


def state_of(klokker: Klokker) -> str:
    (schedule,) = json.loads(klokker("list", "--retired", "--json").stdout)["schedules"]
    return str(schedule["state"])


@pytest.mark.parametrize(
    ("answer", "code", "state", "says"),
    [
        ("y\n", 0, "retired", "hold: active → retired"),
        ("n\n", 4, "active", "nothing was changed: "),
        ("\n", 4, "active", "nothing was changed: "),
        (CTRL_D, 4, "active", "Nothing was changed"),
        (CTRL_C, 130, "active", ""),
    ],
    ids=["yes", "no", "nothing", "ctrl-d", "ctrl-c"],
)
def test_a_question_is_asked_after_what_it_would_come_to_and_obeyed(
    start: Start, klokker: Klokker, answer: str, code: int, state: str, says: str
) -> None:
    with start("retire", "hold") as terminal:
        terminal.shows("[y/N]")
        before, question, _ = terminal.shown.partition("Retire")
        assert "hold: would be active → retired" in before, "what it would come to"
        assert question
        assert state_of(klokker) == "active", "not yet"
        terminal.type(answer)
        assert terminal.ends() == code, terminal.shown
        assert says in terminal.shown
        assert "Traceback" not in terminal.shown
    assert state_of(klokker) == state


def test_a_run_shows_how_far_it_is_and_leaves_the_line_to_what_came_of_it(start: Start, tmp_path: Path) -> None:
    with start("run", "hold") as terminal:
        terminal.shows("run 1 of hold")
        terminal.shows("7/1200")
        (tmp_path / "let-go").touch()
        assert terminal.ends() == 0, terminal.shown
        assert terminal.shown.rstrip().endswith("run 1 of hold succeeded: 7")


def test_where_nobody_looks_no_bar_is_drawn(klokker: Klokker, start: Start, tmp_path: Path) -> None:
    del start
    (tmp_path / "let-go").touch()
    ran = klokker("run", "hold", KLOKKER_TASKS="chores", PYTHONPATH=str(tmp_path))
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "run 1 of hold succeeded: 7\n", "")


def begun(folder: Path) -> None:
    until(lambda: (folder / "begun").exists(), "the task to begin", within=60)


def outcome_of(klokker: Klokker) -> str | None:
    (run,) = json.loads(klokker("runs", "--json").stdout)["runs"]
    return str(run["outcome"]) if run["outcome"] else None


def test_a_first_ctrl_c_lets_the_run_come_to_its_end(start: Start, klokker: Klokker, tmp_path: Path) -> None:
    with start("run", "hold") as terminal:
        begun(tmp_path)
        terminal.type(CTRL_C)
        terminal.shows("What runs may end first; Ctrl-C once more kills it")
        assert outcome_of(klokker) is None
        (tmp_path / "let-go").touch()
        assert terminal.ends() == 0, terminal.shown
    assert outcome_of(klokker) == "succeeded"


def test_a_second_ctrl_c_kills_it_and_its_run_is_lost(start: Start, klokker: Klokker, tmp_path: Path) -> None:
    with start("run", "hold") as terminal:
        begun(tmp_path)
        terminal.type(CTRL_C)
        terminal.shows("Ctrl-C once more")
        terminal.type(CTRL_C)
        assert terminal.ends() == 1, terminal.shown
        assert "run 1 of hold lost" in terminal.shown
        assert "Traceback" not in terminal.shown
    assert outcome_of(klokker) == "lost"


def test_a_task_in_the_commands_own_thread_is_interrupted_and_cancelled(
    start: Start, klokker: Klokker, tmp_path: Path
) -> None:
    environment = clean_environment() | {
        "KLOKKER_HOME": str(tmp_path / "home"),
        "KLOKKER_TASKS": "chores",
        "PYTHONPATH": str(tmp_path),
        "KLOKKER_EXECUTOR": "inline",
    }
    with start("run", "hold", environment=environment) as terminal:
        begun(tmp_path)
        terminal.type(CTRL_C)
        assert terminal.ends() == 130, terminal.shown
        assert "Traceback" not in terminal.shown
    assert outcome_of(klokker) == "cancelled"
