"""How columns share a terminal's width (klokker.cli.columns), and how tables look in real terminals."""

import fcntl
import os
import pty
import re
import struct
import sys
import termios
from pathlib import Path

import pytest
from rich.cells import cell_len

from klokker.cli.columns import GAP, Column, fit
from tests.cli.conftest import Klokker, clean_environment

COLOUR = re.compile(r"\x1b\[[0-9;]*m")

COLUMNS = (
    Column("NAME"),
    Column("STATE"),
    Column("WHEN", cut=True),
    Column("SINCE", spare=True),
    Column("WHY", wrap=True),
)
WISHES = (20, 7, 40, 20, 60)


@pytest.mark.parametrize("available", range(24, 200, 3))
def test_what_is_shown_is_never_wider_than_the_terminal(available: int) -> None:
    shown = fit(COLUMNS, WISHES, available)
    assert sum(shown.values()) + GAP * (len(shown) - 1) <= available
    assert 0 in shown, "what a row is about is never left out"


def test_with_room_for_all_nothing_is_narrowed() -> None:
    assert fit(COLUMNS, WISHES, 155) == dict(enumerate(WISHES))


def test_texts_are_cut_before_a_column_is_left_out_and_names_stay_whole() -> None:
    assert fit(COLUMNS, WISHES, 100) == {0: 20, 1: 7, 2: 22, 3: 20, 4: 23}
    assert fit(COLUMNS, WISHES, 70) == {0: 20, 1: 7, 2: 18, 4: 19}


def in_terminal(folder: Path, columns: int, *arguments: str, **more: str) -> str:
    """What `klokker` shows in a terminal of so many columns."""
    environment = clean_environment() | {"KLOKKER_HOME": str(folder / "home"), "TERM": "xterm-256color", **more}
    environment.pop("NO_COLOR", None) if "NO_COLOR" not in more else None
    environment.pop("COLUMNS", None)
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    program = str(Path(sys.executable).with_name("klokker"))
    actions = [(os.POSIX_SPAWN_DUP2, theirs, 1), (os.POSIX_SPAWN_CLOSE, ours)]
    child = os.posix_spawn(program, [program, *arguments], environment, file_actions=actions)
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 4096):
            shown += part
    except OSError:
        # The other side has closed: that is how a terminal's end reads.
        pass
    os.close(ours)
    os.waitpid(child, 0)
    return shown.decode().replace("\r\n", "\n")


@pytest.mark.acceptance
def test_tables_fit_terminals_of_80_and_120_columns(klokker: Klokker, tmp_path: Path) -> None:
    klokker("migrate")
    tasks = "".join(
        f'[schedules.clean_up_forward_to_external_task_{number}]\ntask = "shop.clean_up_forward_to_external_task"\n'
        f'when = "*/{number} 8-18 * * MON-FRI"\nzone = "Europe/Amsterdam"\n'
        for number in (5, 7)
    )
    (tmp_path / "shop.toml").write_text(tasks)
    assert klokker("sync", "shop.toml", "--yes").returncode == 0
    for columns in (80, 120):
        shown = in_terminal(tmp_path, columns, "list")
        assert max(map(cell_len, COLOUR.sub("", shown).splitlines())) <= columns
        assert "clean_up_forward_to_external_task_5" in shown, "the name is whole"
        assert "\x1b[32mactive" in shown
        assert re.search(r"NEXT +LAST", COLOUR.sub("", shown)), "when it runs next, and how the last run went"
    assert not COLOUR.search(
        in_terminal(tmp_path, 80, "list", NO_COLOR="1").replace("\x1b[1m", "").replace("\x1b[0m", "")
    )
    said = klokker("list")
    assert said.stderr.startswith("2 of them: task not found in registry of this process;")
    piped = said.stdout
    assert not COLOUR.search(piped)
    assert "*/5 8-18 * * MON-FRI (Europe/Amsterdam)" in piped, "nothing is cut off for a program"
