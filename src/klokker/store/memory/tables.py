"""Where the memory store keeps its rows, and the few indexes that keep each verb as cheap as what it touches.

Every change of a run's state goes through `move`, every change of a timer's next due through `set_due`.
"""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime
from heapq import heappop, heappush
from itertools import count

from klokker.core.definition import Revision
from klokker.core.lifecycle import RunKind, RunState, ScheduleState, may_move
from klokker.core.plan import LastDismissal, Timer, UnfinishedRun
from klokker.store.contract import Lane, NamedCalendar, Schedule, Tally
from klokker.store.errors import NoSuchSchedule, OccurrenceDecidedTwice
from klokker.store.memory.rows import DismissalRow, NodeRow, ProcessRow, RunRow, ScheduleRow, TimerRow


class Tables:
    """All rows. Not safe by itself: the store holds its lock around every verb."""

    def __init__(self) -> None:
        self._ids = count(1)
        self.schedules: dict[int, ScheduleRow] = {}
        self.names: dict[str, int] = {}
        """Casefolded names of schedules that are not retired."""
        self._leaving: set[int] = set()
        """Schedules that were to be retired when `may_leave` looked."""
        self._pausing: set[int] = set()
        """Schedules that were paused when `may_rest` looked."""
        self.timers: dict[int, TimerRow] = {}
        self.timers_of: defaultdict[int, list[TimerRow]] = defaultdict(list)
        self.runs: dict[int, RunRow] = {}
        self.runs_of: defaultdict[int | None, dict[int, RunRow]] = defaultdict(dict)
        self.dismissals: dict[int, DismissalRow] = {}
        self.dismissals_of: defaultdict[int, dict[int, DismissalRow]] = defaultdict(dict)
        self.tallies: defaultdict[int, list[Tally]] = defaultdict(list)
        self.sealed: set[tuple[int, datetime]] = set()
        """(schedule, first moment of a UTC day)."""
        self.lanes: dict[str, Lane] = {}
        self.calendars: dict[str, NamedCalendar] = {}
        self.nodes: dict[str, NodeRow] = {}
        self.processes: dict[str, ProcessRow] = {}

        self.waiting: dict[int, RunRow] = {}
        self.expiring: dict[int, RunRow] = {}
        """Runs with a `start_before` that are not done."""
        self.claimed: dict[int, RunRow] = {}
        self.queued: defaultdict[str, list[tuple[int, datetime, int]]] = defaultdict(list)
        """Per lane, what its queued runs are claimed by, in that order."""
        self.turns: dict[tuple[int, str], int] = {}
        """(schedule, node) → the run that holds the turn."""
        self.unfinished: defaultdict[tuple[int, str], dict[int, RunRow]] = defaultdict(dict)
        """(schedule, node) → its scheduled runs that are not done."""
        self.last_runs: defaultdict[tuple[int, str], list[tuple[datetime, int]]] = defaultdict(list)
        """(schedule, node) → (finished, run) of the last ones, which stay however old they get."""
        self.nominals: defaultdict[tuple[int, str], set[datetime]] = defaultdict(set)
        """(schedule, node) → nominal times that have a run: the identity of occurrences."""
        self._newest_nominal: dict[tuple[int, str], datetime] = {}
        self._due: list[tuple[datetime, int]] = []
        """A heap of (next due, timer); entries that no longer hold are dropped when they come to the top."""

    def new_id(self) -> int:
        return next(self._ids)

    # ── schedules and timers ────────────────────────────────────────────────────────────────────────────────────────

    def schedule(self, schedule: int) -> ScheduleRow:
        try:
            return self.schedules[schedule]
        except KeyError:
            raise NoSuchSchedule(schedule) from None

    def schedule_value(self, row: ScheduleRow) -> Schedule:
        return Schedule(
            id=row.id,
            state=row.state,
            reason=row.reason,
            paused_until=row.paused_until,
            changed_by=row.changed_by,
            origin=row.origin,
            since=row.since,
            revision=row.revisions[-1],
            starts_after_completion=row.starts_after_completion,
        )

    def timer_value(self, row: TimerRow) -> Timer:
        schedule = self.schedules[row.schedule]
        place = (row.schedule, row.node)
        last = self.dismissals.get(row.last_dismissal) if row.last_dismissal is not None else None
        newest = self._newest_nominal.get(place)
        ahead = newest is not None and newest > row.handled_until
        return Timer(
            id=row.id,
            schedule=row.schedule,
            node=row.node,
            since=row.since,
            until=row.until,
            handled_until=row.handled_until,
            next_due=row.next_due,
            runs_made=row.runs_made,
            revisions=_holding_after(schedule.revisions, row.handled_until),
            unfinished=tuple(
                UnfinishedRun(run.id, run.nominal, begun=run.first_started is not None)
                for run in self.unfinished[place].values()
                if run.nominal is not None
            ),
            decided_ahead=frozenset(each for each in self.nominals[place] if each > row.handled_until)
            if ahead
            else frozenset(),
            last_dismissal=LastDismissal(last.id, last.revision, last.reason, last.until) if last else None,
        )

    def may_leave(self, row: ScheduleRow) -> None:
        """It has succeeded, or has another definition: it may be one to retire now."""
        if row.to_retire:
            self._leaving.add(row.id)

    def to_retire(self) -> list[int]:
        """The schedules that have succeeded and are to go for it."""
        standing = ((schedule, self.schedules.get(schedule)) for schedule in self._leaving)
        self._leaving = {schedule for schedule, row in standing if row is not None and row.to_retire}
        return sorted(self._leaving)

    def may_rest(self, row: ScheduleRow) -> None:
        """It has another state: it may be a paused one now."""
        if row.state is ScheduleState.PAUSED:
            self._pausing.add(row.id)

    def paused(self) -> list[ScheduleRow]:
        """The schedules that are paused, by id."""
        standing = [row for each in sorted(self._pausing) if (row := self.schedules.get(each)) is not None]
        paused = [row for row in standing if row.state is ScheduleState.PAUSED]
        self._pausing = {row.id for row in paused}
        return paused

    def remove_schedule(self, row: ScheduleRow) -> None:
        """Nothing of it is left but its tallies."""
        del self.schedules[row.id]
        for timer in self.timers_of.pop(row.id, ()):
            del self.timers[timer.id]
            self.nominals.pop((row.id, timer.node), None)

    def add_timer(self, row: TimerRow) -> None:
        self.timers[row.id] = row
        self.timers_of[row.schedule].append(row)
        self.set_due(row, row.next_due)

    def open_timer(self, schedule: int, node: str) -> TimerRow | None:
        """The timer of this place whose span is not over; the newest, should there be several."""
        return next((timer for timer in reversed(self.timers_of[schedule]) if timer.node == node and timer.open), None)

    def set_due(self, timer: TimerRow, next_due: datetime | None) -> None:
        timer.next_due = next_due
        if next_due is not None:
            heappush(self._due, (next_due, timer.id))

    def due(self, now: datetime, nodes: Collection[str] | None) -> Iterator[TimerRow]:
        """Timers of active schedules whose next due has come, the earliest first. Each is yielded once."""
        kept: list[tuple[datetime, int]] = []
        seen: set[int] = set()
        try:
            while self._due and self._due[0][0] <= now:
                entry = heappop(self._due)
                timer = self._holds(entry)
                if timer is None or timer.id in seen:
                    continue
                seen.add(timer.id)
                kept.append(entry)
                if nodes is None or timer.node in nodes:
                    yield timer
        finally:
            # Whoever was looked at may be due still: only `set_due` says otherwise.
            for entry in kept:
                heappush(self._due, entry)

    def next_due(self) -> datetime | None:
        """When the first timer falls, or fell, due."""
        while self._due:
            if self._holds(self._due[0]):
                return self._due[0][0]
            heappop(self._due)
        return None

    def _holds(self, entry: tuple[datetime, int]) -> TimerRow | None:
        next_due, timer_id = entry
        timer = self.timers.get(timer_id)
        if timer is None or timer.next_due != next_due:
            return None
        return timer if self.schedules[timer.schedule].state is ScheduleState.ACTIVE else None

    # ── runs ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def has_run(self, schedule: int, node: str, nominal: datetime) -> bool:
        return nominal in self.nominals[schedule, node]

    def add_run(self, row: RunRow) -> None:
        """A new run, waiting. Raises OccurrenceDecidedTwice when its occurrence has one already."""
        if row.schedule is not None and row.nominal is not None:
            place = (row.schedule, row.node)
            if self.has_run(*place, row.nominal):
                raise OccurrenceDecidedTwice(*place, row.nominal)
            self.nominals[place].add(row.nominal)
            self._newest_nominal[place] = max(row.nominal, self._newest_nominal.get(place, row.nominal))
            self.unfinished[place][row.id] = row
        self.runs[row.id] = row
        self.runs_of[row.schedule][row.id] = row
        self.waiting[row.id] = row
        if row.start_before is not None:
            self.expiring[row.id] = row

    def move(self, run: RunRow, state: RunState) -> None:
        """Put `run` into `state`; refuses a move that the lifecycle does not have."""
        if not may_move(run.state, state):
            raise AssertionError(f"run {run.id} cannot move from {run.state} to {state}")
        match run.state:
            case RunState.WAITING:
                del self.waiting[run.id]
            case RunState.QUEUED:
                lane = self.queued[run.lane]
                del lane[bisect_left(lane, run.claim_order)]
            case RunState.CLAIMED:
                del self.claimed[run.id]
        run.state = state
        match state:
            case RunState.WAITING:
                self.waiting[run.id] = run
            case RunState.QUEUED:
                insort(self.queued[run.lane], run.claim_order)
            case RunState.CLAIMED:
                self.claimed[run.id] = run
            case RunState.DONE:
                self.expiring.pop(run.id, None)
                if run.schedule is not None:
                    self.unfinished[run.schedule, run.node].pop(run.id, None)

    def take_turn(self, run: RunRow) -> bool:
        """Whether `run` has the turn that it needs, now that it asked."""
        if run.turn is None or run.holds_turn:
            return True
        if run.turn in self.turns:
            return False
        self.turns[run.turn] = run.id
        run.holds_turn = True
        return True

    def free_turn(self, run: RunRow) -> None:
        if run.turn is not None and run.holds_turn:
            del self.turns[run.turn]
            run.holds_turn = False

    def held_back(self, run: RunRow) -> bool:
        """Does a paused schedule keep this run waiting? What a person asks for by name goes on."""
        if run.schedule is None or run.kind in (RunKind.MANUAL, RunKind.DRY):
            return False
        return self.schedules[run.schedule].state is ScheduleState.PAUSED

    def remove_run(self, run: RunRow) -> None:
        """Nothing but the tally remembers it. Its occurrence stays decided: no nominal time is ever made twice."""
        del self.runs[run.id]
        del self.runs_of[run.schedule][run.id]


def _holding_after(revisions: list[Revision], moment: datetime) -> tuple[Revision, ...]:
    """The revisions that held at some moment after `moment`, oldest first.

    One that holds from before its forerunner does (after a rewind) leaves that one nothing.
    """
    held = [revisions[-1]]
    for older in reversed(revisions[:-1]):
        border = min(each.holds_from for each in held)
        if border <= moment:
            break
        if older.holds_from < border:
            held.append(older)
    return tuple(reversed(held))
