"""A node comes or goes: schedules that are placed on it get a timer there, or lose it.

Enrolling opens the timers first, writes the node down, and looks once more for schedules that came in between; whoever
dies halfway leaves a node that is not enrolled yet, and its next start does all of it again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from klokker.core.errors import TimetableError
from klokker.core.fields import Unfit, printable_name
from klokker.core.lifecycle import DismissalReason, ScheduleState
from klokker.core.placement import PlacementKind
from klokker.core.schedule import Schedule
from klokker.events import NodeEnrolled, emit
from klokker.operations.asking import Asked, InvalidRequest
from klokker.operations.effect import Effect
from klokker.operations.operation import Decision, Operation, do, preview
from klokker.operations.pause import unbegun
from klokker.operations.spans import Course, Decided, latest_border, runs_made_so_far
from klokker.store.contract import Change, LockedSchedule, NewTimer, Store, TimerMove


class NoSuchNode(InvalidRequest):
    """No node of this name is enrolled. `node`, and `enrolled`, those that are."""

    def __init__(self, node: str, enrolled: Sequence[str]) -> None:
        self.node, self.enrolled = node, tuple(enrolled)
        fault = f"is not enrolled: {node!r}; enrolled are {', '.join(enrolled) or 'none'}"
        super().__init__("retire node", {"node": fault})


@dataclass(frozen=True, slots=True)
class OpenOnNode(Operation):
    """The schedule gets a timer on the node, if it is placed there and has none that is open."""

    node: str

    def decide(self, locked: LockedSchedule) -> Decision:
        schedule = locked.schedule
        timer = self._timer(locked)
        opens = () if timer is None else (timer,)
        effect = Effect(
            schedule.id,
            schedule.revision.definition.name,
            schedule.state,
            schedule.state,
            opens=tuple(each.node for each in opens),
        )
        return Decision(Change(open=opens), effect)

    def _timer(self, locked: LockedSchedule) -> NewTimer | None:
        schedule, since = locked.schedule, latest_border(locked, self.asked.now)
        if schedule.state in (ScheduleState.RETIRED, ScheduleState.SPENT) or schedule.fault:
            return None
        placed = schedule.revision.definition.placement.timers({*locked.nodes, self.node})
        if self.node not in placed or any(timer.node == self.node and timer.until is None for timer in locked.timers):
            return None
        paused = schedule.state is ScheduleState.PAUSED
        made = runs_made_so_far(locked)
        course = Course(schedule.revision, since, asleep=paused, at_once=True, runs_made=made)
        if schedule.state is ScheduleState.BROKEN:
            return NewTimer(self.node, since, None, made.get(self.node, 0))
        try:
            return course.opens(self.node)
        except TimetableError:
            # Looked at by the next tick, it is found out and shown as broken.
            return NewTimer(self.node, since, since, made.get(self.node, 0))


@dataclass(frozen=True, slots=True)
class CloseOnNode(Operation):
    """The schedule's timer on the node closes; what it has not decided is dismissed as paused."""

    node: str
    cancel_waiting: bool = False

    def decide(self, locked: LockedSchedule) -> Decision:
        schedule = locked.schedule
        timers = [timer for timer in locked.timers if timer.node == self.node]
        decided = [Decided.dismissed(timer, self.asked.now, DismissalReason.PAUSED) for timer in timers]
        here = {run for timer in timers for run in timer.unfinished}
        cancels = [run for run in unbegun(locked) if run in here] if self.cancel_waiting else []
        moves = tuple(_closed(each) for each in decided)
        effect = Effect(
            schedule.id,
            schedule.revision.definition.name,
            schedule.state,
            schedule.state,
            dismissed=tuple(dismissal for each in decided for dismissal in each.dismissals),
            goes_on=tuple(run for timer in timers for run in timer.unfinished if run not in cancels),
            cancels=tuple(run.id for run in cancels),
            closes=tuple(timer.node for timer in timers),
        )
        return Decision(Change(by=self.asked.by, timers=moves, cancel=effect.cancels), effect)


def _closed(decided: Decided) -> TimerMove:
    until = max(decided.until, decided.timer.since)
    return TimerMove(decided.timer.id, until, None, until, decided.dismissals)


def enrol_node(store: Store, node: str, asked: Asked) -> tuple[Effect, ...]:
    """Enrol the node: its schedules get their timers there. Nothing happens if it is enrolled. Raises InvalidRequest."""
    try:
        printable_name(node)
    except Unfit as unfit:
        raise InvalidRequest("enrol", {"node": str(unfit)}) from None
    if _is_enrolled(store, node):
        return ()
    effects = [do(store, each.id, OpenOnNode(asked, node)).effect for each in _placed_on(store, node)]
    if store.enrol(node, asked.now):
        emit(NodeEnrolled(node=node))
    effects += [do(store, each.id, OpenOnNode(asked, node)).effect for each in _placed_on(store, node)]
    return tuple(effect for effect in effects if effect.opens)


def preview_retire_node(store: Store, node: str, asked: Asked, *, cancel_waiting: bool = False) -> tuple[Effect, ...]:
    """What would close; writes nothing. Raises NoSuchNode, when it is not enrolled and no timer is open there."""
    wish = CloseOnNode(asked, node, cancel_waiting)
    effects = tuple(effect for each in _placed_on(store, node) if (effect := preview(store, each.id, wish)).closes)
    _refuse_unknown(store, node, effects)
    return effects


def retire_node(store: Store, node: str, asked: Asked, *, cancel_waiting: bool = False) -> tuple[Effect, ...]:
    """Retire the node: its timers close, and what is undecided there is dismissed as paused. Raises NoSuchNode.

    Said again after it was cut short, it closes what is left.
    """
    preview_retire_node(store, node, asked)
    store.retire_node(node, asked.now)
    wish = CloseOnNode(asked, node, cancel_waiting)
    effects = tuple(do(store, each.id, wish).effect for each in _placed_on(store, node))
    return tuple(effect for effect in effects if effect.closes)


def _is_enrolled(store: Store, node: str) -> bool:
    return any(known.name == node and known.retired is None for known in store.nodes())


def _refuse_unknown(store: Store, node: str, effects: tuple[Effect, ...]) -> None:
    if not effects and not _is_enrolled(store, node):
        raise NoSuchNode(node, [known.name for known in store.nodes() if known.retired is None])


def _placed_on(store: Store, node: str) -> Iterator[Schedule]:
    """Schedules that may have a timer of their own on the node."""
    for schedule in store.schedules():
        placement = schedule.revision.definition.placement
        if schedule.fault or placement.kind is PlacementKind.EACH or node in placement.nodes:
            yield schedule
