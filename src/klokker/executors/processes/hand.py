"""One warm child as its worker sees it: what it was handed, what it runs, and when its time is up."""

import os
import signal
import socket
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from klokker.core.lifecycle import Outcome
from klokker.core.verdict import Ending
from klokker.executors.attempt import Request
from klokker.executors.contract import Assignment
from klokker.executors.processes import wire
from klokker.executors.processes.line import CUT_OFF

LONGEST_LINE = 16 * 1024 * 1024
"""Bytes without a line's end after which a child is not believed to be speaking to us."""


@dataclass(slots=True)
class Handed:
    """An assignment on its way. `began` is None until its child is known to have come to it."""

    assignment: Assignment
    began: float | None = None

    @property
    def identity(self) -> tuple[int, int]:
        """Run and token."""
        return self.assignment.run, self.assignment.token


@dataclass(slots=True)
class Stopping:
    """The child is being ended, which gives its run this outcome. `next_step`: when to go further, None if that is all."""

    request: Request
    next_step: float | None
    killed: bool = False


class Hand:
    """A child's number, its sockets, and the assignments it holds: the first runs, the others wait in its socket.

    Those that wait are taken back by reading them here, from the same socket: the kernel gives each packet to one
    reader only, so nothing that was taken back has begun, or will.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.pid: int | None = None
        self.ready = False
        self.leaving = False
        self.held: deque[Handed] = deque()
        self.limit: tuple[float, Request] | None = None
        """When the run at the head must end, and as what."""
        self.stopping: Stopping | None = None
        self.quiet = False
        self.gone = False
        """Nothing more is heard of it: its line has ended, or it is not believed any more."""
        self._begun_line = bytearray()
        self._to_child, self._unread = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.talk, self._their_talk = socket.socketpair()
        for end in (self._to_child, self.talk):
            end.setblocking(False)

    def their_ends(self) -> tuple[socket.socket, socket.socket]:
        """What the child is to have: assignments, talk."""
        return self._unread, self._their_talk

    def born(self, pid: int) -> None:
        """The child holds its ends; so that its death shows, only it must."""
        self.pid = pid
        self._their_talk.close()

    @property
    def able(self) -> bool:
        """Does it take assignments?"""
        return self.ready and not self.leaving and self.stopping is None

    @property
    def idle(self) -> bool:
        """Would an assignment begin at once?"""
        return self.able and not self.held

    def hand(self, handed: Handed) -> bool:
        """Send it; False when its socket is full for now."""
        packet = wire.assignment_packet(handed.assignment)
        try:
            if len(packet) <= wire.PACKET:
                self._to_child.send(packet)
            else:
                self._send_file(packet)
        except BlockingIOError:
            return False
        self.held.append(handed)
        return True

    def _send_file(self, packet: bytes) -> None:
        with open(os.memfd_create("assignment"), "wb") as file:
            file.write(packet)
            file.flush()
            socket.send_fds(self._to_child, [wire.in_a_file(packet)], [file.fileno()])

    def take_back(self) -> list[Handed]:
        """What the child has not come to, oldest first; it holds at most the one it runs from here on."""
        # Both sides read from the front: the child may take a later one while an earlier one is taken back.
        back: set[tuple[int, int]] = set()
        with suppress(BlockingIOError):
            while beginning := self._unread.recv(wire.BEGINNING, socket.MSG_DONTWAIT):
                back.add(wire.identity(beginning))
        taken = [handed for handed in self.held if handed.identity in back]
        if taken:
            self.held = deque(handed for handed in self.held if handed.identity not in back)
        return taken

    def request(self, request: Request, *, must_end: bool) -> None:
        """Let the task at the head know that it is asked to end."""
        present = self.held[0].assignment
        # A child that has a socketful of requests and reads none of them will not miss this one.
        with suppress(BlockingIOError, BrokenPipeError, ConnectionResetError):
            self.talk.send(wire.request_line(present.run, present.token, request, must_end=must_end))

    def heard(self) -> Iterator[wire.Said]:
        """Some of what the child has said since the last look; `quiet` tells whether there may be more.

        Raises Garbled, while iterated too.
        """
        try:
            data = b"" if self.gone else self.talk.recv(64 * 1024)
        except BlockingIOError:
            self.quiet = True
            return iter(())
        except ConnectionResetError:
            data = b""  # it ended with a request unread; what it had said was read before
        self.quiet = self.gone = not data
        self._begun_line += data
        if data and len(self._begun_line) - len(data) > LONGEST_LINE:
            raise wire.Garbled(repr(bytes(self._begun_line[:200])))
        if b"\n" not in data:
            return iter(())
        *lines, rest = bytes(self._begun_line).split(b"\n")
        self._begun_line = bytearray(rest)
        return map(wire.said, lines)

    def close(self) -> None:
        """The child is gone."""
        for end in (self._to_child, self._unread, self.talk, self._their_talk):
            end.close()


def death(status: int, stopping: Stopping | None) -> Ending:
    """How a run ended whose process died with this status (minus a signal), while it was being ended or of its own.

    One that a signal took, or that lost its line, has not told its end: it is lost. One that ended itself has failed.
    """
    if stopping is not None:
        return Ending(stopping.request.outcome, error=f"{stopping.request.why}\nThe process running it was killed.")
    outcome = Outcome.LOST
    if status == CUT_OFF:
        why = "lost its line to its worker: something closed file descriptors that it had not opened"
    elif status < 0:
        number = -status
        name = signal.Signals(number).name if number in set(signal.Signals) else "a real-time signal"
        why = f"died with signal {number} ({name})"
        if number == signal.SIGKILL:
            why += "; the kernel sends that when memory is short"
    else:
        outcome = Outcome.FAILED
        why = f"ended itself with exit status {status}"
    return Ending(outcome, error=f"The process running the task {why}.")
