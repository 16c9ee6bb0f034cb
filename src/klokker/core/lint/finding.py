"""What may be found, how bad it is, and how it is said."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from klokker.core.json_values import Json


class Severity(StrEnum):
    """How bad a finding is. The order of declaration is that of gravity."""

    ERROR = "error"
    """It does not run, or every run fails."""
    WARNING = "warning"
    """It hardly does what whoever wrote it meant."""
    NOTICE = "notice"
    """Good to know; nothing needs to change."""

    @property
    def gravity(self) -> int:
        """0 for the gravest."""
        return list(Severity).index(self)


class Code(StrEnum):
    """What may be found. Each has a page docs/lint/CODE.md, and a schedule may silence it by this name."""

    UNREADABLE = "unreadable"
    NEVER_FIRES = "never-fires"
    UNKNOWN_TASK = "unknown-task"
    UNFIT_ARGUMENTS = "unfit-arguments"
    EVERY_MINUTE = "every-minute"
    DAY_29_TO_31 = "day-29-to-31"
    BOTH_DAY_FIELDS = "both-day-fields"
    UNEVEN_STEP = "uneven-step"
    STEP_TOO_LARGE = "step-too-large"
    FINER_THAN_TICK = "finer-than-tick"
    SHORTER_THAN_RUN = "shorter-than-run"
    JITTER_BEYOND_PERIOD = "jitter-beyond-period"
    NO_TIMEOUT = "no-timeout"
    DESTRUCTIVE_OVERLAP = "destructive-overlap"
    NUMERIC_WEEKDAY = "numeric-weekday"
    IN_GAP = "in-gap"
    IN_FOLD = "in-fold"
    FIXED_OFFSET = "fixed-offset"
    DEPRECATED_ZONE = "deprecated-zone"
    NO_OWNER = "no-owner"
    CROWDED = "crowded"
    IDLE_SILENCE = "idle-silence"

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        if self in _ERRORS:
            return Severity.ERROR
        return Severity.NOTICE if self in _NOTICES else Severity.WARNING

    @property
    def page(self) -> str:
        """Where it is explained."""
        return f"docs/lint/{self.value}.md"


_ERRORS = frozenset({Code.UNREADABLE, Code.NEVER_FIRES, Code.UNKNOWN_TASK, Code.UNFIT_ARGUMENTS})
_NOTICES = frozenset(
    {
        Code.NUMERIC_WEEKDAY,
        Code.IN_GAP,
        Code.IN_FOLD,
        Code.FIXED_OFFSET,
        Code.DEPRECATED_ZONE,
        Code.NO_OWNER,
        Code.CROWDED,
        Code.IDLE_SILENCE,
    }
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is doubtful: in which schedules, one sentence that says what, and one that says what would be right.

    `silenced`: why it is to be passed over, in the words of the schedule's owner; empty: it counts.
    """

    code: Code
    schedules: tuple[str, ...]
    sentence: str
    fix: str
    details: Mapping[str, Json] = field(default_factory=dict)
    silenced: str = ""

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return self.code.severity
