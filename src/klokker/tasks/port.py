"""Where do enqueued runs go? To the port that wiring (or the Django app) connected for this process."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from klokker.core.errors import KlokkerError
from klokker.core.json_values import Json


@dataclass(frozen=True, slots=True)
class EnqueueRequest:
    """One run that a program asks for. The arguments fit the task.

    `run_after`: not before this moment (aware), or this long from now by the store's clock; None: at once.
    """

    task: str
    args: Sequence[Json]
    kwargs: Mapping[str, Json]
    lane: str
    order: int
    run_after: datetime | timedelta | None = None


@dataclass(frozen=True, slots=True)
class EnqueuedRun:
    """The run that came of it; `id` is what every face calls it by."""

    id: int
    task: str


class EnqueuePort(Protocol):
    """Makes runs of the kind "enqueued"."""

    def enqueue(self, requests: Sequence[EnqueueRequest]) -> Sequence[EnqueuedRun]:
        """One run for each request, in their order, all or none; inside the program's own transaction where there is one."""


class NotConnected(KlokkerError):
    """This process has no store to enqueue to. In a Django project put 'klokker.django' into INSTALLED_APPS and call
    django.setup() before enqueuing; elsewhere connect one with klokker.tasks.port.connect(...)."""


_connected: EnqueuePort | None = None


def connect(port: EnqueuePort | None) -> EnqueuePort | None:
    """From now on runs of this process are enqueued through `port` (None: nowhere). The one that was connected before."""
    global _connected
    before, _connected = _connected, port
    return before


def connected() -> EnqueuePort:
    """The port of this process. Raises NotConnected."""
    if _connected is None:
        raise NotConnected
    return _connected
