"""How do processes on one machine wake each other over an SQLite file? By datagrams, through sockets in a folder beside it.

Each listening process has a socket of its own there; to ring is to send one byte to each. A socket whose process is gone
refuses, and is removed by whoever rings. Folder and sockets are for this user alone (0700, 0600).
"""

import errno
import os
import secrets
import socket
import stat
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from klokker.django.waking.waiting import Deaf

LONGEST_PATH = 100
"""Bytes that the address of a socket may take, everywhere (Linux: 107)."""

NAME_LENGTH = 21
"""A slash, sixteen characters, `.ear`."""

GONE = (errno.ECONNREFUSED, errno.ENOENT, errno.ENOTSOCK)


class SocketBell:
    """The bell of the database in this file."""

    def __init__(self, file: str) -> None:
        self.folder = _folder(os.path.realpath(file))
        self._own: Path | None = None

    def listen(self, heard: Callable[[], None], stopped: threading.Event) -> None:
        """Listen at a socket of our own until stopped."""
        own = self.folder / f"{secrets.token_hex(8)}.ear"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
            try:
                self._make_folder()
                ear.bind(str(own))
                own.chmod(0o600)
            except OSError as error:
                raise Deaf(f"no socket can be made in {self.folder}: {error}") from error
            self._own = own
            heard()
            try:
                while not stopped.is_set():
                    ear.recv(1)
                    if not stopped.is_set():
                        heard()
            finally:
                self._own = None
                own.unlink(missing_ok=True)

    def ring(self) -> None:
        """One byte to each of the others."""
        try:
            ears = [each.path for each in os.scandir(self.folder) if each.name.endswith(".ear")]
        except OSError:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as mouth:
            # An ear that is full has not yet heard the ring before this one: it is not to be waited for.
            mouth.setblocking(False)
            for ear in ears:
                if self._own is None or ear != str(self._own):
                    _say(mouth, ear)

    def interrupt(self) -> None:
        """Ring at our own ear."""
        own = self._own
        if own is not None:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as mouth:
                mouth.setblocking(False)
                _say(mouth, str(own))

    def _make_folder(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = self.folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            raise OSError(errno.EPERM, "is another user's", str(self.folder))


def _say(mouth: socket.socket, ear: str) -> None:
    try:
        mouth.sendto(b"\a", ear)
    except OSError as error:
        if error.errno in GONE:
            with suppress(OSError):
                os.unlink(ear)


def _folder(file: str) -> Path:
    """Beside the file; or, where that makes too long an address, in the folder for temporary files."""
    beside = f"{file}-ears"
    if len(os.fsencode(beside)) + NAME_LENGTH <= LONGEST_PATH:
        return Path(beside)
    digest = sha256(os.fsencode(file)).hexdigest()[:24]
    return Path(tempfile.gettempdir()) / f"klokker-{os.geteuid()}" / digest
