"""Does the examples' page tell the truth: do its lines run, and are the requirement lines that it names named by tests?"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "examples" / "README.md").read_text()
LINE = re.compile(r"\bS(\d)\.(\d)(?: to S\1\.(\d))?")


def requirement_lines(text: str) -> set[str]:
    """S0.1, S0.2 … as the text names them; `S0.1 to S0.7` names seven."""
    return {
        f"S{system}.{line}"
        for system, first, last in LINE.findall(text)
        for line in range(int(first), int(last or first) + 1)
    }


def test_each_requirement_line_that_an_example_shows_is_named_by_a_test() -> None:
    tests = "".join(file.read_text() for file in (ROOT / "tests").rglob("test_*.py"))
    assert requirement_lines(PAGE) - requirement_lines(tests) == set()


@pytest.mark.acceptance
def test_an_example_runs_alone_as_the_page_says(tmp_path: Path) -> None:
    (block,) = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
    lines = [line.removeprefix("$ ") for line in block.splitlines()]
    assert lines[-1] == "klokker serve"
    home = f"export KLOKKER_HOME={shlex.quote(str(tmp_path / 'home'))}"
    programs = f"export PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH"
    done = subprocess.run(
        ["bash", "-euc", "\n".join([lines[0], home, programs, *lines[1:-1]])],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith(("KLOKKER_", "DJANGO_"))},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"succeeded: \d{4} found, \d{4} anonymized", done.stdout)
