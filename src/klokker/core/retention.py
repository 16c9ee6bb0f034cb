"""Which finished runs and dismissals may go, and when.

Every finished run has a `prune after`, or none while it is protected; a pruner asks for rows whose `prune after` lies in
the past, and so reads only rows that are to go, never those it keeps.

- A run of a schedule that is not retired ends without one: it is among the newest `last` of its schedule and node.
- The run that it pushes out of the newest `last` (by end, then id) gets `prune_after(…)`, which may lie in the past.
- When the schedule is retired, all its protected runs get theirs. Dry runs, and runs without a schedule, get theirs at once.
- A dismissal gets its own when it is written, and anew when it is extended.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from klokker.core.duration import duration_text
from klokker.core.errors import InvalidPolicy
from klokker.core.fields import LONGEST, Fields, Unfit, length, shown, table, whole
from klokker.core.json_values import Json
from klokker.core.lifecycle import Outcome, RunKind

FAILURES = frozenset({Outcome.FAILED, Outcome.TIMED_OUT, Outcome.LOST, Outcome.EXPIRED})
"""The outcomes that someone may have to look into. A cancelled run was someone's wish."""


@dataclass(frozen=True, slots=True)
class Retention:
    """Successes stay `keep`, failures `failures`, dismissals `dismissals` after their end; the last `last` runs stay in any case.

    As text the `keep` alone ("7d"); as a table `{keep = "24h", last = 10, failures = "30d", dismissals = "30d"}`.
    """

    keep: timedelta = timedelta(hours=24)
    last: int = 10
    failures: timedelta = timedelta(days=30)
    dismissals: timedelta = timedelta(days=30)

    def __post_init__(self) -> None:
        InvalidPolicy.collect(
            self,
            (timedelta(0) <= self.keep <= LONGEST, "keep", "must be from zero to a thousand years"),
            (self.last >= 0, "last", "must not be negative"),
            (timedelta(0) <= self.failures <= LONGEST, "failures", "must be from zero to a thousand years"),
            (timedelta(0) <= self.dismissals <= LONGEST, "dismissals", "must be from zero to a thousand years"),
        )

    @classmethod
    def read(cls, value: object) -> "Retention":
        """Read the text or table of a retention. Raises Unfit, InvalidPolicy."""
        if isinstance(value, str):
            return cls(keep=length(value))
        if not isinstance(value, Mapping):
            raise Unfit(f'must be a span or a table such as {{keep = "24h", last = 10}}, got {shown(value)}')
        fields = Fields(table(value), ("keep", "last", "failures", "dismissals"))
        keep = fields.take("keep", length, timedelta(hours=24))
        last = fields.take("last", whole, 10)
        failures = fields.take("failures", length, timedelta(days=30))
        dismissals = fields.take("dismissals", length, timedelta(days=30))
        if fields.faults:
            raise InvalidPolicy("Retention", fields.faults)
        return cls(keep, last, failures, dismissals)

    def written(self) -> Json:
        """What `read` reads back."""
        return {
            "keep": duration_text(self.keep),
            "last": self.last,
            "failures": duration_text(self.failures),
            "dismissals": duration_text(self.dismissals),
        }

    def prune_after(self, outcome: Outcome, finished: datetime) -> datetime:
        """When a run that ended so may go, once it is not among the last."""
        return finished + (self.failures if outcome in FAILURES else self.keep)

    def dismissal_prune_after(self, until: datetime) -> datetime:
        """When a dismissal whose window ends at `until` may go."""
        return until + self.dismissals

    def protects(self, kind: RunKind, *, retired: bool) -> bool:
        """Does a run of this kind, of a schedule so retained, count among the last ones?"""
        return self.last > 0 and not retired and kind is not RunKind.DRY
