"""Backfill: a person asks for the occurrences of a past window, under the definition in force now.

What already succeeded is left out, unless it is asked for again. The runs take turns, oldest first, after those of the
timetable. They stand outside the account: the occurrences that they repeat were decided when they fell due.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from klokker.core.definition import Definition, InvalidDefinition
from klokker.core.errors import FollowsCompletion, KlokkerError, TimetableError
from klokker.core.ledger import Ledger
from klokker.core.lifecycle import Outcome, RunKind
from klokker.core.moments import Window
from klokker.operations.asking import Asked, InvalidRequest
from klokker.operations.catalogue import TaskCatalogue, argument_faults
from klokker.operations.effect import Effect, HistoryPruned, Note, NothingChanges
from klokker.operations.operation import Decision, Done, Operation, do, preview, require_state
from klokker.operations.run_now import RUNNABLE
from klokker.store.contract import Change, LockedSchedule, NewRun, Store

LIMIT = 100
"""Runs that are made without an explicit yes."""

WALKED = 100_000
"""Occurrences that are looked at, at most."""


class TooManyRuns(KlokkerError):
    """A backfill would make more runs than are made without an explicit yes. `count` (of a window), `limit`."""

    def __init__(self, name: str, count: int, limit: int, *, at_least: bool = False) -> None:
        self.name, self.count, self.limit = name, count, limit
        super().__init__(
            f"The backfill of {name!r} would make at least {count:,} runs, and no more than {limit:,} are made at once. "
            "Narrow the window."
            if at_least
            else f"The backfill of {name!r} would make {count:,} runs; over {limit:,} are made only with an explicit yes. "
            "Narrow the window, or say so (--yes)."
        )


@dataclass(frozen=True, slots=True)
class Succeeded:
    """What of a window need not run again, as far as it is known.

    `occurrences`: (node, nominal) that succeeded or are unfinished. `days`: (node, UTC day) of which all succeeded,
    though their runs are pruned. `unknown`: UTC days of which pruning left no word on which ones did.
    """

    occurrences: Collection[tuple[str, datetime]] = ()
    days: Collection[tuple[str, datetime]] = ()
    unknown: tuple[datetime, ...] = ()

    def holds(self, node: str, nominal: datetime) -> bool:
        """Need this one not run again?"""
        return (node, nominal) in self.occurrences or (node, _day(nominal)) in self.days


@dataclass(frozen=True, slots=True)
class Backfill(Operation):
    """The occurrences in `window` (after its start, up to and with its end), on all nodes or on one.

    `again`: also those that succeeded. `yes`: also more than `limit`. `succeeded` is what `look` found.
    """

    window: Window
    tasks: TaskCatalogue
    node: str | None = None
    again: bool = False
    yes: bool = False
    limit: int = LIMIT
    succeeded: Succeeded = Succeeded()

    def decide(self, locked: LockedSchedule) -> Decision:
        """Raises InvalidRequest, TooManyRuns, WrongState."""
        require_state("backfill", locked, *RUNNABLE)
        schedule = locked.schedule
        definition = schedule.revision.definition
        nodes = self._nodes(definition, locked)
        notes = self._refuse(definition, nodes, fault=schedule.fault)
        runs = tuple(self._runs(definition, nodes))
        if not self.yes and len(runs) > self.limit:
            raise TooManyRuns(definition.name, len(runs), self.limit)
        if self.succeeded.unknown and not self.again:
            notes = (*notes, HistoryPruned(self.succeeded.unknown))
        effect = Effect(
            schedule=schedule.id,
            name=definition.name,
            state_before=schedule.state,
            state=schedule.state,
            starts=runs,
            goes_on=tuple(run for timer in locked.timers for run in timer.unfinished),
            notes=notes if runs else (*notes, NothingChanges()),
        )
        return Decision(Change(by=self.asked.by, runs=runs) if runs else Change(), effect)

    def _refuse(self, definition: Definition, nodes: Sequence[str], *, fault: str) -> tuple[Note, ...]:
        """Raise for what cannot be; notes on the rest."""
        if fault:
            raise InvalidDefinition(definition.name, {"definition": f"cannot be read: {fault}; edit the schedule"})
        faults, notes = argument_faults(self.tasks, definition.task, definition.args, definition.kwargs)
        if not self.window:
            faults["window"] = f"is empty: it must end after its start, {self.window.after.isoformat()}"
        if self.window.until > self.asked.now:
            faults["window"] = (
                f"must not end after now ({self.asked.now.isoformat()}), got {self.window.until.isoformat()}"
            )
        if self.limit < 1:
            faults["limit"] = f"must be at least 1, got {self.limit}"
        if not nodes:
            faults["node"] = (
                "is none: the schedule runs on each node, and none is enrolled"
                if self.node is None
                else f"is not one of those that the schedule runs on, got {self.node!r}"
            )
        if faults:
            raise InvalidRequest("backfill", faults)
        return notes

    def _nodes(self, definition: Definition, locked: LockedSchedule) -> Sequence[str]:
        placed = definition.placement.timers(locked.nodes)
        return placed if self.node is None else tuple(node for node in placed if node == self.node)

    def _runs(self, definition: Definition, nodes: Sequence[str]) -> Iterator[NewRun]:
        try:
            for number, moment in enumerate(definition.timetable().between(self.window.after, self.window.until)):
                if number >= WALKED:
                    raise TooManyRuns(definition.name, number * len(nodes), WALKED * len(nodes), at_least=True)
                for node in nodes:
                    if self.again or not self.succeeded.holds(node, moment):
                        yield backfill_run(definition, moment, node, self.asked)
        except FollowsCompletion:
            raise InvalidRequest(
                "backfill", {"window": "has no occurrences of its own: the schedule rests after completion; run it now"}
            ) from None
        except TimetableError as error:
            raise InvalidDefinition(definition.name, {"when": f"is wrong: {error}"}) from None


def preview_backfill(store: Store, schedule: int, wish: Backfill) -> Effect:
    """What would be made; writes nothing. Raises NoSuchSchedule, InvalidRequest, TooManyRuns, WrongState."""
    return preview(store, schedule, _informed(store, schedule, wish))


def backfill(store: Store, schedule: int, wish: Backfill) -> Done:
    """Make the runs. Raises NoSuchSchedule, InvalidRequest, TooManyRuns, WrongState."""
    return do(store, schedule, _informed(store, schedule, wish))


def backfill_run(definition: Definition, nominal: datetime, node: str, asked: Asked) -> NewRun:
    """A run for one past occurrence. All of a backfill are planned for now, so that they are in order and go last."""
    return NewRun(
        kind=RunKind.BACKFILL,
        task=definition.task,
        args=definition.args,
        kwargs=definition.kwargs,
        planned=asked.now,
        node=node,
        for_nominal=nominal,
        lane=definition.lane,
        order=definition.order,
        takes_turn=definition.overlap.takes_turn,
        asked_by=asked.by,
    )


def _informed(store: Store, schedule: int, wish: Backfill) -> Backfill:
    """The wish, with what is known of its window."""
    if wish.again:
        return wish
    covered = store.covered(schedule, wish.window.after, wish.window.until)
    days, unknown = _pruned_days(store.ledger(schedule), wish.window)
    return replace(wish, succeeded=Succeeded(covered, days, unknown))


def _pruned_days(ledger: Ledger, window: Window) -> tuple[frozenset[tuple[str, datetime]], tuple[datetime, ...]]:
    """Days whose runs are pruned, by node: those of which all succeeded; and those of which that cannot be told."""
    rows = Counter((run.node, _day(run.nominal)) for run in ledger.runs)
    runs = Counter[tuple[str, datetime]]()
    others = Counter[tuple[str, datetime]]()
    for tally in ledger.tallies:
        if window.after < tally.day + timedelta(days=1) and tally.day <= window.until:
            succeeded = tally.runs.get(Outcome.SUCCEEDED, 0)
            runs[tally.node, tally.day] += sum(tally.runs.values())
            others[tally.node, tally.day] += sum(tally.runs.values()) - succeeded + sum(tally.dismissals.values())
    pruned = {place for place, made in runs.items() if rows[place] < made}
    whole = frozenset(place for place in pruned if not others[place])
    return whole, tuple(sorted({day for _, day in pruned - whole}))


def _day(moment: datetime) -> datetime:
    """The first moment of the UTC day of `moment`."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
