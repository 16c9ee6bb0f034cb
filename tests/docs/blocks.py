"""Which blocks of code does a page show, and what is to be done with each?

    ```python              runs, in one session per page; `>>>` lines are compared with what they show, others must not raise
    ```python              first line `# chores.py`: becomes that file in the page's folder, for the blocks below it
    ```console             `$ ` lines run in the page's folder; the lines below each are what it prints, `…` stands for anything
    ```toml, ```json       must be readable; a first line `# schedules.toml` makes the file
    ```text, or others     are looked at by people alone

What a command exports, the next ones see. A command that ends with `# exits 3` must do so; all others must exit 0.
A command that ends with ` &` runs beside the following ones until the page ends, is stopped as by Ctrl-C, and exits 0, or 130 if it had
nothing to finish.
While one does, a command is repeated until it prints what is shown (for at most a minute).
`<!-- not run: reason -->` above a block leaves it to the reader, with the reason.
"""

import re
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^(?P<indent> *)```(?P<language>[\w-]*)[ \t]*$")
NOT_RUN = re.compile(r"^ *<!-- not run:(?P<reason>.*)-->$")
FILE = re.compile(r"^(?:#|//) (?P<name>[\w./-]+\.\w+)$")
EXITS = re.compile(r"\s+# exits (?P<code>\d+)$")
ANYTHING = "…"

RUNS = ("python", "console")
READ = ("toml", "json")
# These look like something to run; whoever means a command writes `console`.
MUST_SAY_WHY = (*RUNS, "sh", "bash", "shell", "pycon", "py")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block of a page."""

    page: Path
    line: int
    language: str
    text: str
    not_run: str | None = None

    @property
    def file(self) -> str | None:
        """The file that this block is the content of, or None."""
        first = FILE.match(self.text.split("\n", 1)[0])
        return first["name"] if first else None

    @property
    def runs(self) -> bool:
        return self.language in RUNS and self.not_run is None

    @property
    def commands(self) -> list["Command"]:
        """The commands of a console block, each with the output shown for it."""
        commands: list[Command] = []
        for number, line in enumerate(self.text.splitlines(), self.line + 1):
            if line.startswith("$ "):
                exits = EXITS.search(line)
                commands.append(Command(number, line[2:], int(exits["code"]) if exits else 0, []))
            elif commands and commands[-1].text.endswith("\\") and not commands[-1].shown:
                commands[-1].text += "\n" + line
            elif commands:
                commands[-1].shown.append(line)
            else:
                raise ValueError(f"{self.page}:{number}: a console block begins with a `$ ` line")
        return commands


@dataclass(slots=True)
class Command:
    """One command and what the page shows of its output: lines, in order, of which some may be left out with `…`."""

    line: int
    text: str
    exits: int
    shown: list[str]

    @property
    def beside(self) -> bool:
        """Whether it runs beside the commands that follow."""
        return self.text.endswith(" &")

    def differs(self, printed: str) -> str | None:
        """The first shown line that was not printed, or None. Blanks at the ends and between words do not count."""
        lines = [" ".join(line.split()) for line in printed.splitlines()]
        at = 0
        for line in self.shown:
            wanted = " ".join(line.split())
            if wanted in ("", ANYTHING):
                continue
            pattern = re.compile(".*".join(re.escape(part.strip()) for part in wanted.split(ANYTHING)))
            while at < len(lines) and not pattern.fullmatch(lines[at]):
                at += 1
            if at == len(lines):
                return line
            at += 1
        return None


def blocks(page: Path) -> list[Block]:
    """All fenced blocks of the page, in order."""
    found: list[Block] = []
    lines = page.read_text().splitlines()
    reason: str | None = None
    opened: tuple[int, str, str] | None = None
    for number, line in enumerate(lines, 1):
        fence = FENCE.match(line)
        if opened is not None:
            start, language, indent = opened
            if line.strip() == "```":
                inside = [each.removeprefix(indent) for each in lines[start : number - 1]]
                found.append(Block(page, start, language, "\n".join(inside) + "\n", reason))
                opened, reason = None, None
        elif fence:
            opened = number, fence["language"], fence["indent"]
        elif said := NOT_RUN.match(line):
            reason = said["reason"].strip()
        elif line.strip():
            reason = None
    if opened is not None:
        raise ValueError(f"{page}:{opened[0]}: this block is never closed")
    return found
