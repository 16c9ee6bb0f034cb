"""Where do children come from, and who sees to it that they end? The nursery: it runs no task, so none can hold it up.

It imports and prepares once; a child is a copy of it. It reaps the children and kills what they leave. When the worker
is gone it kills them all and exits; when the worker has not renewed for the term, it kills them and waits for word.
"""

import gc
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import traceback
from contextlib import suppress
from typing import NoReturn

from klokker.core.text import head_and_tail
from klokker.executors import contract
from klokker.executors.processes import control, kernel
from klokker.executors.processes.child import Child
from klokker.executors.processes.line import Line
from klokker.executors.processes.upbringing import python

LAST_REAPING = 5
"""Seconds that an ending nursery waits for what it has killed; a process deep in the kernel may take longer."""


class Nursery:
    """One nursery, for one worker, which speaks through `control`."""

    def __init__(self, line: socket.socket, first: control.Prepare) -> None:
        self._line = line
        self._pid = os.getpid()
        self._upbringing = first.upbringing
        self._term = first.term
        self._prepared: contract.Prepared
        self._unfit = ""
        self._children: dict[int, int] = {}
        """Process id → the worker's number of the child."""
        self._expecting: list[tuple[int, list[int]]] = []
        self._lapsed = False
        self._selector = selectors.DefaultSelector()
        self._alarms, self._alarmed = socket.socketpair()

    def run(self) -> None:
        """Until the worker is gone."""
        self._watch()
        if not self._prepare():
            return
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._alarms:
                    self._attend_to_signals()
                elif not self._attend_to_worker():
                    return

    def end(self) -> None:
        """Kill every child, and reap."""
        self._kill_all()
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, LAST_REAPING)
        with suppress(ChildProcessError):
            while True:
                os.wait()

    def _watch(self) -> None:
        for fileobj in (self._line, self._alarms):
            self._selector.register(fileobj, selectors.EVENT_READ)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())  # the worker's thread may block what is to be heard here
        for end in (self._alarms, self._alarmed):
            end.setblocking(False)
        signal.set_wakeup_fd(self._alarmed.fileno(), warn_on_full_buffer=False)
        for ours in (signal.SIGCHLD, signal.SIGALRM):
            signal.signal(ours, lambda *_: None)
        # Whoever signals the worker's whole family means the worker, which will say what is to be done.
        for theirs in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(theirs, signal.SIG_IGN)
        self._renewed()

    def _prepare(self) -> bool:
        try:
            self._prepared = self._upbringing.prepared()
        except BaseException:  # noqa: BLE001 — whatever the project's own modules raise, the worker is to hear of it
            self._say(control.Failed(head_and_tail(traceback.format_exc(), control.LONGEST // 8)))
            return False
        self._unfit = kernel.unfit_to_copy(sockets=3)
        # What is here now stays as it is; frozen, it is not touched by the collector, and copies share its memory.
        gc.collect()
        gc.freeze()
        self._say(control.Prepared(self._unfit))
        return True

    # ── the worker's words ──────────────────────────────────────────────────────────────────────────────────────────

    def _attend_to_worker(self) -> bool:
        try:
            data, descriptors, _, _ = socket.recv_fds(self._line, control.LONGEST, 2)
        except ConnectionResetError:
            return True  # it ended without having read everything; the end itself comes next
        if not data:
            return False
        match control.message(data):
            case control.Bear(child):
                self._expecting.append((child, descriptors))
                self._bear()
            case control.Renewed():
                self._lapsed = False
                self._renewed()
                self._bear()
            case control.Signal(child, number):
                for pid in [pid for pid, known in self._children.items() if known == child]:
                    kernel.kill_tree(pid, signal.Signals(number))
        return True

    def _renewed(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, self._term)

    def _bear(self) -> None:
        while self._expecting and not self._lapsed:
            child, descriptors = self._expecting.pop(0)
            pid = self._spawn(descriptors) if self._unfit else self._copy(descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
            self._children[pid] = child
            self._say(control.Born(child, pid))

    def _copy(self, descriptors: list[int]) -> int:
        pid = os.fork()
        if pid:
            # Both sides do this: whoever comes first, the group is there when it is needed.
            with suppress(ProcessLookupError, PermissionError):
                os.setpgid(pid, pid)
            return pid
        try:
            self._become_child(descriptors)
        except BaseException:  # noqa: BLE001 — nothing may return into the nursery's own loop from here
            traceback.print_exc()
            os._exit(1)
        os._exit(0)

    def _become_child(self, descriptors: list[int]) -> None:
        os.setpgid(0, 0)
        kernel.die_with(self._pid)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGALRM, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for ours in (self._selector, self._line, self._alarms, self._alarmed):
            ours.close()
        self._children.clear()
        assignments, talk = (socket.socket(fileno=descriptor) for descriptor in descriptors)
        Child(Line(assignments, talk), self._prepared, self._upbringing).serve()

    def _spawn(self, descriptors: list[int]) -> int:
        up = self._upbringing
        argument = json.dumps([self._pid, *descriptors, up.prepare, up.path, up.runs, up.growth])
        command = python("klokker.executors.processes.child", argument)
        child = subprocess.Popen(command, pass_fds=descriptors, process_group=0, stdin=subprocess.DEVNULL)
        child.returncode = 0  # it is reaped here, not by this object
        return child.pid

    # ── the children's ends ─────────────────────────────────────────────────────────────────────────────────────────

    def _attend_to_signals(self) -> None:
        rung = self._alarms.recv(4096)
        if signal.SIGALRM in rung:
            self._lapse()
        if signal.SIGCHLD in rung:
            self._reap()

    def _lapse(self) -> None:
        self._lapsed = True
        self._say(control.Lapsed())
        self._kill_all()

    def _kill_all(self) -> None:
        for pid in self._children:
            kernel.kill_tree(pid, signal.SIGKILL)

    def _reap(self) -> None:
        with suppress(ChildProcessError):
            # Looked at first, reaped afterwards: until then its number, and its group's, cannot be another's.
            while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                child = self._children.pop(ended.si_pid, None)
                if child is not None:
                    kernel.kill_tree(ended.si_pid, signal.SIGKILL)
                _, status = os.waitpid(ended.si_pid, 0)
                if child is not None:
                    self._say(control.Died(child, os.waitstatus_to_exitcode(status)))

    def _say(self, message: control.Message) -> None:
        # A worker that is gone will be noticed where its words are read.
        with suppress(BrokenPipeError, ConnectionResetError):
            self._line.send(control.packet(message))


def main() -> NoReturn:
    """A nursery, on the socket whose descriptor is the only argument."""
    kernel.adopt_leftovers()
    line = socket.socket(fileno=int(sys.argv[1]))
    data = line.recv(control.LONGEST)
    match control.message(data) if data else None:
        case control.Prepare() as first:
            nursery = Nursery(line, first)
            try:
                nursery.run()
            finally:
                nursery.end()
    os._exit(0)
