"""A worker's link to its nursery: starting it, speaking to it, and seeing that it is gone."""

import os
import select
import socket
import subprocess
from collections.abc import Sequence
from contextlib import suppress

from klokker.executors.processes import control
from klokker.executors.processes.upbringing import Upbringing, python

LAST_WORDS = 10.0
"""Seconds that an ending nursery has to kill and reap its children, before it is killed itself."""


class Link:
    """One nursery process, from start to end. `renewed` may be called from any thread."""

    def __init__(self, upbringing: Upbringing, term: float) -> None:
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            # A session of its own: Ctrl-C, and signals to the worker's group, are the worker's alone to answer.
            # What tasks and their subprocesses write to stdout must not mix with what the worker prints there.
            self._process = subprocess.Popen(
                python("klokker.executors.processes.nursery", str(theirs.fileno())),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=2,
                start_new_session=True,
            )
        self._line.setblocking(False)
        self._say(control.Prepare(upbringing, term))

    def fileno(self) -> int:
        """Readable when the nursery has said something, or is gone."""
        return self._line.fileno()

    @property
    def closed(self) -> bool:
        """Was it let go of?"""
        return self._line.fileno() < 0

    def bear(self, child: int, ends: Sequence[socket.socket]) -> None:
        """Have a child made, with these ends of its sockets, which the nursery is given."""
        with suppress(BrokenPipeError, ConnectionResetError):
            socket.send_fds(self._line, [control.packet(control.Bear(child))], [end.fileno() for end in ends])

    def signal(self, child: int, signum: int) -> None:
        """Have a child and all that it has started signalled, unless it is dead already."""
        self._say(control.Signal(child, signum))

    def renewed(self) -> None:
        """The worker's leases hold."""
        # A nursery that is stopped reads nothing; and this thread may come when the owner has closed the link.
        with suppress(OSError):
            self._line.send(control.packet(control.Renewed()))

    def heard(self) -> list[control.Message] | None:
        """What the nursery has said; None when it is gone."""
        messages: list[control.Message] = []
        while True:
            try:
                data = self._line.recv(control.LONGEST)
            except BlockingIOError:
                return messages
            except ConnectionResetError:
                continue  # it ended without having read everything; said once, before its own last words
            if not data:
                return messages or None
            messages.append(control.message(data))

    def close(self, *, at_once: bool = False) -> int:
        """Let the nursery kill its children and exit; kill it, if that takes it too long, or `at_once`. Its exit status."""
        self._line.close()
        if at_once:
            self._process.kill()
        if self._process.returncode is None:
            ended = os.pidfd_open(self._process.pid)
            try:
                waiter = select.poll()
                waiter.register(ended, select.POLLIN)
                if not waiter.poll(LAST_WORDS * 1000):
                    self._process.kill()
            finally:
                os.close(ended)
        return self._process.wait()

    def _say(self, message: control.Message) -> None:
        # That it is gone shows where its words are read.
        with suppress(BrokenPipeError, ConnectionResetError):
            self._line.send(control.packet(message))
