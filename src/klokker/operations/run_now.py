"""Run now: a person asks for one run, outside the timetable and outside the account."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from klokker.core.definition import Definition, InvalidDefinition
from klokker.core.json_values import Json
from klokker.core.lifecycle import RunKind, ScheduleState
from klokker.core.placement import ANY_NODE, PlacementKind
from klokker.core.result import as_result
from klokker.operations.asking import InvalidRequest
from klokker.operations.catalogue import TaskCatalogue, argument_faults
from klokker.operations.effect import Effect, Note
from klokker.operations.operation import Decision, Operation, require_state
from klokker.store.contract import Change, LockedSchedule, NewRun

RUNNABLE = (ScheduleState.ACTIVE, ScheduleState.PAUSED, ScheduleState.SPENT, ScheduleState.BROKEN)


@dataclass(frozen=True, slots=True)
class RunNow(Operation):
    """One run now; on each node of the placement, or on the one that is named.

    It waits for the turn of its schedule and node, unless it is forced. `args` and `kwargs` take the place of the
    schedule's own for this run. `dry_run`: it counts and samples, changes nothing, and needs no turn.
    """

    tasks: TaskCatalogue
    node: str | None = None
    args: Sequence[Json] | None = None
    kwargs: Mapping[str, Json] | None = None
    force: bool = False
    dry_run: bool = False

    def decide(self, locked: LockedSchedule) -> Decision:
        """Raises WrongState, InvalidRequest, with all faults by field."""
        what = "dry run" if self.dry_run else "run now"
        require_state(what, locked, *RUNNABLE)
        schedule = locked.schedule
        definition = schedule.revision.definition
        if schedule.fault:
            raise InvalidDefinition(
                definition.name, {"definition": f"cannot be read: {schedule.fault}; edit the schedule"}
            )
        args, kwargs, faults = self._arguments(definition)
        notes: tuple[Note, ...] = ()
        if not faults:
            faults, notes = argument_faults(self.tasks, definition.task, args, kwargs)
        task = self.tasks.task(definition.task)
        if self.dry_run and task is not None and not task.heeds_dry_run:
            faults["dry_run"] = (
                f"is not possible: {definition.task} is not handed its run (a parameter annotated RunContext), and "
                "would do its work for real"
            )
        nodes = self._nodes(definition, locked, faults)
        if faults:
            raise InvalidRequest(what, faults)
        runs = tuple(self._run(definition, node, args, kwargs) for node in nodes)
        return Decision(
            Change(by=self.asked.by, runs=runs),
            Effect(
                schedule=schedule.id,
                name=definition.name,
                state_before=schedule.state,
                state=schedule.state,
                starts=runs,
                goes_on=tuple(run for timer in locked.timers for run in timer.unfinished),
                notes=notes,
            ),
        )

    def _arguments(self, definition: Definition) -> tuple[Sequence[Json], Mapping[str, Json], dict[str, str]]:
        """The arguments of this run, and which of them are no JSON."""
        faults: dict[str, str] = {}
        stored_args: Sequence[Json] = definition.args
        stored_kwargs: Mapping[str, Json] = definition.kwargs
        if self.args is not None:
            result = as_result(list(self.args))
            if result.fault:
                faults["args"] = result.fault
            elif isinstance(result.json, list):
                stored_args = result.json
        if self.kwargs is not None:
            result = as_result(dict(self.kwargs))
            if result.fault:
                faults["kwargs"] = result.fault
            elif isinstance(result.json, dict):
                stored_kwargs = result.json
        return stored_args, stored_kwargs, faults

    def _nodes(self, definition: Definition, locked: LockedSchedule, faults: dict[str, str]) -> Sequence[str]:
        placed = definition.placement.timers(locked.nodes)
        if self.node is None:
            if not placed:
                faults["node"] = "is needed: the schedule runs on each node, and none is enrolled"
            return placed
        if definition.placement.kind is PlacementKind.ANY:
            if self.node not in (ANY_NODE, *locked.nodes):
                faults["node"] = (
                    f"is not enrolled: {self.node!r}; enrolled are {', '.join(sorted(locked.nodes)) or 'none'}"
                )
        elif self.node not in placed:
            faults["node"] = f"is not one of those that the schedule runs on: {', '.join(placed)}; got {self.node!r}"
        return (self.node,)

    def _run(self, definition: Definition, node: str, args: Sequence[Json], kwargs: Mapping[str, Json]) -> NewRun:
        return NewRun(
            kind=RunKind.DRY if self.dry_run else RunKind.MANUAL,
            task=definition.task,
            args=args,
            kwargs=kwargs,
            planned=self.asked.now,
            node=node,
            lane=definition.lane,
            order=definition.order,
            takes_turn=definition.overlap.takes_turn and not (self.force or self.dry_run),
            asked_by=self.asked.by,
        )
