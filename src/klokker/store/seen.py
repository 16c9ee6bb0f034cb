"""What may be seen of a run, in any store: for tests, simulations and whoever looks over a store's shoulder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from klokker.core.json_values import Json
from klokker.core.lifecycle import Outcome, RunKind, RunState


@dataclass(frozen=True, slots=True)
class SeenAttempt:
    """An earlier try of a run that was tried again."""

    number: int
    process: str
    outcome: Outcome
    started: datetime
    finished: datetime
    error: str = ""


@dataclass(frozen=True, slots=True)
class SeenRun:
    """A run as it stands. `process` is empty unless it is claimed; `attempts` are those before the one at hand."""

    id: int
    kind: RunKind
    state: RunState
    outcome: Outcome | None
    schedule: int | None
    revision: int | None
    node: str
    nominal: datetime | None
    for_nominal: datetime | None
    planned: datetime
    start_before: datetime | None
    lane: str
    order: int
    task: str
    args: Sequence[Json]
    kwargs: Mapping[str, Json]
    holds_turn: bool
    process: str
    token: int
    cancel_asked: bool
    asked_by: str
    retry_of: int | None
    started: datetime | None
    finished: datetime | None
    result: Json = None
    counts: Mapping[str, int] = field(default_factory=dict)
    error: str = ""
    done: int | None = None
    total: int | None = None
    log: Sequence[str] = ()
    attempts: Sequence[SeenAttempt] = ()
