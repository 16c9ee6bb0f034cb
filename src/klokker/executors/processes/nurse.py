"""Who keeps a nursery for a worker's executors, and tells each of them what becomes of its children?

One nurse serves all executors of a worker, so that tasks are imported once however many lanes it works. All of them
live in one thread; `renewed` alone may be called from any other.
"""

import logging
import os
import selectors
import sys
from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from socket import socket
from typing import Protocol

from klokker.core.errors import KlokkerError
from klokker.executors.processes import control
from klokker.executors.processes.link import Link
from klokker.executors.processes.upbringing import Upbringing

log = logging.getLogger(__name__)


class NurseryFailed(KlokkerError):
    """The processes that run tasks cannot be made ready. `prepare` is the import path, `why` what it raised."""

    def __init__(self, prepare: str, why: str) -> None:
        self.prepare, self.why = prepare, why
        super().__init__(f"No process can be made ready to run tasks: {prepare} fails.\n{why}")


class NotHere(KlokkerError):
    """Processes need Linux: it alone can see to it that nothing outlives its worker. Run tasks in `threads` here."""


class Parent(Protocol):
    """An executor, as far as the nurse has news for it."""

    def born(self, child: int, pid: int) -> None:
        """The child has this process id."""

    def died(self, child: int, status: int) -> None:
        """The child, and its group, are gone."""

    def lapsed(self) -> None:
        """The worker has not renewed: all children are being killed."""

    def nursery_died(self, *, prepared: bool) -> None:
        """The nursery is gone, and all children with it. `bear` has a new one at hand afterwards.

        `prepared`: it had been made ready. If not, the next one may fare no better, and there is no hurry.
        """

    def wake(self) -> None:
        """There is news that another executor's turn brought to light."""


class Nurse:
    """`prepare` names, as package.module:function, what makes a process ready; it returns `Prepared`.

    Children are killed when `renewed` is not called for `term`. Each is replaced after so many `runs`, or when it has
    grown by `growth` bytes. To start raises NotHere where the system lacks what this takes.
    """

    def __init__(
        self,
        prepare: str,
        *,
        term: timedelta = timedelta(seconds=20),
        runs: int = 1000,
        growth: int = 256 * 2**20,
    ) -> None:
        self.term = term
        self._upbringing = Upbringing(prepare, tuple(sys.path), runs, growth)
        self._link: Link | None = None
        self._prepared = self._bore = False
        self._unprepared_why = ""
        self._selector = selectors.DefaultSelector()
        self._parents: list[Parent] = []
        self._children: dict[int, Parent] = {}
        self._numbers = count(1)

    def fileno(self) -> int:
        """Readable when `attend` has something to do."""
        return self._selector.fileno()

    @property
    def shared(self) -> bool:
        """Does it serve several executors?"""
        return len(self._parents) > 1

    def join(self, parent: Parent) -> None:
        """From now on this executor is told."""
        self._parents.append(parent)

    def part(self, parent: Parent) -> None:
        """This executor wants to hear no more; with the last, the nursery ends, and whatever children are left."""
        self._parents.remove(parent)
        self._children = {child: theirs for child, theirs in self._children.items() if theirs is not parent}
        if not self._parents:
            self._close()

    def start(self) -> None:
        """Start the nursery now, so that it prepares while its worker is still being put together."""
        self._linked()

    def close(self) -> None:
        """End the nursery, and whatever children are left. The next `bear` starts a new one."""
        # One without children has nothing to tidy up; it may be in the midst of importing, where it hears nothing.
        self._close(at_once=not self._bore)

    def number(self) -> int:
        """A number for a child to come."""
        return next(self._numbers)

    def bear(self, parent: Parent, child: int, ends: Sequence[socket]) -> None:
        """Have a child of this number made, with these ends of its sockets. The first starts the nursery."""
        self._children[child] = parent
        self._bore = True
        self._linked().bear(child, ends)

    def signal(self, child: int, signum: int) -> None:
        """Have a child and all that it has started signalled, unless it is dead already."""
        self._linked().signal(child, signum)

    def renewed(self) -> None:
        """The worker's leases hold. From any thread."""
        link = self._link
        if link is not None:
            link.renewed()

    def attend(self, caller: Parent) -> None:
        """Read what the nursery has said, and tell those whom it concerns. Raises NurseryFailed."""
        if self._link is None:
            return
        heard = self._link.heard()
        try:
            if heard is None:
                self._died()
            else:
                for message in heard:
                    self._heard(message)
        finally:
            for parent in self._parents:
                if heard != [] and parent is not caller:
                    parent.wake()

    def failed(self, why: str) -> NurseryFailed:
        """The error to raise when children cannot be made ready."""
        return NurseryFailed(self._upbringing.prepare, why)

    def _heard(self, message: control.Message) -> None:
        match message:
            case control.Born(child, pid):
                if child in self._children:
                    self._children[child].born(child, pid)
            case control.Died(child, status):
                if child in self._children:
                    self._children.pop(child).died(child, status)
            case control.Lapsed():
                for parent in self._parents:
                    parent.lapsed()
            case control.Prepared(unfit):
                self._prepared = True
                if unfit:
                    log.info("executors.processes.prepared_each: %s", unfit)
            case control.Failed(traceback):
                self._unprepared_why = traceback  # with that it ends

    def _died(self) -> None:
        status, prepared = self._close(), self._prepared
        why = self._unprepared_why or f"it ends the process with status {status}"
        for parent in self._parents:
            parent.nursery_died(prepared=prepared)
        if not prepared:
            raise self.failed(why)

    def _linked(self) -> Link:
        if self._link is None:
            if not hasattr(os, "pidfd_open"):
                raise NotHere
            self._prepared, self._unprepared_why = False, ""
            self._link = Link(self._upbringing, self.term.total_seconds())
            self._selector.register(self._link, selectors.EVENT_READ)
        return self._link

    def _close(self, *, at_once: bool = False) -> int:
        if self._link is None:
            return 0
        link, self._link = self._link, None
        self._selector.unregister(link)
        self._children.clear()
        self._bore = False
        return link.close(at_once=at_once)
