"""What is known of a schedule beside its definition: whether it plans runs, and who keeps it."""

from dataclasses import dataclass
from datetime import datetime

from klokker.core.definition import Revision
from klokker.core.lifecycle import Origin, ScheduleState


@dataclass(frozen=True, slots=True)
class Schedule:
    """A named record, at its newest revision. `since` is its creation."""

    id: int
    state: ScheduleState
    reason: str
    """Why it is paused or broken; empty otherwise."""
    paused_until: datetime | None
    changed_by: str
    """Who paused, resumed or retired it last."""
    origin: Origin
    since: datetime
    revision: Revision
    starts_after_completion: datetime | None = None
    """For "after completion": the moment its first rest is counted from (creation, `starts`, resume, edit)."""
    fault: str = ""
    """Why the newest definition, as stored, cannot be read; `revision.definition` is then a stand-in with little but the name."""
