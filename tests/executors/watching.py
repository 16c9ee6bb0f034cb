"""How a test sees that a process is gone: by a descriptor of that very process, which cannot come to mean another."""

import os
import re
import select
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

from tests.executors.listening import DEADLINE, Listener


class Watch:
    """Holds on to processes by their numbers, from a moment when they live."""

    def __init__(self, pids: Iterable[int]) -> None:
        self._descriptors = {pid: os.pidfd_open(pid) for pid in pids}

    def __enter__(self) -> "Watch":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, frames: TracebackType | None
    ) -> None:
        for descriptor in self._descriptors.values():
            os.close(descriptor)

    def gone(self, within: float = DEADLINE) -> set[int]:
        """Wait until all are gone, or `within` seconds have passed for one; those that are gone."""
        return {pid for pid, descriptor in self._descriptors.items() if _readable(descriptor, within)}

    def alive(self) -> set[int]:
        """Those that live at this moment."""
        return self._descriptors.keys() - self.gone(within=0)


def _readable(descriptor: int, within: float) -> bool:
    waiter = select.poll()
    waiter.register(descriptor, select.POLLIN)
    return bool(waiter.poll(within * 1000))


def parent_of(pid: int) -> int:
    """The process that a living process descends from."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def state_of(pid: int) -> str:
    """The kernel's letter for what a living process does: R runs, S sleeps, T was stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def pid_of(listener: Listener, run: int) -> int:
    """The process in which a run says that it is."""
    return numbers(listener, run, r"pid (\d+)")[0]


def company_of(listener: Listener, run: int) -> list[int]:
    """The processes that a run says it has started."""
    return numbers(listener, run, r"company (\d+) (\d+) (\d+)")


def numbers(listener: Listener, run: int, pattern: str) -> list[int]:
    """Wait for a line of the run's log that matches; the numbers in it."""
    listener.until(lambda: any(re.fullmatch(pattern, line) for line in listener.lines(run)), pattern)
    return [
        int(found) for line in listener.lines(run) if re.fullmatch(pattern, line) for found in re.findall(r"\d+", line)
    ]
