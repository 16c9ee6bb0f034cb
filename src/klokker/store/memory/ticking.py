"""Deciding what is due: one glance, and a batch of plans written by compare-and-set."""

from collections.abc import Collection
from datetime import datetime
from itertools import islice

from klokker.core.lifecycle import ScheduleState
from klokker.core.plan import Broken, Dismissal, Plan
from klokker.store.contract import Decided, Glance, MadeRun, Planner
from klokker.store.errors import NoSuchRevision, OccurrenceDecidedTwice
from klokker.store.memory.dismissing import dismiss
from klokker.store.memory.ending import ask_cancel
from klokker.store.memory.making import make_planned, next_release, releasable
from klokker.store.memory.rows import ScheduleRow, TimerRow
from klokker.store.memory.tables import Tables


def glance(tables: Tables, now: datetime) -> Glance:
    next_due = tables.next_due()
    pauses = [row.paused_until for row in tables.paused() if row.paused_until is not None]
    moments = [next_due, next_release(tables, now), *pauses]
    return Glance(
        due=next_due is not None and next_due <= now,
        releasable=releasable(tables, now),
        pause_expired=any(until <= now for until in pauses),
        next_at=min((moment for moment in moments if moment is not None and moment > now), default=None),
        retires=bool(tables.to_retire()),
    )


def expired_pauses(tables: Tables, now: datetime) -> list[int]:
    return [row.id for row in tables.paused() if row.paused_until is not None and row.paused_until <= now]


def decide(tables: Tables, now: datetime, planner: Planner, limit: int, nodes: Collection[str] | None) -> Decided:
    decided = _Batch(tables, now)
    for timer in list(islice(tables.due(now, nodes), limit)):
        decided.looked_at += 1
        schedule = tables.schedules[timer.schedule]
        # An earlier timer of this batch may have left its schedule broken.
        if schedule.state is not ScheduleState.ACTIVE:
            continue
        seen = timer.handled_until
        try:
            answer = planner(tables.timer_value(timer))
        except Exception as error:  # noqa: BLE001 — whatever is wrong with this one, the others go on; it is shown as broken
            answer = Broken(f"Planning raised {type(error).__name__}: {error}")
        if timer.handled_until != seen:
            decided.outrun += 1
            continue
        if isinstance(answer, Plan):
            answer = decided.write(schedule, timer, answer) or answer
        if isinstance(answer, Broken):
            decided.mark_broken(schedule, answer.reason)
    return decided.so_far()


class _Batch:
    """What one `decide` has written so far."""

    def __init__(self, tables: Tables, now: datetime) -> None:
        self.tables, self.now = tables, now
        self.looked_at = self.outrun = 0
        self.runs: list[MadeRun] = []
        self.dismissed: list[tuple[int, Dismissal]] = []
        self.broken: list[tuple[int, str]] = []
        self.spent: list[int] = []

    def write(self, schedule: ScheduleRow, timer: TimerRow, plan: Plan) -> Broken | None:
        """Write the plan; or nothing of it, and why, when the ledger cannot hold it."""
        try:
            self._check(schedule, timer, plan)
        except (OccurrenceDecidedTwice, NoSuchRevision) as refused:
            return Broken(str(refused))
        timer.handled_until = plan.handled_until
        if plan.until is not None:
            timer.until = plan.until
        self.tables.set_due(timer, plan.next_due)
        self.runs += [make_planned(self.tables, schedule, timer, planned) for planned in plan.runs]
        for dismissal in plan.dismissals:
            dismiss(self.tables, schedule, timer, dismissal)
            self.dismissed.append((schedule.id, dismissal))
        ask_cancel(self.tables, plan.cancel, self.now, by="overlap replace")
        if not any(each.open for each in self.tables.timers_of[schedule.id]):
            schedule.state = ScheduleState.SPENT
            self.spent.append(schedule.id)
        return None

    def _check(self, schedule: ScheduleRow, timer: TimerRow, plan: Plan) -> None:
        """Refuse what would fail halfway, before anything is written."""
        seen: set[datetime] = set()
        for planned in plan.runs:
            schedule.definition_at(planned.revision)
            if planned.nominal in seen or self.tables.has_run(schedule.id, timer.node, planned.nominal):
                raise OccurrenceDecidedTwice(schedule.id, timer.node, planned.nominal)
            seen.add(planned.nominal)
        for dismissal in plan.dismissals:
            schedule.definition_at(dismissal.revision)

    def mark_broken(self, schedule: ScheduleRow, reason: str) -> None:
        schedule.state, schedule.reason = ScheduleState.BROKEN, reason
        for timer in self.tables.timers_of[schedule.id]:
            self.tables.set_due(timer, None)
        self.broken.append((schedule.id, reason))

    def so_far(self) -> Decided:
        return Decided(self.looked_at, self.runs, self.dismissed, self.broken, self.spent, self.outrun)
