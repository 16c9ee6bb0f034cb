"""A person at a real terminal: what they see there, and what they type."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from tests.waiting import until

STEERING = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
"""What moves the cursor and paints."""

PATIENCE = 60.0
"""Seconds."""

CTRL_C, CTRL_D = "\x03", "\x04"


class Terminal:
    """`klokker` with these arguments in a terminal of its own, of 40 rows and so many columns; ended when it is left."""

    def __init__(self, *arguments: str, environment: Mapping[str, str], folder: Path, columns: int = 100) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        self._said = b""
        self.process = subprocess.Popen(
            [str(Path(sys.executable).with_name("klokker")), *arguments],
            env={**environment, "TERM": "xterm-256color"},
            cwd=folder,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            # So that Ctrl-C there is a signal for it, as for a shell's foreground job.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(theirs)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)

    @property
    def shown(self) -> str:
        """All that was shown so far, without what moves the cursor and paints."""
        return STEERING.sub("", self._said.decode(errors="replace")).replace("\r", "\n")

    def type(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def shows(self, words: str) -> None:
        """Wait until these words have been shown."""
        until(lambda: self._has_ended() or words in self.shown, f"{words!r} on the terminal", within=PATIENCE)
        assert words in self.shown, f"it ended without {words!r}:\n{self.shown}"

    def ends(self) -> int:
        """Its exit code, once it has ended."""
        until(self._has_ended, "the end of the command", within=PATIENCE)
        return self.process.wait(PATIENCE)

    def _has_ended(self) -> bool:
        """Take in what is shown by now; is nobody there any more?"""
        while select.select([self._ours], [], [], 0)[0]:
            try:
                part = os.read(self._ours, 4096)
            except OSError:
                # The other side has closed: that is how a terminal's end reads.
                return True
            self._said += part
        return False
