"""Row by row: does each occurrence have exactly one run, or lie in exactly one dismissal, and does nothing else stand there?

The account examines everything that was decided, the sealing of a day that day alone.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from klokker.core.definition import Revision
from klokker.core.errors import TimetableError
from klokker.core.ledger import Ledger, LedgerDismissal, LedgerRun
from klokker.core.lifecycle import DismissalReason, Outcome, RunState
from klokker.core.moments import DAY, epoch_second, from_epoch
from klokker.core.reign import reigns
from klokker.core.timetables.contract import Timetable
from klokker.core.trouble import Finding, Trouble

LISTED_AT_MOST = 100_000
"""Occurrences that are counted by listing them, where a timetable has no quicker way."""


class Part(NamedTuple):
    """Seconds of a span in which one revision held; `timetable` None: it rests after completion."""

    node: str
    revision: Revision
    timetable: Timetable | None
    after: int
    until: int


@dataclass(slots=True)
class Sum:
    """What a revision was to decide on a node and what became of it, as far as it was examined."""

    expected: int = 0
    counted: bool = True
    runs: Counter[Outcome] = field(default_factory=Counter)
    unfinished: int = 0
    dismissals: Counter[DismissalReason] = field(default_factory=Counter)


class Rows:
    """The runs and dismissals of one node, in the order of their moments."""

    def __init__(self, runs: Sequence[LedgerRun], dismissals: Sequence[LedgerDismissal]) -> None:
        self.runs = sorted(runs, key=lambda run: run.nominal)
        self.at = [epoch_second(run.nominal) for run in self.runs]
        self.windows = sorted(dismissals, key=lambda row: (row.after, row.until))
        self.opens = [epoch_second(row.after) for row in self.windows]
        self.closes = [epoch_second(row.until) for row in self.windows]

    def runs_in(self, after: int, until: int) -> Sequence[LedgerRun]:
        """The runs whose nominal time lies in (after, until], in seconds."""
        return self.runs[bisect_right(self.at, after) : bisect_right(self.at, until)]

    def windows_in(self, after: int, until: int) -> Iterator[tuple[LedgerDismissal, int, int]]:
        """Each dismissal that shares seconds with (after, until], with its own borders in seconds."""
        place = max(bisect_right(self.opens, after) - 1, 0)
        while place < len(self.windows) and self.opens[place] < until:
            if self.closes[place] > after:
                yield self.windows[place], self.opens[place], self.closes[place]
            place += 1


class Examiner:
    """Reads one ledger and notes what it finds. `sums`: by node and revision, what was examined so far."""

    def __init__(self, ledger: Ledger, time_data: str) -> None:
        self.ledger = ledger
        self.time_data = time_data
        self.findings: list[Finding] = []
        self.uncounted: list[Part] = []
        self.sums: dict[tuple[str, int], Sum] = {}
        self.sealed = sorted({epoch_second(tally.day) for tally in ledger.tallies})
        nodes = {row.node for rows in (ledger.spans, ledger.runs, ledger.dismissals, ledger.tallies) for row in rows}
        self.rows = {
            node: Rows(
                [run for run in ledger.runs if run.node == node], [row for row in ledger.dismissals if row.node == node]
            )
            for node in sorted(nodes)
        }

    # what was decided, and under which revision

    def parts(self, node: str, only: tuple[int, int] | None) -> Iterator[Part]:
        """What was decided on a node, revision by revision, within the seconds `only` if they are given."""
        reached = None
        for span in sorted((span for span in self.ledger.spans if span.node == node), key=lambda span: span.since):
            closes = span.handled_until if span.until is None else min(span.until, span.handled_until)
            after, until = epoch_second(span.since), epoch_second(closes)
            if after >= until:
                # A rewind leaves such a span where it closes what was opened in a time that has not come.
                continue
            if reached is not None and after < reached:
                self.find(Trouble.DOUBLE, node, span.since, 1, "two spans of the node overlap")
                after = reached
            reached = max(until, reached or until)
            if only is not None:
                after, until = max(after, only[0]), min(until, only[1])
            for revision, begins, ends in reigns(self.ledger.revisions, after, until):
                try:
                    timetable = None if rests(revision) else revision.timetable()
                except TimetableError as fault:
                    self.leave_uncounted(Part(node, revision, None, begins, ends), fault)
                else:
                    yield Part(node, revision, timetable, begins, ends)

    def leave_uncounted(self, part: Part, fault: Exception) -> None:
        """What stands in a part that cannot be evaluated is shown, and neither proven nor blamed."""
        line = self.sums.setdefault((part.node, part.revision.number), Sum())
        line.counted = False
        words = f"revision {part.revision.number} cannot be counted: {fault}"
        self.find(Trouble.UNCOUNTED, part.node, from_epoch(part.after), 0, words)
        for after, until in self.unsealed(part.after, part.until):
            self._examine_runs(part, after, until, line)
        for row, _, closes in self.rows[part.node].windows_in(part.after, part.until):
            if part.after < closes <= part.until and not self.is_sealed(closes):
                line.dismissals[row.reason] += row.count or 0
        self.uncounted.append(part)

    def unsealed(self, after: int, until: int) -> Iterator[tuple[int, int]]:
        """What of (after, until] lies in no sealed day, piece by piece."""
        for day in self.sealed[bisect_left(self.sealed, after - DAY) : bisect_right(self.sealed, until)]:
            if after < day - 1:
                yield after, day - 1
            after = max(after, day + DAY - 1)
        if after < until:
            yield after, until

    def is_sealed(self, second: int) -> bool:
        """Does a tally stand for the day of this second?"""
        place = bisect_right(self.sealed, second) - 1
        return place >= 0 and second < self.sealed[place] + DAY

    # what is left in rows

    def examine(self, part: Part, line: Sum) -> None:
        """Prove that each occurrence of the part has one run, or lies in one window, and nothing else stands there."""
        if part.timetable is None:
            self._examine_chain(part, line)
            return
        reached = part.after
        for row, opens, closes in self.rows[part.node].windows_in(part.after, part.until):
            begins, ends = max(opens, reached), min(closes, part.until)
            if opens < reached and opens >= part.after and counted(part.timetable, opens, min(closes, reached)):
                self._find_in(part, Trouble.DOUBLE, row.after, 1, f"dismissal {row.id} overlaps another one")
            if begins < ends:
                self._examine_gap(part, reached, begins, line)
                whole = (opens, closes) == (begins, ends)
                self._examine_window(part, begins, ends, row, line, whole=whole)
                reached = ends
        self._examine_gap(part, reached, part.until, line)

    def _examine_gap(self, part: Part, after: int, until: int, line: Sum) -> None:
        """Between dismissals every occurrence has a run."""
        expected = counted(part.timetable, after, until)
        line.expected += expected
        missing = expected - self._examine_runs(part, after, until, line)
        if missing > 0:
            first = self._first_without_run(part, after, until)
            words = (
                f"{missing} occurrence{'s' if missing > 1 else ''} without a run or a dismissal, the first at {first}"
            )
            self._find_in(part, Trouble.LOST, first, missing, words)

    def _examine_window(
        self, part: Part, after: int, until: int, row: LedgerDismissal, line: Sum, *, whole: bool
    ) -> None:
        """What a dismissal says is what its window holds, without the runs in it, which were decided before a rewind."""
        expected = counted(part.timetable, after, until)
        held = expected - self._examine_runs(part, after, until, line)
        line.expected += expected
        line.dismissals[row.reason] += held
        for run in self.rows[part.node].runs_in(after, until):
            if run.revision >= part.revision.number:
                words = f"run {run.id} stands in the window of dismissal {row.id}"
                self._find_in(part, Trouble.DOUBLE, run.nominal, 1, words)
        if held and row.revision != part.revision.number:
            words = f"dismissal {row.id} is of revision {row.revision} where revision {part.revision.number} held"
            self._find_in(part, Trouble.MISCOUNTED, row.after, held, words)
        if whole and row.count is not None and row.count != held:
            line.dismissals[row.reason] += row.count - held
            words = f"dismissal {row.id} says {row.count}, and its window holds {held}"
            self._find_in(part, Trouble.MISCOUNTED, row.after, abs(row.count - held), words)

    def _examine_runs(self, part: Part, after: int, until: int, line: Sum) -> int:
        """Count the runs in (after, until] into the line; how many occurrences they stand for."""
        stands = 0
        previous = None
        for run in self.rows[part.node].runs_in(after, until):
            second = epoch_second(run.nominal)
            if self._was_ahead(run, second, part):
                words = f"run {run.id} was decided before a rewind, and no occurrence is there any more"
                self.find(Trouble.AHEAD, part.node, run.nominal, 1, words)
                continue
            if run.state is RunState.DONE and run.outcome is not None:
                line.runs[run.outcome] += 1
            else:
                line.unfinished += 1
            if second == previous:
                self._find_in(part, Trouble.DOUBLE, run.nominal, 1, f"run {run.id} is the second one of its occurrence")
            elif part.timetable is not None and part.timetable.second_at_or_before(second) != second:
                words = f"run {run.id} stands where revision {part.revision.number} has no occurrence"
                self._find_in(part, Trouble.STRAY, run.nominal, 1, words)
            else:
                stands += 1
            previous = second
        return stands

    def _was_ahead(self, run: LedgerRun, second: int, part: Part) -> bool:
        """Was it made under a revision that held here before a rewind, at a moment that the present one does not yield?"""
        if run.revision >= part.revision.number:
            return False
        if part.timetable is None:
            return rests(part.revision)
        if part.timetable.second_at_or_before(second) == second:
            return False
        made_under = next((each for each in self.ledger.revisions if each.number == run.revision), None)
        if made_under is None or rests(made_under):
            return made_under is not None
        return made_under.timetable().second_at_or_before(second) == second

    def _first_without_run(self, part: Part, after: int, until: int) -> datetime:
        taken = {epoch_second(run.nominal) for run in self.rows[part.node].runs_in(after, until)}
        at = after
        while part.timetable is not None and (found := part.timetable.second_after(at)) is not None:
            if found not in taken:
                return from_epoch(found)
            at = found
        return from_epoch(until)

    def _examine_chain(self, part: Part, line: Sum) -> None:
        """After completion: what was expected follows from what was decided; each run stands after the rest of the last."""
        dismissed = Counter[DismissalReason]()
        for row, _, closes in self.rows[part.node].windows_in(part.after, part.until):
            if part.after < closes <= part.until:
                dismissed[row.reason] += 1 if row.count is None else row.count
        line.expected += self._examine_runs(part, part.after, part.until, line) + dismissed.total()
        line.dismissals.update(dismissed)
        rest = part.revision.definition.rest() or timedelta(0)
        earlier: LedgerRun | None = None
        for run in self.rows[part.node].runs_in(part.after, part.until):
            if run.revision < part.revision.number:
                continue
            if earlier is not None and (earlier.finished is None or run.nominal < earlier.finished + rest):
                words = f"run {run.id} did not wait for the rest after run {earlier.id}"
                self._find_in(part, Trouble.EARLY, run.nominal, 1, words)
            earlier = run

    # findings

    def find(self, trouble: Trouble, node: str, at: datetime, count: int, words: str) -> None:
        """Note a finding."""
        self.findings.append(Finding(trouble, node, at, count, words))

    def _find_in(self, part: Part, trouble: Trouble, at: datetime, count: int, words: str) -> None:
        self.find(self.unless_moved(part.revision, trouble), part.node, at, count, words)

    def unless_moved(self, revision: Revision | None, trouble: Trouble) -> Trouble:
        """What looks like a fault may be what other time data said when it was decided."""
        made_under = "" if revision is None else revision.time_data
        return Trouble.MOVED if made_under and self.time_data and made_under != self.time_data else trouble


class TooMany(Exception):
    """More occurrences than are listed for want of a quicker way to count them. Caught where a part is examined."""


def counted(timetable: Timetable | None, after: int, until: int) -> int:
    """How many occurrences lie in (after, until], by listing them where the timetable has no quicker way."""
    if timetable is None or after >= until:
        return 0
    count = timetable.count_seconds(after, until)
    if count is not None:
        return count
    count, at = 0, after
    while (found := timetable.second_after(at)) is not None and found <= until:
        count, at = count + 1, found
        if count > LISTED_AT_MOST:
            raise TooMany(f"more than {LISTED_AT_MOST} occurrences")
    return count


def rests(revision: Revision) -> bool:
    """Does it rest after completion? No, where it cannot be read."""
    try:
        return not revision.fault and revision.definition.rest() is not None
    except TimetableError:
        return False
