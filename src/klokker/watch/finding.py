"""What may be wrong, and how that is said."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from klokker.core.json_values import Json


class Kind(StrEnum):
    """The kinds of incident (docs/concepts/incident.md)."""

    LATE = "late"
    FAILING = "failing"
    STUCK = "stuck"
    OVERRUN = "overrun"
    BROKEN = "broken"
    UNKNOWN_TASK = "unknown task"
    NO_WORKER = "no worker"
    NO_SCHEDULER = "no scheduler"
    SILENT = "silent"
    WRONG_CLOCK = "wrong clock"
    CALENDAR = "calendar"
    SCHEMA = "schema"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong now: its kind, what it is about, and one sentence that says why and what would help."""

    kind: Kind
    subject: str
    reason: str
    details: Mapping[str, Json] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Kind and subject: an incident of one key is open once."""
        return f"{self.kind}:{self.subject}"[:300]
