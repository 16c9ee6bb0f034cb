"""What was decided for one schedule, what of it may go, and what stands for it then."""

from bisect import insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from klokker.core.lifecycle import RunState, ScheduleState
from klokker.core.retention import Retention
from klokker.store.contract import Ledger, LedgerDismissal, LedgerRun, Span, Tally
from klokker.store.memory import dismissing
from klokker.store.memory.rows import DismissalRow, RunRow, ScheduleRow, TimerRow
from klokker.store.memory.tables import Tables

Seal = Callable[[Ledger, datetime], Sequence[Tally] | None]


def keep_finished(tables: Tables, run: RunRow) -> None:
    """`run` is done: from when on may it go, and does it push another out of the last ones that stay?"""
    retention = _retention(run)
    if run.schedule is None or run.finished is None:
        _let_go(run)
        return
    retired = tables.schedules[run.schedule].state is ScheduleState.RETIRED
    if not retention.protects(run.kind, retired=retired):
        _let_go(run)
        return
    last = tables.last_runs[run.schedule, run.node]
    insort(last, (run.finished, run.id))
    while len(last) > retention.last:
        _let_go(tables.runs[last.pop(0)[1]])


def let_last_runs_go(tables: Tables, schedule: ScheduleRow) -> None:
    """The schedule is retired: its last runs are protected no longer."""
    for timer in tables.timers_of[schedule.id]:
        for _, run in tables.last_runs.pop((schedule.id, timer.node), ()):
            _let_go(tables.runs[run])


def _let_go(run: RunRow) -> None:
    if run.finished is not None and run.outcome is not None:
        run.prune_after = _retention(run).prune_after(run.outcome, run.finished)


def _retention(run: RunRow) -> Retention:
    return run.definition.retention if run.definition else Retention()


def ledger(tables: Tables, schedule: ScheduleRow) -> Ledger:
    runs = (tables.runs[each] for each in sorted(tables.runs_of[schedule.id]))
    return Ledger(
        schedule=tables.schedule_value(schedule),
        revisions=tuple(schedule.revisions),
        spans=tuple(span(timer) for timer in tables.timers_of[schedule.id]),
        runs=tuple(
            LedgerRun(run.id, run.node, run.revision, run.nominal, run.state, run.outcome, run.finished)
            for run in runs
            if run.nominal is not None and run.revision is not None
        ),
        dismissals=tuple(dismissal(tables.dismissals[each]) for each in sorted(tables.dismissals_of[schedule.id])),
        tallies=tuple(tables.tallies[schedule.id]),
    )


def span(timer: TimerRow) -> Span:
    return Span(timer.id, timer.node, timer.since, timer.until, timer.handled_until, timer.runs_made, timer.next_due)


def dismissal(row: DismissalRow) -> LedgerDismissal:
    return LedgerDismissal(row.id, row.node, row.revision, row.after, row.until, row.count, row.reason)


def prune(tables: Tables, now: datetime, seal: Seal, limit: int) -> int:
    gone = 0
    for run in list(tables.runs_of[None].values()):
        if gone < limit and _may_go(run, now):
            tables.remove_run(run)
            gone += 1
    for schedule in list(tables.schedules.values()):
        gone += _prune_schedule(tables, schedule, now, seal, limit - gone)
        if _is_only_tally(tables, schedule):
            tables.remove_schedule(schedule)
    return gone


def _prune_schedule(tables: Tables, schedule: ScheduleRow, now: datetime, seal: Seal, limit: int) -> int:
    runs = [run for run in tables.runs_of[schedule.id].values() if _may_go(run, now)][:limit]
    dismissals = [row for row in tables.dismissals_of[schedule.id].values() if row.prune_after <= now]
    dismissals = dismissals[: limit - len(runs)]
    if not runs and not dismissals:
        return 0
    sealed = _Seals(tables, schedule, seal)
    gone = 0
    for run in runs:
        if run.nominal is None or sealed.all([day_of(run.nominal)]):
            tables.remove_run(run)
            gone += 1
    for row in dismissals:
        if sealed.all(_days(row)):
            dismissing.remove(tables, row)
            gone += 1
    return gone


def _may_go(run: RunRow, now: datetime) -> bool:
    return run.state is RunState.DONE and run.prune_after is not None and run.prune_after <= now


class _Seals:
    """Which days of a schedule are sealed; those that are not yet are proved, each once a pass."""

    def __init__(self, tables: Tables, schedule: ScheduleRow, seal: Seal) -> None:
        self.tables, self.schedule, self.seal = tables, schedule, seal
        self.ledger = ledger(tables, schedule)
        self.unproved: set[datetime] = set()

    def all(self, days: Iterable[datetime]) -> bool:
        return all(self.is_sealed(day) for day in days)

    def is_sealed(self, day: datetime) -> bool:
        if (self.schedule.id, day) in self.tables.sealed:
            return True
        if day in self.unproved:
            return False
        tallies = self.seal(self.ledger, day)
        if tallies is None:
            self.unproved.add(day)
            return False
        self.tables.sealed.add((self.schedule.id, day))
        self.tables.tallies[self.schedule.id] += tallies
        return True


def day_of(moment: datetime) -> datetime:
    """The first moment of the UTC day of `moment`."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _days(row: DismissalRow) -> Iterator[datetime]:
    """Every UTC day that the window touches."""
    day = day_of(row.after)
    while day <= row.until:
        yield day
        day += timedelta(days=1)


def _is_only_tally(tables: Tables, schedule: ScheduleRow) -> bool:
    return (
        schedule.state is ScheduleState.RETIRED
        and not tables.runs_of[schedule.id]
        and not tables.dismissals_of[schedule.id]
    )
