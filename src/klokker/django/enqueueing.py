"""Where does `.enqueue()` go in a Django project? Into the project's own database, inside its transaction where there is one."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from klokker.core.lifecycle import RunKind
from klokker.tasks.port import EnqueuedRun, EnqueueRequest

if TYPE_CHECKING:
    from klokker.store.contract import NewRun


class DjangoEnqueuePort:
    """Makes the runs on the host's connection: they commit or vanish with its transaction; workers are woken on commit."""

    def enqueue(self, requests: Sequence[EnqueueRequest]) -> Sequence[EnqueuedRun]:
        """One run for each request, in their order, all or none. Raises StoreUnavailable."""
        # Imported with the first: every process of the project has this port, and few of them enqueue.
        from klokker.django.store import DjangoStore

        store = DjangoStore()
        now = store.now()
        made = store.enqueue([_run(request, now) for request in requests], now=now)
        return [EnqueuedRun(run.id, request.task) for run, request in zip(made, requests, strict=True)]


def _run(request: EnqueueRequest, now: datetime) -> "NewRun":
    from klokker.store.contract import NewRun

    after = request.run_after
    planned = now if after is None else now + after if isinstance(after, timedelta) else max(after, now)
    return NewRun(
        kind=RunKind.ENQUEUED,
        task=request.task,
        args=request.args,
        kwargs=request.kwargs,
        planned=planned,
        lane=request.lane,
        order=request.order,
    )
