"""What does a child do? It takes an assignment, runs the task in its main thread, says how it ended, and takes the next.

It has no thread of its own: a task may fork, handle signals, and hold the interpreter as it likes. What the worker asks
meanwhile is read when the task looks whether it is cancelled, or when SIGTERM interrupts it.
"""

import json
import logging
import os
import resource
import signal
import socket
import sys
from types import FrameType, TracebackType

from klokker.executors.attempt import Request, attempt
from klokker.executors.contract import Assignment, Ended, Prepared
from klokker.executors.processes import kernel, wire
from klokker.executors.processes.line import CUT_OFF, Line
from klokker.executors.processes.printed import Printed
from klokker.executors.processes.upbringing import Upbringing
from klokker.executors.reporter import RunReporter
from klokker.tasks.context import RunContext


class Interrupted(BaseException):
    """The run was asked to end, and did not; its process is about to be killed. Raised inside the task, by SIGTERM."""


class Child:
    """One child, from its first assignment to its last."""

    def __init__(self, line: Line, prepared: Prepared, upbringing: Upbringing) -> None:
        self._line = line
        self._prepared = prepared
        self._runs = upbringing.runs
        self._largest = _peak() + upbringing.growth
        self._home = _opened(".")
        self._printed = Printed(logging.INFO, sys.stderr), Printed(logging.WARNING, sys.stderr)
        self._copied = False
        self._current: tuple[Assignment, RunReporter] | None = None
        self._request: Request | None = None
        self._must_end = False
        self._interruptible = False
        self._interrupted = False

    def serve(self) -> None:
        """Run what is assigned, until the worker closes the line or the child has served its time."""
        os.register_at_fork(after_in_child=self._disown)
        self._restore()
        self._line.say(wire.Ready())
        for _ in range(self._runs):
            packet = self._line.assignment()
            if not packet:
                return
            self._attempt(wire.assignment(packet))
            if self._interrupted or _peak() > self._largest:
                break
        self._line.say(wire.Leaving())

    def _attempt(self, assignment: Assignment) -> None:
        monotonic = self._prepared.monotonic
        reporter = RunReporter(assignment, self._prepared, self._line.say, self._asked)
        self._current, self._request, self._must_end = (assignment, reporter), None, False
        began = monotonic()
        ending = attempt(assignment, self._prepared, reporter, self._around)
        if self._copied:
            os._exit(0)  # a copy that the task made of this process, and did not end
        reporter.close()
        self._current = None
        self._restore()
        self._line.say(Ended(assignment.run, assignment.token, ending, began, monotonic()))

    def _around(self, run: RunContext) -> "_Inside":
        return _Inside(self, run)

    def begin(self, run: RunContext) -> None:
        """The task begins: what it prints is the run's, and SIGTERM may interrupt it."""
        for printed in self._printed:
            printed.hear(run)
        sys.stdout, sys.stderr = self._printed
        self._interruptible = True

    def end(self) -> None:
        """The task is over."""
        self._interruptible = False
        for printed in self._printed:
            printed.end()

    def _asked(self) -> Request | None:
        if self._current is not None:
            present = self._current[0]
            for run, token, request, must_end in self._line.requests():
                # One for an earlier run came when that had just ended.
                if (run, token) == (present.run, present.token):
                    self._request = self._request or request
                    self._must_end = self._must_end or must_end
        return self._request

    def _terminated(self, _: int, __: FrameType | None) -> None:
        # The worker writes its request before it has the signal sent. A SIGTERM without one comes from a service manager
        # that signals everyone (systemd's default); the worker drains then, and this run is to end in peace.
        if self._asked() is None or not (self._must_end and self._interruptible and self._current):
            return
        self._interruptible, self._interrupted = False, True
        self._current[1].cancelled()
        self._line.interrupt(_interrupt)

    def _restore(self) -> None:
        # What one task leaves behind in the process must not reach the next.
        signal.setitimer(signal.ITIMER_REAL, 0)
        if (
            signal.getsignal(signal.SIGTERM) != self._terminated
        ):  # asked first: to set it takes longer than all the rest
            signal.signal(signal.SIGTERM, self._terminated)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        try:
            os.fchdir(self._home)
        except OSError:
            os._exit(CUT_OFF)

    def _disown(self) -> None:
        """In a copy made by the task itself (os.fork, multiprocessing): it is no child of the worker's."""
        self._copied = True
        self._interruptible = False
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        self._line.drop()


class _Inside:
    """Around the call of a task. A class, because `contextlib.contextmanager` takes thrice as long."""

    __slots__ = ("_child", "_run")

    def __init__(self, child: Child, run: RunContext) -> None:
        self._child, self._run = child, run

    def __enter__(self) -> None:
        self._child.begin(self._run)

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, frames: TracebackType | None
    ) -> None:
        self._child.end()


def _interrupt() -> None:
    raise Interrupted("The task was interrupted here.")


def _opened(folder: str) -> int:
    try:
        return os.open(folder, os.O_RDONLY)
    except OSError:
        return os.open("/", os.O_RDONLY)  # it was removed under the worker, or is not to be listed by us


def _peak() -> int:
    """Bytes of memory that this process has held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> None:
    """A child in a process of its own making, where a copy of the nursery would not be sound."""
    parent, assignments, talk, *upbringing = json.loads(sys.argv[1])
    kernel.die_with(parent)
    prepare, path, runs, growth = upbringing
    raised_as = Upbringing(prepare, tuple(path), runs, growth)
    line = Line(socket.socket(fileno=assignments), socket.socket(fileno=talk))
    Child(line, raised_as.prepared(), raised_as).serve()
    os._exit(0)
