"""May a UTC day of a schedule be sealed, so that tallies stand for it and its rows may go?"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta

from klokker.core.errors import TimetableError
from klokker.core.examination import Examiner, Sum, TooMany
from klokker.core.ledger import Ledger, Tally
from klokker.core.moments import DAY, LAST_SECOND, epoch_second
from klokker.core.trouble import Trouble


@dataclass(frozen=True, slots=True)
class Unproven:
    """A day that cannot be sealed, and why; its rows stay."""

    day: datetime
    why: str


def prove_day(ledger: Ledger, day: datetime, *, now: datetime, time_data: str = "") -> tuple[Tally, ...] | Unproven:
    """The tallies that may stand for a UTC day (`day` is its first moment), if all of it is decided, done and exact.

    A day that is not over `now` is never sealed: a schedule that is spent today may begin anew today.
    A run is of the day of its nominal time; of a dismissal that spans several days, each takes what its own hours hold.
    A day that is sealed already gives its tallies again.
    """
    if now < day + timedelta(days=1):
        return Unproven(day, "the day is not over")
    sealed = tuple(tally for tally in ledger.tallies if tally.day == day)
    return sealed or _Sealer(ledger, time_data).prove(day)


class _Sealer(Examiner):
    """Examines one day."""

    def prove(self, day: datetime) -> tuple[Tally, ...] | Unproven:
        """The tallies of a day, or why it cannot be sealed."""
        first = epoch_second(day) - 1
        last = first + DAY
        for span in self.ledger.spans:
            closes = LAST_SECOND if span.until is None else epoch_second(span.until)
            if epoch_second(span.since) < last and epoch_second(span.handled_until) < min(closes, last):
                return Unproven(day, f"not all of it is decided (node {span.node!r}, until {span.handled_until})")
        try:
            for node in self.rows:
                self._examine_day(node, first, last)
        except (TimetableError, TooMany) as fault:
            return Unproven(day, f"cannot be counted: {fault}")
        for finding in self.findings:
            if finding.fault or finding.trouble is Trouble.UNCOUNTED:
                return Unproven(day, f"{finding.trouble}: {finding.words}")
        if (unfinished := sum(line.unfinished for line in self.sums.values())) > 0:
            return Unproven(day, f"runs are not done yet: {unfinished}")
        tallies = (_tally(node, number, day, line) for (node, number), line in sorted(self.sums.items()))
        return tuple(tally for tally in tallies if tally.runs or tally.dismissals)

    def _examine_day(self, node: str, first: int, last: int) -> None:
        parts = list(self.parts(node, (first, last)))
        for part in parts:
            self.examine(part, self.sums.setdefault((node, part.revision.number), Sum()))
        for run in self.rows[node].runs_in(first, last):
            if not any(part.after < epoch_second(run.nominal) <= part.until for part in parts):
                words = f"run {run.id} stands outside every span of its node"
                self.find(Trouble.STRAY, node, run.nominal, 1, words)
        for row, opens, closes in self.rows[node].windows_in(first, last):
            days = bisect_right(self.sealed, closes) - bisect_right(self.sealed, opens - DAY)
            if row.count is not None and not days and (opens < first or closes > last):
                self._examine_across(node, opens, closes)

    def _examine_across(self, node: str, opens: int, closes: int) -> None:
        """A window that reaches over the day's ends is proven whole, before the first of its days is sealed."""
        for part in self.parts(node, (opens, closes)):
            self.examine(part, Sum())


def _tally(node: str, number: int, day: datetime, line: Sum) -> Tally:
    dismissals = {reason: count for reason, count in line.dismissals.items() if count}
    return Tally(node, number, day, dict(line.runs), dismissals)
