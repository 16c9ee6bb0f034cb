"""A child's line to its worker: assignments come in, requests come in meanwhile, and what the child says goes out."""

import os
import socket
import sys
import threading
from collections.abc import Callable, Sequence

from klokker.executors.attempt import Request
from klokker.executors.contract import Report
from klokker.executors.processes import wire

CUT_OFF = 71
"""The exit status of a child whose line is gone: something closed its descriptors (EX_OSERR of sysexits.h)."""


class Line:
    """Two sockets: `assignments`, one packet each, and `talk`, lines both ways.

    A child that can no longer speak can do nothing useful: it exits, and its worker draws the conclusion.
    """

    def __init__(self, assignments: socket.socket, talk: socket.socket) -> None:
        for end in (assignments, talk):
            end.set_inheritable(False)
        self._assignments = assignments
        self._talk = talk
        self._inode = os.fstat(talk.fileno()).st_ino
        self._voice = threading.Lock()
        self._open = True
        self._main = threading.get_ident()
        self._midway = False
        self._afterwards: Callable[[], None] | None = None

    def assignment(self) -> bytes:
        """Wait for the next assignment's packet; empty when the worker has closed the line."""
        packet, ancillary, _, _ = self._assignments.recvmsg(wire.PACKET, socket.CMSG_SPACE(4))
        if not ancillary:
            return packet
        [(_, _, descriptor)] = ancillary
        with open(int.from_bytes(descriptor, sys.byteorder), "rb") as file:
            file.seek(0)
            return file.read()

    def say(self, said: wire.Ready | wire.Leaving | Report) -> None:
        """Tell the worker; from any thread of a task."""
        line = wire.said_line(said)
        in_main = threading.get_ident() == self._main
        self._midway = self._midway or in_main
        with self._voice:
            if self._open:
                self._check()
                try:
                    self._talk.sendall(line)
                except OSError:
                    os._exit(CUT_OFF)
        if in_main:
            self._midway = False
            if self._afterwards is not None:
                afterwards, self._afterwards = self._afterwards, None
                afterwards()

    def interrupt(self, raising: Callable[[], None]) -> None:
        """Call `raising` in the main thread, where this is called: now, or after the line that is being said is out."""
        if self._midway:
            self._afterwards = raising
        else:
            raising()

    def requests(self) -> Sequence[tuple[int, int, Request, bool]]:
        """What the worker has asked since the last look; see `wire.requests`. Does not wait."""
        if not self._open:
            return ()
        self._check()
        try:
            # A request is written at once and is far shorter than this: none comes in pieces.
            return wire.requests(self._talk.recv(64 * 1024, socket.MSG_DONTWAIT))
        except BlockingIOError:
            return ()
        except OSError:
            os._exit(CUT_OFF)

    def drop(self) -> None:
        """In a copy that a task made of its process: let go, silently. The worker must see the line end with the child."""
        self._open = False
        self._voice = threading.Lock()
        self._assignments.close()
        self._talk.close()

    def _check(self) -> None:
        # A task may have closed every descriptor, and opened files since: one of those must not be written to.
        try:
            same = os.fstat(self._talk.fileno()).st_ino == self._inode
        except OSError:
            same = False
        if not same:
            os._exit(CUT_OFF)
