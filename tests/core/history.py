"""A schedule's life in a few lists: ticks, outages, edits, pauses, rewinds, ends of runs and pruning, as a store would keep them.

It decides nothing by itself; it applies what `plan`, `dismiss_all` and `prove_day` return, and hands out the ledger.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from klokker.core.definition import Definition, Revision
from klokker.core.ledger import Ledger, LedgerDismissal, LedgerRun, Span, Tally
from klokker.core.lifecycle import DismissalReason, Origin, Outcome, RunState, ScheduleState
from klokker.core.plan import (
    Dismissal,
    LastDismissal,
    Plan,
    Timer,
    UnfinishedRun,
    next_after_completion,
    next_due,
    plan,
)
from klokker.core.schedule import Schedule
from klokker.core.sealing import Unproven, prove_day
from klokker.core.undecided import dismiss_all


@dataclass
class History:
    """One schedule with one timer, since `since`."""

    definition: Definition
    since: datetime
    node: str = ""
    state: ScheduleState = ScheduleState.ACTIVE
    paused_until: datetime | None = None
    revisions: list[Revision] = field(default_factory=list)
    runs: dict[int, LedgerRun] = field(default_factory=dict)
    dismissals: dict[int, LedgerDismissal] = field(default_factory=dict)
    tallies: list[Tally] = field(default_factory=list)
    sealed: set[datetime] = field(default_factory=set)
    spans: list[Span] = field(default_factory=list)
    ids: int = 0
    previous_tick: datetime | None = None

    def __post_init__(self) -> None:
        self.revisions.append(Revision(1, self.since, self.definition))
        self.open(self.since)

    def open(self, since: datetime) -> None:
        """Open a span."""
        self.spans.append(Span(len(self.spans) + 1, self.node, since, None, since, 0, None))
        self.wake(since)

    @property
    def span(self) -> Span:
        return self.spans[-1]

    def wake_at(self, next_due: datetime | None) -> None:
        self.spans[-1] = replace(self.span, next_due=next_due)

    def wake(self, rests_from: datetime) -> None:
        """Set the next due; a rest after completion begins anew, unless its moment had come before or a run is unfinished."""
        timer, newest = self.timer(), self.revisions[-1].definition
        fell_due = timer.next_due is not None and timer.handled_until < timer.next_due <= rests_from
        if newest.rest() is not None and not fell_due:
            anew = next_after_completion(newest, max(rests_from, timer.handled_until))
            timer = replace(timer, next_due=None if timer.unfinished else anew)
        self.wake_at(next_due(timer, timer.handled_until))

    def timer(self) -> Timer:
        """The timer as a tick would find it."""
        handled = self.span.handled_until
        here = [run for run in self.runs.values() if run.nominal > self.span.since]
        rows = [row for row in self.dismissals.values() if row.after >= self.span.since]
        newest = max(rows, key=lambda row: row.until, default=None)
        last = None if newest is None else LastDismissal(newest.id, newest.revision, newest.reason, newest.until)
        return Timer(
            id=self.span.timer,
            schedule=1,
            node=self.node,
            since=self.span.since,
            until=self.span.until,
            handled_until=handled,
            next_due=self.span.next_due,
            runs_made=self.span.runs_made,
            revisions=self.revisions,
            unfinished=[
                UnfinishedRun(run.id, run.nominal, run.state is RunState.CLAIMED)
                for run in self.runs.values()
                if run.state is not RunState.DONE
            ],
            decided_ahead=frozenset(run.nominal for run in here if run.nominal > handled),
            last_dismissal=last,
        )

    def tick(self, now: datetime) -> None:
        """One tick, if the timer is due."""
        due = self.span.next_due
        if self.state is ScheduleState.ACTIVE and due is not None and due <= now:
            self.apply(plan(self.timer(), now=now, previous_tick=self.previous_tick))
        self.previous_tick = now

    def apply(self, decision: Plan) -> None:
        for made in decision.runs:
            self.ids += 1
            self.runs[self.ids] = LedgerRun(self.ids, self.node, made.revision, made.nominal, RunState.QUEUED, None)
        self.write(decision.dismissals)
        for id_ in decision.cancel:
            if self.runs[id_].state is RunState.QUEUED:
                self.end(id_, decision.handled_until, Outcome.CANCELLED)
        self.spans[-1] = replace(
            self.span,
            handled_until=decision.handled_until,
            next_due=decision.next_due,
            until=decision.until or self.span.until,
            runs_made=self.span.runs_made + len(decision.runs),
        )
        if decision.until is not None:
            self.state = ScheduleState.SPENT

    def write(self, dismissals: tuple[Dismissal, ...]) -> None:
        for made in dismissals:
            known = self.dismissals.get(made.extends) if made.extends is not None else None
            if known is not None and known.count is not None and made.count is not None:
                self.dismissals[known.id] = replace(known, until=made.until, count=known.count + made.count)
                continue
            self.ids += 1
            self.dismissals[self.ids] = LedgerDismissal(
                self.ids, self.node, made.revision, made.after, made.until, made.count, made.reason
            )

    def begin(self) -> None:
        """Every queued run is claimed."""
        for run in self.runs.values():
            if run.state is RunState.QUEUED:
                self.runs[run.id] = replace(run, state=RunState.CLAIMED)

    def end(self, id_: int, now: datetime, outcome: Outcome = Outcome.SUCCEEDED) -> None:
        """A run ends."""
        self.runs[id_] = replace(self.runs[id_], state=RunState.DONE, outcome=outcome, finished=now)
        rests = self.revisions[-1].definition.rest() is not None
        if rests and self.span.next_due is None and self.state is ScheduleState.ACTIVE:
            self.wake(now)

    def end_all(self, now: datetime, outcome: Outcome = Outcome.SUCCEEDED) -> None:
        for run in list(self.runs.values()):
            if run.state is not RunState.DONE:
                self.end(run.id, now, outcome)

    def edit(self, definition: Definition, now: datetime, time_data: str = "") -> None:
        """A new revision holds from now on; what is undecided stays so, under the old one. A spent schedule begins anew."""
        if self.state is ScheduleState.RETIRED:
            return
        holds_from = max(now, self.span.handled_until)
        self.revisions.append(Revision(len(self.revisions) + 1, holds_from, definition, time_data))
        if self.state is ScheduleState.SPENT:
            self.state = ScheduleState.ACTIVE
            self.open(holds_from)
        elif self.state is ScheduleState.ACTIVE:
            self.wake(holds_from)

    def pause(self, until: datetime | None = None) -> None:
        if self.state is ScheduleState.ACTIVE:
            self.state, self.paused_until = ScheduleState.PAUSED, until
            self.wake_at(None)

    def resume(self, now: datetime) -> None:
        """What the pause covered is dismissed; the rest is as due as it was."""
        if self.state is not ScheduleState.PAUSED:
            return
        self.state = ScheduleState.ACTIVE
        self._dismiss(min(now, self.paused_until or now))
        self.wake(now)

    def retire(self, now: datetime) -> None:
        """The span is closed now."""
        if self.state in (ScheduleState.ACTIVE, ScheduleState.PAUSED):
            self._dismiss(now)
            self.spans[-1] = replace(self.span, until=self.span.handled_until, next_due=None)
        self.state = ScheduleState.RETIRED

    def _dismiss(self, until: datetime) -> None:
        self.write(dismiss_all(self.timer(), until, DismissalReason.PAUSED))
        self.spans[-1] = replace(self.span, handled_until=max(until, self.span.handled_until))

    def rewind(self, now: datetime) -> None:
        """The clock was wrong: everything after `now` is undecided again, but for the runs that were made."""
        if self.state is not ScheduleState.ACTIVE or now >= self.span.handled_until:
            return
        definition = self.revisions[-1].definition
        for row in list(self.dismissals.values()):
            if row.after >= now:
                del self.dismissals[row.id]
            elif row.until > now:
                timetable = self.revisions[row.revision - 1].definition.timetable()
                inside = [run for run in self.runs.values() if row.after < run.nominal <= now]
                count = (timetable.count(row.after, now) or 0) - len(inside)
                self.dismissals[row.id] = replace(row, until=now, count=count)
        self.spans[-1] = replace(self.span, handled_until=now)
        self.revisions.append(Revision(len(self.revisions) + 1, now, definition))
        self.wake(now)
        self.previous_tick = None

    def prune(self, now: datetime) -> int:
        """Seal the days of what may go, and remove it; how many rows went."""
        gone = 0
        for run in list(self.runs.values()):
            if run.finished is not None and run.finished <= now and self._seal([day_of(run.nominal)], now):
                del self.runs[run.id]
                gone += 1
        for row in list(self.dismissals.values()):
            days = (row.until - day_of(row.after)) // timedelta(days=1) + 1
            if row.until <= now and self._seal([day_of(row.after) + timedelta(days=day) for day in range(days)], now):
                del self.dismissals[row.id]
                gone += 1
        return gone

    def _seal(self, days: list[datetime], now: datetime) -> bool:
        for day in days:
            if day not in self.sealed:
                tallies = prove_day(self.ledger(), day, now=now)
                if isinstance(tallies, Unproven):
                    return False
                self.tallies += tallies
                self.sealed.add(day)
        return True

    def ledger(self) -> Ledger:
        schedule = Schedule(
            id=1,
            state=self.state,
            reason="",
            paused_until=self.paused_until,
            changed_by="",
            origin=Origin.MANAGED,
            since=self.since,
            revision=self.revisions[-1],
        )
        return Ledger(
            schedule,
            tuple(self.revisions),
            tuple(self.spans),
            tuple(self.runs.values()),
            tuple(self.dismissals.values()),
            tuple(self.tallies),
        )


def day_of(moment: datetime) -> datetime:
    """The first moment of the UTC day."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
