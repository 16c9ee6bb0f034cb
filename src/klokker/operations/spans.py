"""What becomes of a schedule's timers when it changes? Which open, which close, and when is each to be looked at?

An occurrence belongs to the span in which it lies. A span that closes keeps what fell due before; the next tick decides
that as if nothing had happened.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from klokker.core.definition import Definition, Revision
from klokker.core.lifecycle import DismissalReason, ScheduleState
from klokker.core.moments import from_epoch
from klokker.core.placement import ANY_NODE
from klokker.core.plan import Dismissal, Timer, next_after_completion, next_due
from klokker.core.tenure import whole_second
from klokker.core.undecided import dismiss_all
from klokker.operations.effect import NodeNotEnrolled, Note
from klokker.store.contract import LockedSchedule, NewTimer, TimerMove


@dataclass(frozen=True, slots=True)
class Spans:
    """The timers after a change. `live`: whether any of them has, or may have, an occurrence ahead."""

    moves: tuple[TimerMove, ...] = ()
    opens: tuple[NewTimer, ...] = ()
    live: bool = True

    @property
    def state(self) -> ScheduleState:
        """What the timers make of a schedule that is neither paused nor broken."""
        return ScheduleState.ACTIVE if self.live else ScheduleState.SPENT

    @property
    def dismissals(self) -> tuple[Dismissal, ...]:
        """All that is dismissed."""
        return tuple(dismissal for move in self.moves for dismissal in move.dismissals)


@dataclass(frozen=True, slots=True)
class Decided:
    """An open timer, and how far it is decided once these dismissals are written."""

    timer: Timer
    until: datetime
    dismissals: tuple[Dismissal, ...] = ()

    @classmethod
    def as_it_is(cls, timer: Timer) -> "Decided":
        """Nothing of it is decided here."""
        return cls(timer, timer.handled_until)

    @classmethod
    def dismissed(cls, timer: Timer, until: datetime, reason: DismissalReason) -> "Decided":
        """All that it has not decided up to `until` (and the end of its span) is dismissed."""
        last = until if timer.until is None else min(until, timer.until)
        if last <= timer.handled_until:
            return cls.as_it_is(timer)
        return cls(timer, last, dismiss_all(timer, last, reason))


@dataclass(frozen=True, slots=True)
class Course:
    """How a schedule goes on from a change at `border`, under the revision that is `newest` then.

    `asleep`: it is paused, and nothing is looked at until it is resumed. `rests_from`: what a rest after completion is
    counted from (None: the border); `at_once`: a timer that has made no run yet needs no rest first.
    `runs_made`: node → what its earlier spans have made.
    """

    newest: Revision
    border: datetime
    asleep: bool = False
    rests_from: datetime | None = None
    at_once: bool = False
    runs_made: Mapping[str, int] = field(default_factory=dict)

    @property
    def definition(self) -> Definition:
        return self.newest.definition

    def goes_on(self, decided: Decided) -> TimerMove:
        """The timer goes on. One that has nothing ahead closes at the border."""
        timer = decided.timer
        if self.asleep:
            return TimerMove(timer.id, decided.until, None, timer.until, decided.dismissals)
        due = None if self._used_up(timer.runs_made) else self._due(self._seen(decided))
        if due is None and (self._used_up(timer.runs_made) or not self._awaits_completion(timer)):
            return self.closes(decided)
        return TimerMove(timer.id, decided.until, due, timer.until, decided.dismissals)

    def closes(self, decided: Decided) -> TimerMove:
        """The timer's span ends at the border, or where it ended before. Under a pause nothing of it waits any longer."""
        timer = decided.timer
        until = max(self.border if timer.until is None else min(self.border, timer.until), timer.since)
        if self.asleep:
            decided = Decided.dismissed(timer, until, DismissalReason.PAUSED)
        due = None
        if decided.until < until:
            due = next_due(replace(self._seen(decided), until=until), decided.until)
        handled_until = max(decided.until, until) if due is None else decided.until
        return TimerMove(timer.id, handled_until, due, until, decided.dismissals)

    def opens(self, node: str) -> NewTimer | None:
        """A timer of this node from the border on; None when nothing is left for it."""
        made = self.runs_made.get(node, 0)
        if self._used_up(made):
            return None
        unborn = Timer(
            id=0,
            schedule=0,
            node=node,
            since=self.border,
            until=None,
            handled_until=self.border,
            next_due=None,
            runs_made=made,
            revisions=(self.newest,),
        )
        due = self._due(unborn)
        if due is None:
            return None
        return NewTimer(node, self.border, None if self.asleep else due, made)

    def _seen(self, decided: Decided) -> Timer:
        """The timer as a tick will see it."""
        older = [each for each in decided.timer.revisions if each.number != self.newest.number]
        return replace(decided.timer, handled_until=decided.until, revisions=(*older, self.newest))

    def _due(self, timer: Timer) -> datetime | None:
        """When the timer is to be looked at: at its first undecided occurrence, whichever revision yields it."""
        if self.definition.rest() is not None:
            fell_due = timer.next_due is not None and timer.handled_until < timer.next_due <= self.border
            timer = timer if fell_due else replace(timer, next_due=self._due_after_completion(timer))
        return next_due(timer, timer.handled_until)

    def _due_after_completion(self, timer: Timer) -> datetime | None:
        if timer.unfinished:
            return None
        rests_from = max(self.rests_from or self.border, timer.handled_until)
        if timer.runs_made or not self.at_once:
            return next_after_completion(self.definition, rests_from)
        starts = self.definition.starts
        first = from_epoch(whole_second(rests_from if starts is None else max(starts, rests_from)))
        return first if first > timer.handled_until else first + timedelta(seconds=1)

    def _awaits_completion(self, timer: Timer) -> bool:
        return bool(timer.unfinished) and self.definition.rest() is not None

    def _used_up(self, runs_made: int) -> bool:
        most = self.definition.max_runs
        return most is not None and runs_made >= most


def rearranged(
    course: Course, locked: LockedSchedule, decided: Sequence[Decided], *, placed_before: Collection[str] = ()
) -> Spans:
    """The timers under the newest definition's placement. `decided`: each open timer. `placed_before`: the old placement's nodes.

    Timers of nodes that are no longer wanted close; a wanted node without an open timer gets one, unless it had one and
    was retired since.
    """
    earlier = {span.node for span in locked.closed}
    wanted = [
        node
        for node in course.definition.placement.timers(locked.nodes)
        if node == ANY_NODE or node in locked.nodes or node not in earlier or node not in placed_before
    ]
    moves = tuple(course.goes_on(each) if each.timer.node in wanted else course.closes(each) for each in decided)
    # A node whose open-ended timer is there needs no other one; nor does one whose timer has just been used up.
    seen_to = {each.timer.node for each in decided if each.timer.until is None}
    opens = tuple(timer for node in wanted if node not in seen_to and (timer := course.opens(node)) is not None)
    ahead = any(move.until is None or move.handled_until < move.until for move in moves)
    return Spans(moves, opens, live=bool(opens) or ahead or not wanted)


def runs_made_so_far(locked: LockedSchedule) -> dict[str, int]:
    """Node → how many runs its newest span counts; earlier spans are carried on in it."""
    spans = [(each.since, each.node, each.runs_made) for each in locked.closed]
    spans += [(each.since, each.node, each.runs_made) for each in locked.timers]
    return {node: runs for _, node, runs in sorted(spans)}


def latest_border(locked: LockedSchedule, now: datetime) -> datetime:
    """From when on a change made now may hold: now, or how far the schedule is decided already."""
    return max([now, *decided_so_far(locked)])


def decided_so_far(locked: LockedSchedule) -> list[datetime]:
    """How far each span of the schedule is decided."""
    # A closed span without length is what a rewind left of one that was opened in a time that has not come.
    closed = [span.handled_until for span in locked.closed if span.since < span.handled_until]
    return [*closed, *(timer.handled_until for timer in locked.timers)]


def missing_nodes(definition: Definition, enrolled: Collection[str]) -> tuple[Note, ...]:
    """Named nodes that have not enrolled, as notes."""
    named = definition.placement.nodes
    return tuple(NodeNotEnrolled(node) for node in named if node not in enrolled)
