"""Does what the pages show work? Their blocks of code are run, each page in a folder of its own (tests/docs/blocks.py says how)."""

import json
import os
import shlex
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.docs.blocks import MUST_SAY_WHY, READ, Block, Command, blocks
from tests.docs.session import Session
from tests.waiting import StillWaiting, until

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def shown(page: Path) -> str:
    return str(page.relative_to(ROOT))


def pages_that_run() -> list[object]:
    """Each page with something to run; those with commands are slow, as each starts a process."""
    return [
        pytest.param(page, id=shown(page), marks=[pytest.mark.acceptance] if "console" in languages else [])
        for page in PAGES
        if (languages := {block.language for block in blocks(page) if block.runs})
    ]


def environment(folder: Path) -> dict[str, str]:
    """A terminal of 100 columns without colours, and a data folder that belongs to the page."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KLOKKER_", "DJANGO_"))}
    return {
        **kept,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(folder),
        "KLOKKER_HOME": str(folder / "data"),
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "TZ": "UTC",
    }


@pytest.mark.parametrize("page", pages_that_run())
def test_the_blocks_of_a_page_work(page: Path, tmp_path: Path) -> None:
    terminal = environment(tmp_path)
    session = Session(tmp_path, terminal)
    beside: list[Beside] = []
    try:
        for block in blocks(page):
            if block.not_run is not None:
                continue
            if block.file is not None:
                write(block, tmp_path)
            elif block.language == "python":
                wrong = session.run(block.text, shown(page), block.line)
                assert wrong is None, f"{shown(page)}:{block.line}\n{wrong}"
            elif block.language == "console":
                for command in block.commands:
                    if command.beside:
                        beside.append(Beside(command, tmp_path, terminal))
                    elif beside:
                        run_until_shown(command, page, tmp_path, terminal)
                    else:
                        run(command, page, tmp_path, terminal)
        for each in beside:
            assert each.ends() in (0, 130), f"{shown(page)}:{each.command.line} $ {each.command.text}\n{each.printed()}"
    finally:
        for each in beside:
            each.ends()
        session.close()


def write(block: Block, folder: Path) -> None:
    assert block.file is not None
    target = (folder / block.file).resolve()
    assert target.is_relative_to(folder.resolve()), f"{shown(block.page)}:{block.line} writes outside its folder"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(block.text)


def run(command: Command, page: Path, folder: Path, terminal: dict[str, str]) -> None:
    """Run it in the page's terminal: what one command exports, the next ones see."""
    if command.text.startswith("export "):
        exported = (each.partition("=") for each in shlex.split(command.text)[1:])
        terminal.update({name: value for name, _, value in exported})
        return
    done = subprocess.run(
        ["bash", "-c", command.text],
        cwd=folder,
        env=terminal,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    said = f"{shown(page)}:{command.line} $ {command.text}\nprinted:\n{done.stdout}"
    assert done.returncode == command.exits, f"{said}exit code {done.returncode}, the page says {command.exits}"
    missing = command.differs(done.stdout)
    assert missing is None, f"{said}nothing printed, in this order, is as the page shows: {missing}"


class Beside:
    """A command that runs beside others in the page's terminal, such as a server."""

    def __init__(self, command: Command, folder: Path, terminal: dict[str, str]) -> None:
        self.command = command
        self._told = folder / f".beside-{command.line}"
        with self._told.open("w") as told:
            self._process = subprocess.Popen(
                ["bash", "-c", command.text.removesuffix(" &")],
                cwd=folder,
                env=terminal,
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # Whoever started the tests in the background has taken Ctrl-C from their children.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )

    def ends(self) -> int:
        """Its exit code after Ctrl-C."""
        if self._process.poll() is None:
            # To all of them, as a terminal does it.
            os.killpg(self._process.pid, signal.SIGINT)
        return self._process.wait(60)

    def printed(self) -> str:
        return self._told.read_text()


def run_until_shown(command: Command, page: Path, folder: Path, terminal: dict[str, str]) -> None:
    """Run it until it does what the page shows, which something beside it may have to bring about first."""
    differs: list[str] = []

    def look() -> bool:
        try:
            run(command, page, folder, terminal)
        except AssertionError as told:
            differs[:] = [str(told)]
            return False
        return True

    try:
        until(look, "what the page shows", within=60, every=0.2)
    except StillWaiting:
        raise AssertionError(differs[0]) from None


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_what_is_not_run_says_why_and_what_is_data_can_be_read(page: Path) -> None:
    for block in blocks(page):
        where = f"{shown(page)}:{block.line}"
        assert block.not_run is None or len(block.not_run.split()) > 2, f"{where} is not run, for no stated reason"
        assert block.runs or block.not_run or block.language not in MUST_SAY_WHY, f"{where} write console or python"
        if block.not_run is None and block.language in READ:
            (tomllib if block.language == "toml" else json).loads(block.text)


PAGE = """
Some words.

<!-- not run: it would format the disk -->
```console
$ mkfs
```

1. Indented:

   ```python
   # chores.py
   told = "tick"
   ```

```console
$ cat chores.py
told = "t…"
$ ls /not-there  # exits 2
```
"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    written = tmp_path / "page.md"
    written.write_text(PAGE)
    return written


def test_blocks_are_found_with_their_place_and_reason(page: Path) -> None:
    first, second, third = blocks(page)
    assert (first.line, first.language, first.not_run, first.runs) == (5, "console", "it would format the disk", False)
    assert (second.line, second.file, second.text) == (11, "chores.py", '# chores.py\ntold = "tick"\n')
    assert [(each.text, each.exits, each.shown) for each in third.commands] == [
        ("cat chores.py", 0, ['told = "t…"']),
        ("ls /not-there  # exits 2", 2, []),
    ]


@pytest.mark.parametrize(
    ("shown_lines", "printed", "differs"),
    [
        (["one", "two"], "one\nbetween\ntwo\n", None),
        (["a  b"], "  a b  \n", None),
        (["run … took … s"], "run 7 took 0.2 s\n", None),
        (["two", "one"], "one\ntwo\n", "one"),
        (["run … failed"], "run 7 succeeded\n", "run … failed"),
    ],
)
def test_output_is_compared_line_by_line(shown_lines: list[str], printed: str, differs: str | None) -> None:
    assert Command(1, "echo", 0, shown_lines).differs(printed) == differs


def test_a_wrong_exit_code_and_a_wrong_line_are_seen(tmp_path: Path) -> None:
    page, terminal = ROOT / "README.md", environment(tmp_path)
    with pytest.raises(AssertionError, match="exit code 1, the page says 0"):
        run(Command(1, "false", 0, []), page, tmp_path, terminal)
    with pytest.raises(AssertionError, match="is as the page shows: tock"):
        run(Command(1, "echo tick", 0, ["tock"]), page, tmp_path, terminal)


def test_what_one_command_exports_the_next_one_sees(tmp_path: Path) -> None:
    page, terminal = ROOT / "README.md", environment(tmp_path)
    run(Command(1, "export SAID='tick tock' LOUD=1", 0, []), page, tmp_path, terminal)
    run(Command(2, "echo $SAID $LOUD", 0, ["tick tock 1"]), page, tmp_path, terminal)


def test_what_runs_beside_the_others_is_waited_for_and_stopped(tmp_path: Path) -> None:
    page, terminal = ROOT / "README.md", environment(tmp_path)
    (tmp_path / "server.py").write_text("import signal\nopen('up', 'w').close()\nsignal.pause()\n")
    server = Beside(Command(1, "python server.py &", 0, []), tmp_path, terminal)
    try:
        run_until_shown(Command(2, "ls up", 0, ["up"]), page, tmp_path, terminal)
    finally:
        assert server.ends() != 0, "Ctrl-C interrupts it"
    assert "KeyboardInterrupt" in server.printed()


def test_a_session_keeps_its_names_and_tells_what_went_wrong(tmp_path: Path) -> None:
    session = Session(tmp_path, environment(tmp_path))
    try:
        assert session.run("told = 'tick'", "a.md", 1) is None
        assert session.run(">>> told\n'tick'\n>>> told * 20\n'tick…tick'", "a.md", 2) is None
        assert "Got" in (session.run(">>> told\n'tock'", "a.md", 3) or "")
        raised = session.run("\n1 / 0", "a.md", 4) or ""
        assert 'File "a.md", line 6' in raised
        assert "ZeroDivisionError" in raised
    finally:
        session.close()
