"""How long an attempt may take."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from klokker.core.duration import duration_text
from klokker.core.errors import InvalidPolicy
from klokker.core.fields import LONGEST, length


@dataclass(frozen=True, slots=True)
class Timeout:
    """An attempt ends as timed out `after` this long; None: never, which lint finds. As text: "1h", "none"."""

    after: timedelta | None = timedelta(hours=1)

    def __post_init__(self) -> None:
        InvalidPolicy.collect(
            self,
            (
                self.after is None or timedelta(0) < self.after <= LONGEST,
                "after",
                "must be positive, at most a thousand years",
            ),
        )

    @classmethod
    def read(cls, value: object) -> "Timeout":
        """Read the text of a timeout. Raises Unfit, InvalidPolicy."""
        return cls(None) if value == "none" else cls(length(value))

    def __str__(self) -> str:
        return "none" if self.after is None else duration_text(self.after)

    def ends(self, started: datetime) -> datetime | None:
        """When an attempt begun at `started` has used up its time; None: never."""
        return None if self.after is None else started + self.after
