"""Who asks for something, why, and when; and what is said to a wish that makes no sense."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from klokker.core.errors import KlokkerError

ENGINE = "klokker"
"""Who asks when nobody does: the engine, on behalf of what a person set up before."""


@dataclass(frozen=True, slots=True)
class Asked:
    """`by` asks, `now`, for the reason `why`. `time_data`: the version of the time zone data in force here."""

    by: str
    now: datetime
    why: str = ""
    time_data: str = ""


class InvalidRequest(KlokkerError):
    """What was asked for cannot be. `faults` maps each field to what is wrong with it; `what` is the operation."""

    def __init__(self, what: str, faults: Mapping[str, str]) -> None:
        self.what = what
        self.faults = dict(faults)
        super().__init__(f"{what}: " + "; ".join(f"{field} {fault}" for field, fault in self.faults.items()))
