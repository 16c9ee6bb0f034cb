"""What do a worker and its nursery say to each other? Few things, one packet each."""

import json
from dataclasses import dataclass
from typing import TypeAlias

from klokker.executors.processes.upbringing import Upbringing
from klokker.executors.processes.wire import Garbled

LONGEST = 64 * 1024
"""Bytes of a packet at most."""

# ── from the worker ─────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Prepare:
    """The first: how to bring up children, and after how many seconds without Renewed to kill them."""

    upbringing: Upbringing
    term: float


@dataclass(frozen=True, slots=True)
class Bear:
    """Make a child of this number; its ends of two sockets (assignments, talk) come with the packet."""

    child: int


@dataclass(frozen=True, slots=True)
class Renewed:
    """The worker's leases hold."""


@dataclass(frozen=True, slots=True)
class Signal:
    """Signal this child and all that it has started."""

    child: int
    signal: int


# ── from the nursery ────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Prepared:
    """Children can be made. `unfit`: why they are not copies, but must prepare themselves; empty when they are."""

    unfit: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Preparing raised this; the nursery exits."""

    traceback: str


@dataclass(frozen=True, slots=True)
class Born:
    """The child has this process id, which is also that of its group."""

    child: int
    pid: int


@dataclass(frozen=True, slots=True)
class Died:
    """The child is gone, and its group was killed. `status`: its exit status, or minus the signal that killed it."""

    child: int
    status: int


@dataclass(frozen=True, slots=True)
class Lapsed:
    """The worker has not renewed in time: all children are being killed, and none are made until it renews."""


Message: TypeAlias = Prepare | Bear | Renewed | Signal | Prepared | Failed | Born | Died | Lapsed


def packet(message: Message) -> bytes:
    """The message as a packet."""
    return json.dumps([type(message).__name__, *_fields(message)]).encode()


def _fields(message: Message) -> tuple[object, ...]:
    match message:
        case Prepare(Upbringing(prepare, path, runs, growth), term):
            return (prepare, path, runs, growth, term)
        case Bear(child):
            return (child,)
        case Renewed() | Lapsed():
            return ()
        case Signal(child, number) | Born(child, number) | Died(child, number):
            return (child, number)
        case Prepared(text) | Failed(text):
            return (text,)


def message(data: bytes) -> Message:
    """The message in a packet. Raises Garbled."""
    try:
        parsed: object = json.loads(data)
    except ValueError:
        raise Garbled(repr(data)) from None
    match parsed:
        case ["Prepare", str(prepare), list(path), int(runs), int(growth), float(term)]:
            return Prepare(Upbringing(prepare, tuple(str(entry) for entry in path), runs, growth), term)
        case ["Bear", int(child)]:
            return Bear(child)
        case ["Renewed"]:
            return Renewed()
        case ["Signal", int(child), int(number)]:
            return Signal(child, number)
        case ["Prepared", str(unfit)]:
            return Prepared(unfit)
        case ["Failed", str(traceback)]:
            return Failed(traceback)
        case ["Born", int(child), int(pid)]:
            return Born(child, pid)
        case ["Died", int(child), int(status)]:
            return Died(child, status)
        case ["Lapsed"]:
            return Lapsed()
    raise Garbled(repr(data))
