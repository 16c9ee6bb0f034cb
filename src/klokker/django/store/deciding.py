"""How is what is due decided? A batch of timers is locked, planned, and written by compare-and-set, in one transaction."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.db.utils import Error as AnyDatabaseError

from klokker.core.definition import Definition
from klokker.core.plan import Broken, Dismissal, Plan, Timer
from klokker.core.text import head_and_tail
from klokker.django.store import dismissing, ending, making, timers
from klokker.django.store.database import Database
from klokker.django.store.dialect import Kind, Values
from klokker.django.store.refusals import meaning
from klokker.django.store.timers import TimerRow
from klokker.store.contract import Decided, MadeRun, Planner, Unreadable
from klokker.store.errors import NoSuchRevision, OccurrenceDecidedTwice

DUE = (
    "klokker_timer t JOIN klokker_schedule s ON s.id = t.schedule_id WHERE s.state = 'active' AND t.next_due <= %(now)s"
)


def decide(db: Database, now: datetime, planner: Planner, *, limit: int, nodes: Collection[str] | None) -> Decided:
    """One batch."""
    batch = _Batch(db, now, planner)
    try:
        with db.transaction():
            batch.write(_lock_due(db, now, limit, nodes))
    except (AnyDatabaseError, OccurrenceDecidedTwice, NoSuchRevision, ValueError) as error:
        if isinstance(error, AnyDatabaseError) and meaning(error) is not None:
            raise
        batch = _one_by_one(db, now, planner, limit, nodes)
    for schedule, reason in batch.broken:
        with db.transaction():
            _mark_broken(db, schedule, reason)
    return batch.decided()


def _one_by_one(db: Database, now: datetime, planner: Planner, limit: int, nodes: Collection[str] | None) -> "_Batch":
    """The batch failed on its data: each timer in a transaction of its own, so that the culprit shows and the others go on."""
    whole = _Batch(db, now, planner)
    for timer in [row.id for row in _due(db, now, limit, nodes)]:
        batch = _Batch(db, now, planner)
        rows: list[TimerRow] = []
        try:
            with db.transaction():
                rows = _lock_due(db, now, 1, nodes, only=timer)
                batch.write(rows)
        except (AnyDatabaseError, OccurrenceDecidedTwice, NoSuchRevision, ValueError) as error:
            if isinstance(error, AnyDatabaseError) and meaning(error) is not None:
                raise
            batch = _Batch(db, now, planner)
            batch.looked_at = len(rows)
            batch.broken = [(row.schedule, head_and_tail(f"{error}".strip())) for row in rows]
        whole.add(batch)
    return whole


def _due(db: Database, now: datetime, limit: int, nodes: Collection[str] | None) -> list[TimerRow]:
    where, values = _of_nodes(db, nodes)
    return db.rows(
        TimerRow,
        f"SELECT {timers.COLUMNS} FROM {DUE} {where} ORDER BY t.next_due, t.id LIMIT %(limit)s",
        {"now": now, "limit": limit, **values},
    )


def _lock_due(
    db: Database, now: datetime, limit: int, nodes: Collection[str] | None, *, only: int | None = None
) -> list[TimerRow]:
    """Due timers, the earliest first, without those that another scheduler holds."""
    where, values = _of_nodes(db, nodes)
    if only is not None:
        where += " AND t.id = %(only)s"
        values["only"] = only
    return db.rows(
        TimerRow,
        f"""
        SELECT {timers.COLUMNS} FROM {DUE} {where}
        ORDER BY t.next_due, t.id LIMIT %(limit)s {db.dialect.for_update_of("t", skip_locked=True)}
        """,
        {"now": now, "limit": limit, **values},
    )


def _of_nodes(db: Database, nodes: Collection[str] | None) -> tuple[str, dict[str, list[str] | int]]:
    if nodes is None:
        return "", {}
    return f"AND t.node {db.dialect.among('nodes', Kind.TEXT)}", {"nodes": sorted(nodes)}


class _Decision(NamedTuple):
    row: TimerRow
    timer: Timer
    plan: Plan


_MOVES = {
    "timer": Kind.INTEGER,
    "seen": Kind.MOMENT,
    "its_handled_until": Kind.MOMENT,
    "its_next_due": Kind.MOMENT,
    "its_until": Kind.MOMENT,
    "its_made": Kind.INTEGER,
    "its_last_nominal": Kind.MOMENT,
}


@dataclass
class _Batch:
    """What one batch came to, so far."""

    db: Database
    now: datetime
    planner: Planner
    looked_at: int = 0
    outrun: int = 0
    runs: list[MadeRun] = field(default_factory=list)
    dismissed: list[tuple[int, Dismissal]] = field(default_factory=list)
    broken: list[tuple[int, str]] = field(default_factory=list)
    spent: list[int] = field(default_factory=list)
    queued: bool = False

    def add(self, other: "_Batch") -> None:
        self.looked_at += other.looked_at
        self.outrun += other.outrun
        self.runs += other.runs
        self.dismissed += other.dismissed
        self.broken += other.broken
        self.spent += other.spent
        self.queued |= other.queued

    def decided(self) -> Decided:
        # A schedule of several timers is broken once.
        broken = list(dict(reversed(self.broken)).items())[::-1]
        return Decided(self.looked_at, self.runs, self.dismissed, broken, self.spent, self.outrun)

    def write(self, rows: Sequence[TimerRow]) -> None:
        """Plan these locked timers and write what is planned."""
        self.looked_at = len(rows)
        decisions = self._compare_and_set(self._plan(rows))
        definitions = _definitions(decisions)
        made = making.make(self.db, [seed for each in decisions for seed in self._seeds(each, definitions)], self.now)
        self.runs, self.queued = list(made.runs), made.queued
        placed = [
            dismissing.Placed(row.schedule, row.node, dismissal)
            for row, _, plan in decisions
            for dismissal in plan.dismissals
        ]
        dismissing.write(self.db, placed, definitions)
        self.dismissed = [(each.schedule, each.dismissal) for each in placed]
        cancel = [run for each in decisions for run in each.plan.cancel]
        ending.ask_cancel(self.db, cancel, self.now, by="overlap replace")
        self.spent = self._spend([each.row.schedule for each in decisions if each.plan.until is not None])

    def _plan(self, rows: Sequence[TimerRow]) -> list[_Decision]:
        """Ask the planner; what it cannot plan is broken, alone."""
        decisions: list[_Decision] = []
        for row, timer in zip(rows, timers.values(self.db, rows), strict=True):
            answer = self._ask(timer)
            if isinstance(answer, Broken):
                self.broken.append((row.schedule, answer.reason))
            elif isinstance(timer, Timer):
                decisions.append(_Decision(row, timer, answer))
        return decisions

    def _ask(self, timer: Timer | Unreadable) -> Plan | Broken:
        try:
            answer = self.planner(timer)
        except Exception as error:  # noqa: BLE001 — whatever is wrong with this one, the others go on; it is shown as broken
            return Broken(f"Planning raised {type(error).__name__}: {error}")
        if isinstance(timer, Unreadable) and isinstance(answer, Plan):
            return Broken(timer.fault)
        return answer

    def _compare_and_set(self, decisions: Sequence[_Decision]) -> list[_Decision]:
        """Move the timers on that nobody has moved meanwhile. The plans of the others are thrown away."""
        if not decisions:
            return []
        moves = self.db.table("moves", _MOVES, [_move(each) for each in decisions])
        moved = set(
            self.db.ids(
                f"""
                UPDATE klokker_timer SET
                    handled_until = moves.its_handled_until, next_due = moves.its_next_due,
                    until = COALESCE(moves.its_until, until), runs_made = runs_made + moves.its_made,
                    last_nominal = moves.its_last_nominal
                FROM {moves.sql}
                WHERE klokker_timer.id = moves.timer AND klokker_timer.handled_until = moves.seen
                RETURNING klokker_timer.id
                """,
                None,
                moves,
            )
        )
        won = [each for each in decisions if each.row.id in moved]
        self.outrun = len(decisions) - len(won)
        return won

    def _seeds(self, decision: _Decision, definitions: Mapping[tuple[int, int], Definition]) -> list[making.Seed]:
        row, timer, plan = decision
        seeds: list[making.Seed] = []
        previous = row.last_nominal
        seen = set(timer.decided_ahead)
        turn_given = bool(timer.unfinished)
        for planned in plan.runs:
            if planned.nominal in seen:
                raise OccurrenceDecidedTwice(row.schedule, row.node, planned.nominal)
            if previous is not None and previous >= planned.nominal:
                # The clock was set back: what was decided ahead lies after this one.
                previous = max((each for each in timer.decided_ahead if each < planned.nominal), default=None)
            ready = planned.planned <= self.now and not (planned.takes_turn and turn_given)
            turn_given = turn_given or planned.takes_turn
            definition = _named(definitions, row.schedule, planned.revision)
            seeds.append(making.planned_seed(row, planned, definition, previous, ready=ready))
            seen.add(planned.nominal)
            previous = planned.nominal
        for dismissal in plan.dismissals:
            _named(definitions, row.schedule, dismissal.revision)
        return seeds

    def _spend(self, closed: Sequence[int]) -> list[int]:
        """Those of these schedules that have no open timer any more are spent."""
        if not closed:
            return []
        schedules = {"schedules": sorted(set(closed))}
        among = self.db.dialect.among("schedules", Kind.INTEGER)
        # Locked first, and looked at by a statement of its own: of two that close the last two timers, the second sees it.
        self.db.ids(
            f"SELECT s.id FROM klokker_schedule s WHERE s.id {among} ORDER BY s.id {self.db.dialect.for_update}",
            schedules,
        )
        return self.db.ids(
            f"""
            UPDATE klokker_schedule SET state = 'spent'
            WHERE id {among} AND state = 'active' AND NOT EXISTS (
                SELECT 1 FROM klokker_timer t
                WHERE t.schedule_id = klokker_schedule.id AND (t.until IS NULL OR t.handled_until < t.until))
            RETURNING id
            """,
            schedules,
        )


def _move(
    decision: _Decision,
) -> tuple[int, datetime, datetime, datetime | None, datetime | None, int, datetime | None]:
    row, _, plan = decision
    nominals = [planned.nominal for planned in plan.runs]
    if row.last_nominal is not None:
        nominals.append(row.last_nominal)
    return (
        row.id,
        row.handled_until,
        plan.handled_until,
        plan.next_due,
        plan.until,
        len(plan.runs),
        max(nominals, default=None),
    )


def _definitions(decisions: Sequence[_Decision]) -> dict[tuple[int, int], Definition]:
    return {
        (each.row.schedule, revision.number): revision.definition
        for each in decisions
        for revision in each.timer.revisions
    }


def _named(definitions: Mapping[tuple[int, int], Definition], schedule: int, revision: int) -> Definition:
    try:
        return definitions[schedule, revision]
    except KeyError:
        raise NoSuchRevision(schedule, revision) from None


def _mark_broken(db: Database, schedule: int, reason: str) -> None:
    """Nothing of it is decided until it is repaired: its timers, locked in order, have no next due."""
    values: Values = {"schedule": schedule, "reason": head_and_tail(reason)}
    if db.dialect.locks_rows:
        db.ids(
            f"SELECT t.id FROM klokker_timer t WHERE t.schedule_id = %(schedule)s ORDER BY t.id {db.dialect.for_update}",
            values,
        )
    marked = db.do(
        "UPDATE klokker_schedule SET state = 'broken', reason = %(reason)s WHERE id = %(schedule)s AND state = 'active'",
        values,
    )
    if marked:
        db.do("UPDATE klokker_timer SET next_due = NULL WHERE schedule_id = %(schedule)s", values)
