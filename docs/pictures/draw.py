"""Draws what a terminal shows after real commands as an SVG: `python docs/pictures/draw.py FILE.svg COMMAND…`.

The commands run in a terminal of their own, one after another; nothing in the picture is made up. `make picture` draws the README's.
"""

import argparse
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

# Pictures on pages load no fonts from elsewhere: each browser's own will do.
FONT_FACES = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
FONTS = ("Fira Code, monospace", "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace")

THEME = TerminalTheme(
    (24, 26, 31),
    (220, 223, 228),
    [
        (60, 63, 70),
        (232, 108, 96),
        (132, 190, 106),
        (222, 178, 92),
        (98, 160, 234),
        (190, 132, 220),
        (86, 182, 194),
        (220, 223, 228),
    ],
    [
        (120, 125, 135),
        (240, 130, 120),
        (150, 210, 125),
        (240, 200, 115),
        (125, 180, 250),
        (210, 155, 240),
        (110, 205, 215),
        (255, 255, 255),
    ],
)


def shown(command: str, *, width: int, height: int = 60) -> str:
    """What the command writes to a terminal of this size, with its colours."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
    with subprocess.Popen(
        ["bash", "-c", command],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        env={
            **os.environ,
            "TERM": "xterm-256color",
            "COLUMNS": str(width),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        },
    ):
        os.close(theirs)
        pieces = []
        try:
            while piece := os.read(ours, 65536):
                pieces.append(piece)
        except OSError:
            # Linux says "input/output error" where the other end of a terminal is closed.
            pass
        os.close(ours)
    return b"".join(pieces).decode().replace("\r\n", "\n")


def draw(commands: list[str], *, title: str, width: int) -> str:
    """The SVG of a terminal in which these commands were typed."""
    with Path(os.devnull).open("w") as nowhere:
        console = Console(
            record=True, width=width, file=nowhere, force_terminal=True, color_system="truecolor", legacy_windows=False
        )
        for number, command in enumerate(commands):
            if number:
                console.print()
            console.print(Text.assemble(("$ ", "bright_black"), (command, "bold")))
            console.print(Text.from_ansi(shown(command, width=width).rstrip("\n")))
        svg = console.export_svg(title=title, theme=THEME, unique_id="klokker")
    return FONT_FACES.sub("", svg).replace(*FONTS)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("file", type=Path)
    arguments.add_argument("command", nargs="+")
    arguments.add_argument("--title", default="klokker")
    arguments.add_argument("--width", type=int, default=120)
    given = arguments.parse_args()
    given.file.write_text(draw(given.command, title=given.title, width=given.width))


if __name__ == "__main__":
    main()
