"""What do we ask of the kernel that Python has no word for? Linux; elsewhere the answers are weaker, and say so."""

import os
import signal
import sys
from collections.abc import Set
from contextlib import suppress
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def die_with(parent: int) -> None:
    """Have the kernel kill this process when the thread that forked it is gone; now, if it is gone already (prctl(2))."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def adopt_leftovers() -> None:
    """Become the parent of what children leave behind, to reap it: in a container nobody else may (prctl(2))."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _prctl(option: int, value: int) -> None:
    if sys.platform != "linux":
        return
    import ctypes  # only where it is used: it is slow to import

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def kill_tree(pid: int, signum: signal.Signals) -> None:
    """Signal the process group of `pid`, and those of its descendants that went into groups of their own.

    `pid` must lead a group and not be reaped yet: its number cannot be another's then.
    """
    groups = {pid}
    for descendant in descendants(pid):
        with suppress(ProcessLookupError):
            groups.add(os.getpgid(descendant))
    for group in groups:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signum)


def descendants(pid: int) -> Set[int]:
    """The processes that `pid` and its descendants have started and that still run, by /proc; empty where there is none."""
    found: set[int] = set()
    unseen = [pid]
    while unseen:
        # Any of them may end while it is looked at.
        with suppress(OSError):
            for thread in Path(f"/proc/{unseen.pop()}/task").iterdir():
                children = {int(child) for child in (thread / "children").read_text().split()} - found
                found |= children
                unseen += children
    return found


def unfit_to_copy(sockets: int) -> str:
    """Why a fork of this process, which should hold so many sockets, would not be sound; empty if it would.

    A thread does not survive a fork, but the locks it held do; and two processes must not talk over one connection.
    """
    try:
        threads = len(os.listdir("/proc/self/task"))
        # The first three may be sockets: a service manager's journal.
        held = sum(_target(name).startswith("socket:") for name in os.listdir("/proc/self/fd") if int(name) > 2)
    except FileNotFoundError:
        return "what it holds cannot be seen here: there is no /proc"
    if threads > 1:
        return f"it runs {threads} threads"
    return f"it holds {held - sockets} open connections" if held > sockets else ""


def _target(name: str) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{name}")
    except FileNotFoundError:
        return ""  # the descriptor through which the folder was listed
