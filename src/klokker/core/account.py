"""Expected against decided: did every occurrence end as exactly one run, or inside one dismissal with a reason?

What was expected is computed anew from the revisions: for each revision, what its timetable yields while it held and
the timer's span was open, as far as the timer says it has decided. What was decided is read from the ledger: runs,
dismissals, and the tallies that stand for sealed days. The proof is stronger than equal sums where rows are left: every
run stands at an occurrence, every window holds as many as it says, windows do not meet, and nothing lies between.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from klokker.core.errors import TimetableError
from klokker.core.examination import Examiner, Part, Sum, TooMany, counted, rests
from klokker.core.ledger import Ledger, Span
from klokker.core.lifecycle import DismissalReason, Outcome, RunState, ScheduleState
from klokker.core.moments import DAY, LAST_SECOND, epoch_second, from_epoch
from klokker.core.reign import reigns
from klokker.core.spells import decidable_at, held_after, spells
from klokker.core.tenure import tenures
from klokker.core.trouble import Finding, Trouble


@dataclass(frozen=True, slots=True)
class Line:
    """What one revision was to decide on one node, and what became of it.

    `expected` None: it cannot be counted. `runs` and `dismissals` count rows; `unfinished` runs are not yet in `runs`.
    `tally_runs` and `tally_dismissals` stand for sealed days, whose rows are not counted here, even if they are left.
    """

    node: str
    revision: int
    expected: int | None
    runs: Mapping[Outcome, int]
    unfinished: int
    dismissals: Mapping[DismissalReason, int]
    tally_runs: Mapping[Outcome, int]
    tally_dismissals: Mapping[DismissalReason, int]

    @property
    def decided(self) -> int:
        """Runs, dismissals and tally together."""
        rows = sum(self.runs.values()) + self.unfinished + sum(self.dismissals.values())
        return rows + sum(self.tally_runs.values()) + sum(self.tally_dismissals.values())

    @property
    def difference(self) -> int | None:
        """Expected less decided; 0 when all is well."""
        return None if self.expected is None else self.expected - self.decided


@dataclass(frozen=True, slots=True)
class Account:
    """The account of one schedule at the moment `now`.

    `due`: occurrences that the next tick decides; `waiting`: those that wait for the end of a closing; `paused`: those
    that a pause has covered so far, which resume (or its expiry) dismisses. None of them is in the lines, which end with
    what was decided.
    """

    schedule: int
    name: str
    now: datetime
    lines: tuple[Line, ...]
    due: int
    waiting: int
    paused: int
    findings: tuple[Finding, ...]

    @property
    def exact(self) -> bool:
        """Is it proven? Every line comes out even, or what moved it is known; and no fault was found."""
        moved = any(finding.trouble is Trouble.MOVED for finding in self.findings)
        even = all(not line.difference for line in self.lines) or moved
        return even and not any(finding.fault for finding in self.findings)

    @property
    def expected(self) -> int:
        """All that was expected, as far as it can be counted."""
        return sum(line.expected or 0 for line in self.lines)

    @property
    def runs(self) -> int:
        """Runs, unfinished ones included, that are not in the tally."""
        return sum(sum(line.runs.values()) + line.unfinished for line in self.lines)

    @property
    def dismissed(self) -> int:
        """Occurrences dismissed, without those in the tally."""
        return sum(sum(line.dismissals.values()) for line in self.lines)

    @property
    def tallied(self) -> int:
        """What the tallies of sealed days stand for."""
        return sum(sum(line.tally_runs.values()) + sum(line.tally_dismissals.values()) for line in self.lines)


def account(ledger: Ledger, *, now: datetime, time_data: str = "") -> Account:
    """The account of a schedule, also of a retired one. Never raises for what stands in a ledger.

    `time_data`: the zone data in force here and now. A revision made under other data may differ without fault.
    """
    return _Accountant(ledger, time_data).account(now)


class _Ahead(NamedTuple):
    """Occurrences that are not decided yet: the next tick decides them, an opening does, or the end of a pause."""

    due: int = 0
    waiting: int = 0
    paused: int = 0


class _Accountant(Examiner):
    """Examines the whole of a ledger, and adds up. `in_sealed`: by node, revision and day, what a sealed day was to hold."""

    def __init__(self, ledger: Ledger, time_data: str) -> None:
        super().__init__(ledger, time_data)
        self.in_sealed = Counter[tuple[str, int, int]]()

    def account(self, now: datetime) -> Account:
        """The account of all that was decided, and of what lies ahead."""
        for node in self.rows:
            parts = list(self.parts(node, None))
            for part in parts:
                self._examine_safely(part)
            self._outside(node, parts)
        self._tallies()
        open_ended = [span for span in self.ledger.spans if span.until is None or span.until > span.handled_until]
        ahead = [self._ahead(span, now) for span in open_ended]
        schedule = self.ledger.schedule
        return Account(
            schedule.id,
            schedule.revision.definition.name,
            now,
            self._lines(),
            due=sum(each.due for each in ahead),
            waiting=sum(each.waiting for each in ahead),
            paused=sum(each.paused for each in ahead),
            findings=tuple(self.findings),
        )

    def _lines(self) -> tuple[Line, ...]:
        runs: dict[tuple[str, int], Counter[Outcome]] = {}
        dismissals: dict[tuple[str, int], Counter[DismissalReason]] = {}
        for tally in self.ledger.tallies:
            runs.setdefault((tally.node, tally.revision), Counter()).update(tally.runs)
            dismissals.setdefault((tally.node, tally.revision), Counter()).update(tally.dismissals)
        nothing = Sum()
        return tuple(
            Line(
                node,
                revision,
                of.expected if (of := self.sums.get((node, revision), nothing)).counted else None,
                dict(of.runs),
                of.unfinished,
                dict(of.dismissals),
                dict(runs.get((node, revision), {})),
                dict(dismissals.get((node, revision), {})),
            )
            for node, revision in sorted(self.sums.keys() | runs.keys())
        )

    def _examine_safely(self, part: Part) -> None:
        line = self.sums.setdefault((part.node, part.revision.number), Sum())
        try:
            for after, until in self.unsealed(part.after, part.until):
                self.examine(part._replace(after=after, until=until), line)
            line.expected += self._in_sealed(part)
        except (TimetableError, TooMany) as fault:
            self.sums[part.node, part.revision.number] = Sum()
            self.leave_uncounted(part._replace(timetable=None), fault)

    def _in_sealed(self, part: Part) -> int:
        """How many occurrences of the part lie in sealed days; each day's number is noted, to be compared with its tallies."""
        if part.timetable is None:
            return 0
        total = 0
        for day in self.sealed[bisect_left(self.sealed, part.after - DAY) : bisect_right(self.sealed, part.until)]:
            count = counted(part.timetable, max(part.after, day - 1), min(part.until, day + DAY - 1))
            self.in_sealed[part.node, part.revision.number, day] += count
            total += count
        return total

    def _outside(self, node: str, parts: Sequence[Part]) -> None:
        """Runs and dismissals that no span and revision explains."""
        parts = [*parts, *(part for part in self.uncounted if part.node == node)]
        reached = max((part.until for part in parts), default=0)
        ahead = []
        for run in self.rows[node].runs:
            second = epoch_second(run.nominal)
            if self.is_sealed(second) or any(part.after < second <= part.until for part in parts):
                continue
            holding = reigns(self.ledger.revisions, second - 1, second)
            if second > reached or (holding and run.revision < holding[0].revision.number):
                ahead.append(run)
            else:
                self.find(Trouble.STRAY, node, run.nominal, 1, f"run {run.id} stands outside every span of its node")
        if ahead:
            words = f"{len(ahead)} run{'s' if len(ahead) > 1 else ''} decided ahead, before the timer was set back"
            self.find(Trouble.AHEAD, node, ahead[0].nominal, len(ahead), words)
        for row, opens, closes in self.rows[node].windows_in(-LAST_SECOND, LAST_SECOND):
            inside = any(part.after < closes and opens < part.until for part in parts)
            if row.count != 0 and not inside and not (self.is_sealed(opens + 1) and self.is_sealed(closes)):
                words = f"dismissal {row.id} stands outside every span of its node"
                self.find(Trouble.STRAY, node, row.after, row.count or 1, words)

    def _tallies(self) -> None:
        """Each sealed day's tallies say what that day was expected to hold."""
        tallied = Counter[tuple[str, int, int]]()
        for tally in self.ledger.tallies:
            total = sum(tally.runs.values()) + sum(tally.dismissals.values())
            tallied[tally.node, tally.revision, epoch_second(tally.day)] += total
        revisions = {revision.number: revision for revision in self.ledger.revisions}
        for key in sorted(tallied.keys() | self.in_sealed.keys()):
            node, number, day = key
            line, revision = self.sums.setdefault((node, number), Sum()), revisions.get(number)
            if not line.counted:
                continue
            if revision is not None and rests(revision):
                line.expected += tallied[key]
            elif tallied[key] != self.in_sealed[key]:
                says, expected = tallied[key], self.in_sealed[key]
                words = f"the tally of {from_epoch(day):%Y-%m-%d} says {says}, expected are {expected}"
                off = abs(says - expected)
                self.find(self.unless_moved(revision, Trouble.MISCOUNTED), node, from_epoch(day), off, words)

    # what lies ahead

    def _ahead(self, span: Span, now: datetime) -> _Ahead:
        """How many occurrences of a span are not decided yet, and what they wait for."""
        schedule = self.ledger.schedule
        first = epoch_second(span.handled_until)
        last = LAST_SECOND if span.until is None else epoch_second(span.until)
        if schedule.state is ScheduleState.BROKEN:
            words = f"undecided since {span.handled_until}: {schedule.reason}"
            self.find(Trouble.UNDECIDED, span.node, span.handled_until, 0, words)
            return _Ahead()
        try:
            if schedule.state is ScheduleState.ACTIVE:
                self._refuse_sleep(span, first, last)
            until = min(last, epoch_second(now))
            if schedule.state is not ScheduleState.PAUSED:
                tenure = tenures(self.ledger.revisions, first, until, woken_for=span.next_due)
                held = held_after(spells(tenure), epoch_second(now))
                decidable = until if held is None else held
                return _Ahead(self._counted(span, first, decidable), self._counted(span, decidable, until))
            ends = until if schedule.paused_until is None else min(until, epoch_second(schedule.paused_until))
            return _Ahead(self._counted(span, max(first, ends), until), paused=self._counted(span, first, ends))
        except (TimetableError, TooMany) as fault:
            self.find(Trouble.UNCOUNTED, span.node, span.handled_until, 0, f"cannot be counted: {fault}")
            return _Ahead()

    def _counted(self, span: Span, after: int, until: int) -> int:
        """How many occurrences without a run lie in (after, until]."""
        total = 0
        for revision, begins, ends in reigns(self.ledger.revisions, after, until):
            if not rests(revision):
                timetable = revision.timetable()
                ahead = {epoch_second(run.nominal) for run in self.rows[span.node].runs_in(begins, ends)}
                total += counted(timetable, begins, ends)
                total -= sum(timetable.second_at_or_before(second) == second for second in ahead)
            elif span.next_due is not None and begins < epoch_second(span.next_due) <= ends:
                total += 1
        return total

    def _refuse_sleep(self, span: Span, first: int, last: int) -> None:
        """An active timer must be looked at when its next occurrence comes, or its schedule stops without a word."""
        runs = self.rows[span.node]
        holding = reigns(self.ledger.revisions, first, last)
        for place, (revision, begins, ends) in enumerate(holding):
            if rests(revision):
                if ends < last:
                    continue
                if span.next_due is None and all(run.state is RunState.DONE for run in runs.runs):
                    words = "waits for the end of a run, and none is unfinished"
                    self.find(Trouble.ASLEEP, span.node, span.handled_until, 1, words)
                return
            following = revision.timetable().second_after(begins)
            while following is not None and runs.runs_in(following - 1, following):
                following = revision.timetable().second_after(following)
            if following is not None and following <= ends:
                decidable = decidable_at(holding[place:], following)
                if span.next_due is None or epoch_second(span.next_due) > decidable:
                    words = f"its next occurrence is at {from_epoch(following)}, and it wakes at {span.next_due or 'no time'}"
                    self.find(Trouble.ASLEEP, span.node, from_epoch(following), 1, words)
                return
