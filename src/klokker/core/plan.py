"""What is due, decided: which occurrences become runs, which are dismissed and why, and when to look again.

`plan(timer, now=…)` is the whole decision of a tick for one timer. It reads values and returns values; `store.decide`
hands it a locked timer and applies what it returns, if nobody was first.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import NamedTuple

from klokker.core.catchup import CatchUpKind, Stretch, newest
from klokker.core.definition import Definition, Revision
from klokker.core.lifecycle import DismissalReason
from klokker.core.moments import LAST_SECOND, epoch_second, from_epoch
from klokker.core.occurrence import last_missed, oldest_within, planned, room, start_before
from klokker.core.overlap import Newcomer, Overlap, meet
from klokker.core.reign import reigns
from klokker.core.spells import Spell, decidable_at, held_after, spells, up_to
from klokker.core.tenure import Tenure, tenures, whole_second


@dataclass(frozen=True, slots=True)
class UnfinishedRun:
    """A scheduled run of the timer that is not done: waiting (for its time, its turn, a retry), queued or claimed."""

    id: int
    nominal: datetime
    begun: bool


@dataclass(frozen=True, slots=True)
class LastDismissal:
    """The newest dismissal of a timer, which one that adjoins it, with the same reason and revision, extends."""

    id: int
    revision: int
    reason: DismissalReason
    until: datetime


@dataclass(frozen=True, slots=True)
class Timer:
    """What a decision needs to know of one timer (schedule, node, span), as it stood when it was locked.

    `revisions`: every revision that held at some moment after `handled_until`, oldest first; at least one.
    `next_due`: the nominal time for which the timer was woken; it is the word that counts for "after completion" only.
    `decided_ahead`: nominal times after `handled_until` that already have a run (after a rewind).
    `until`: set when the timer's span is closed; occurrences after it are not its own.
    """

    id: int
    schedule: int
    node: str
    since: datetime
    until: datetime | None
    handled_until: datetime
    next_due: datetime | None
    runs_made: int
    revisions: Sequence[Revision]
    unfinished: Sequence[UnfinishedRun] = ()
    decided_ahead: frozenset[datetime] = frozenset()
    last_dismissal: LastDismissal | None = None


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """A scheduled run to make. It waits until `planned`; with `start_before` it expires if it has not begun by then.

    `takes_turn`: whether it needs the turn of its schedule and node (all but overlap `allow`).
    """

    revision: int
    nominal: datetime
    planned: datetime
    start_before: datetime | None
    takes_turn: bool


@dataclass(frozen=True, slots=True)
class Dismissal:
    """Occurrences in the window (`after`, `until`] of one revision that will not run; `count` None: not counted.

    `extends`: the id of the dismissal that this one carries on (its `until` and `count` grow); None makes a new one.
    A window holds no nominal time of a run of the same timer, unless that run was decided ahead.
    """

    revision: int
    after: datetime
    until: datetime
    count: int | None
    reason: DismissalReason
    extends: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a tick decides for one timer.

    `next_due`: the next nominal time after `handled_until`, when the timer is to be looked at again; None when there is
    none, or when it waits for a completion. `cancel`: unfinished runs to be asked to cancel (overlap `replace`).
    `until`: closes the timer's span (max runs reached, or the timetable is used up); None leaves it as it is.
    """

    runs: tuple[PlannedRun, ...]
    dismissals: tuple[Dismissal, ...]
    handled_until: datetime
    next_due: datetime | None
    cancel: tuple[int, ...] = ()
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Broken:
    """The definition cannot be evaluated: nothing is decided, and the schedule is broken, for this reason, until repaired."""

    reason: str


def plan(timer: Timer, *, now: datetime, previous_tick: datetime | None) -> Plan:
    """Decide every occurrence of `timer` after its `handled_until`, up to and with `now` (or the end of its span).

    With a `now` that is not after `handled_until` nothing is decided; the plan says only when to look again.
    `previous_tick`: when the deciding node ticked before; it widens the room of the newest occurrence. The cost grows
    with the runs that are made, not with the occurrences that are dismissed. Raises TimetableError and InvalidPolicy,
    for a definition that cannot be evaluated; nothing else.
    """
    until = now if timer.until is None else min(now, timer.until)
    return _Decision(timer, now, max(until, timer.handled_until), previous_tick).plan()


def next_due(timer: Timer, after: datetime) -> datetime | None:
    """When the first occurrence of `timer` after `after` that has no run yet can be decided; None when its span holds no more.

    That is its nominal time, or, where it waits for the end of a closing, when that opens. For "after completion" it is
    the moment for which the timer was woken, if it is still to come.
    """
    last = LAST_SECOND if timer.until is None else epoch_second(timer.until)
    holding = _tenures(timer, epoch_second(after), last)
    for place, tenure in enumerate(holding):
        found = tenure.timetable.second_after(tenure.after)
        if found is not None and found <= tenure.until:
            return from_epoch(decidable_at(holding[place:], found))
    return None


def next_after_completion(definition: Definition, latest_end: datetime) -> datetime:
    """For "after completion": the next nominal time, when the last scheduled run (or dismissal, edit, resume) ended so.

    The rest is rounded up to a whole second. A moment after the schedule's `ends` is returned too: planning then closes
    the timer's span.
    """
    rest = definition.rest()
    if rest is None:
        raise ValueError(f"{definition.when!r} does not rest after completion")
    at = latest_end + rest
    if definition.starts is not None and at < definition.starts:
        at = definition.starts
    return from_epoch(whole_second(at))


def _tenures(timer: Timer, after: int, until: int) -> list[Tenure]:
    return tenures(timer.revisions, after, until, woken_for=timer.next_due, decided=timer.decided_ahead)


def _keeps(tenure: Tenure) -> int:
    """How many missed occurrences the tenure's catch-up counts."""
    catch_up = tenure.revision.definition.catch_up
    return catch_up.newest if catch_up.kind is CatchUpKind.ALL else 0


class _Drop(NamedTuple):
    """Occurrences to dismiss, in seconds after `after`, up to and with `until`."""

    tenure: Tenure
    after: int
    until: int
    reason: DismissalReason


class _Make(NamedTuple):
    """An occurrence to run. `together`: one of those that catch-up `all` keeps, which are one newcomer.

    `counts_from`: the second from which its lateness counts: its nominal time, or the opening for which it waited.
    """

    tenure: Tenure
    nominal: int
    together: bool
    counts_from: int


def _count(drop: _Drop) -> int | None:
    """How many occurrences it dismisses; None where that cannot be counted, but there are some."""
    timetable = drop.tenure.timetable
    count = timetable.count_seconds(drop.after, drop.until) if drop.after < drop.until else 0
    if count is None:
        first = timetable.second_after(drop.after)
        return 0 if first is None or first > drop.until else None
    return count


def _append(entries: list[_Drop | _Make], drop: _Drop) -> None:
    """Note a drop behind the others; one that carries on the last one lengthens it."""
    last = entries[-1] if entries else None
    if isinstance(last, _Drop) and last.tenure is drop.tenure and last.reason is drop.reason:
        entries[-1] = last._replace(until=drop.until)
    else:
        entries.append(drop)


def _widened(drop: _Drop, reached: int, following: _Drop | _Make | None) -> _Drop:
    """The same occurrences in the window that people and the next tick expect.

    From where the last entry ended, so that a timer's dismissals adjoin from tick to tick; and up to the last
    occurrence before a run, or as far as the revision holds.
    """
    tenure = drop.tenure
    until = drop.until
    if following is None or following.tenure is not tenure:
        until = tenure.until
    elif isinstance(following, _Make):
        until = tenure.timetable.second_at_or_before(until) or until
    return drop._replace(after=max(tenure.after, reached), until=until)


class _Decision:
    """One decision in the making: catch-up first, from the newest back; then overlap on what it keeps, from the oldest on."""

    def __init__(self, timer: Timer, now: datetime, until: datetime, previous_tick: datetime | None) -> None:
        self.timer = timer
        self.now = now
        self.until = until
        self.room = room(previous_tick, now)
        self.first, self.last = epoch_second(timer.handled_until), epoch_second(until)
        self.entries: list[_Drop | _Make] = []
        self.alone = self.together = 0
        self.newest = max(timer.revisions, key=lambda revision: revision.number)
        self.begun = sum(run.begun for run in timer.unfinished)
        self.unbegun = len(timer.unfinished) - self.begun
        self.replaces = False
        self.closes: datetime | None = None
        self.spells = spells(_tenures(timer, self.first, self.last))
        held = held_after(self.spells, epoch_second(now))
        if held is not None:
            # What waits for the end of a closing stays undecided.
            self.last = held
            self.until = timer.handled_until if held == self.first else from_epoch(held)
            self.spells = up_to(self.spells, held)
        for place, spell in enumerate(self.spells):
            if self._runs_left(spell.tenure.revision.definition) <= 0:
                # An edit allowed fewer runs than were made: the span ended with the edit.
                self.closes = self._moment(spell.after)
                self.spells = self.spells[:place]
                break

    def plan(self) -> Plan:
        for spell, stretch in reversed(self._caught_up()):
            if self._settle(spell, stretch):
                break
        runs, dismissals = self._written()
        cancel = tuple(run.id for run in self.timer.unfinished) if self.replaces else ()
        if self.closes is not None:
            return Plan(runs, dismissals, self.closes, None, cancel, self.closes)
        if self._awaits_completion(runs):
            return Plan(runs, dismissals, self.until, None, cancel)
        due = self._next(dismissals)
        used_up = due is None and self.timer.until is None
        return Plan(runs, dismissals, self.until, due, cancel, self.until if used_up else None)

    # catch-up

    def _caught_up(self) -> list[tuple[Spell, Stretch]]:
        """What closings and catch-up make of all occurrences, newest first."""
        judged: list[tuple[Spell, Stretch]] = []
        newer_kept = newest_seen = False
        newer_missed = 0
        for place in reversed(range(len(self.spells))):
            spell = self.spells[place]
            tenure, after, until = spell.tenure, spell.after, spell.until
            timetable, definition = tenure.timetable, tenure.revision.definition
            last = timetable.second_at_or_before(until)
            if last is None or last <= after:
                continue
            if spell.closed:
                judged.append((spell, Stretch(after, until, DismissalReason.CLOSED)))
                continue
            missed = self._last_missed(spell, last, is_newest=not newest_seen)
            newest_seen = True
            if last > missed:
                judged.append((spell, Stretch(missed, until)))
                newer_kept = True
            last_missed_one = None if missed == after else timetable.second_at_or_before(missed)
            if last_missed_one is None or last_missed_one <= after:
                continue
            for stretch in definition.catch_up.stretches(
                timetable,
                after,
                missed,
                oldest=self._oldest(spell),
                newer_kept=newer_kept,
                newer_missed=newer_missed,
            ):
                if stretch.after < stretch.until:
                    judged.append((spell, stretch))
                    newer_kept = newer_kept or stretch.reason is None
            countable = max((_keeps(older.tenure) for older in self.spells[:place]), default=0)
            newer_missed += len(newest(timetable, after, missed, countable - newer_missed))
        return judged

    def _last_missed(self, spell: Spell, last: int, *, is_newest: bool) -> int:
        """Up to and with which second its occurrences are missed, of which the last one is at `last`."""
        if spell.opens is not None:
            return spell.until
        definition = spell.tenure.revision.definition
        missed = last_missed(definition, self.timer.node, definition.grace, self.now)
        if is_newest and last > last_missed(definition, self.timer.node, self.room, self.now):
            missed = min(missed, last - 1)
        return min(max(missed, spell.after), spell.until)

    def _oldest(self, spell: Spell) -> int:
        """The second from which catch-up `within` keeps. What waited for an opening is as old as that."""
        span = spell.tenure.revision.definition.catch_up.span
        if span is None:
            return self.first
        oldest = oldest_within(span, self.now)
        if spell.opens is None:
            return oldest
        return spell.after + 1 if spell.opens >= oldest else spell.until + 1

    # overlap

    def _settle(self, spell: Spell, stretch: Stretch) -> bool:
        """Note what becomes of a stretch, the oldest first; once the schedule's last run is made, the span closes: True."""
        tenure, definition = spell.tenure, spell.tenure.revision.definition
        if self._runs_left(definition) <= 0:
            self.closes = self._moment(stretch.after)
            return True
        if stretch.reason is not None:
            self._drop(tenure, stretch.after, stretch.until, stretch.reason)
            return False
        together = definition.catch_up.kind is CatchUpKind.ALL
        at = stretch.after
        while (nominal := tenure.timetable.second_after(at)) is not None and nominal <= stretch.until:
            rivals = self.alone + (0 if together else self.together)
            newcomer = meet(definition.overlap, begun=self.begun, unbegun=self.unbegun + rivals)
            if newcomer is Newcomer.DISMISSED:
                # Nothing ends within one decision: what dismisses this one dismisses the rest of the stretch.
                self._drop(tenure, at, stretch.until, DismissalReason.OVERLAPPED)
                return False
            if newcomer is Newcomer.REPLACES:
                self._replace(together)
            if definition.overlap is Overlap.REPLACE and not together and self._runs_left(definition) > 1:
                # Each would be replaced by the next one.
                (nominal,) = newest(tenure.timetable, at, stretch.until, 1)
                self._drop(tenure, at, nominal - 1, DismissalReason.OVERLAPPED)
            self._make(_Make(tenure, nominal, together, nominal if spell.opens is None else spell.opens))
            if self._runs_left(definition) <= 0:
                self.closes = from_epoch(nominal)
                return True
            at = nominal
        return False

    def _runs_left(self, definition: Definition) -> float:
        made = self.timer.runs_made + self.alone + self.together
        return math.inf if definition.max_runs is None else definition.max_runs - made

    def _make(self, make: _Make) -> None:
        self.entries.append(make)
        if make.together:
            self.together += 1
        else:
            self.alone += 1

    def _drop(self, tenure: Tenure, after: int, until: int, reason: DismissalReason) -> None:
        _append(self.entries, _Drop(tenure, after, until, reason))

    def _replace(self, together: bool) -> None:
        """Ask what is unfinished to cancel, and dismiss what this decision made so far, but for companions."""
        self.replaces, self.unbegun = True, 0
        entries, self.entries = self.entries, []
        self.alone = self.together = 0
        for entry in entries:
            match entry:
                case _Make(together=companion) if together and companion:
                    self._make(entry)
                case _Make(tenure, nominal):
                    self._drop(tenure, nominal - 1, nominal, DismissalReason.OVERLAPPED)
                case _Drop(tenure, after, until, reason):
                    self._drop(tenure, after, until, reason)

    # the plan

    def _written(self) -> tuple[tuple[PlannedRun, ...], tuple[Dismissal, ...]]:
        entries: list[_Drop | _Make] = []
        for entry in self.entries:
            if isinstance(entry, _Make):
                entries.append(entry)
            elif _count(entry) != 0:
                _append(entries, entry)
        runs: list[PlannedRun] = []
        dismissals: list[Dismissal] = []
        reached = self.first
        for entry, following in zip_longest(entries, entries[1:]):
            if isinstance(entry, _Make):
                runs.append(self._run(entry))
                reached = entry.nominal
            else:
                drop = _widened(entry, reached, following)
                dismissals.append(self._dismissal(drop))
                reached = drop.until
        return tuple(runs), tuple(dismissals)

    def _run(self, make: _Make) -> PlannedRun:
        definition = make.tenure.revision.definition
        counts_from = from_epoch(make.counts_from)
        begins = planned(definition, self.timer.node, counts_from)
        until = start_before(definition, counts_from, begins, self.now)
        number = make.tenure.revision.number
        return PlannedRun(number, from_epoch(make.nominal), begins, until, definition.overlap.takes_turn)

    def _dismissal(self, drop: _Drop) -> Dismissal:
        number, begins, ends = drop.tenure.revision.number, self._moment(drop.after), self._moment(drop.until)
        last = self.timer.last_dismissal
        adjoins = last is not None and (last.revision, last.reason, last.until) == (number, drop.reason, begins)
        return Dismissal(number, begins, ends, _count(drop), drop.reason, last.id if last and adjoins else None)

    def _moment(self, second: int) -> datetime:
        """A border as a moment: windows begin and end exactly where the decision does, fractions of a second included."""
        if second == self.first:
            return self.timer.handled_until
        return self.until if second == self.last else from_epoch(second)

    def _awaits_completion(self, runs: Sequence[PlannedRun]) -> bool:
        """Does the end of a run tell when the next occurrence is?"""
        return bool(runs or self.timer.unfinished) and self.newest.definition.rest() is not None

    def _next(self, dismissals: Sequence[Dismissal]) -> datetime | None:
        """When the timer is to be looked at again."""
        definition = self.newest.definition
        if definition.rest() is None:
            return next_due(self.timer, self.until)
        due = self.timer.next_due
        if dismissals or due is None or due <= self.until:
            due = next_after_completion(definition, dismissals[-1].until if dismissals else self.until)
        if definition.ends is not None and due > definition.ends:
            return None
        second = whole_second(due)
        opens = decidable_at(reigns(self.timer.revisions, second - 1), second)
        return due if opens == second else from_epoch(opens)
