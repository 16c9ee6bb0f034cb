"""Retry: a person asks for a run that is over to be tried again. That is a new manual run, which says what it repeats."""

from dataclasses import dataclass

from klokker.core.lifecycle import RunKind, RunState
from klokker.operations.asking import Asked, InvalidRequest
from klokker.operations.effect import Effect
from klokker.operations.operation import Decision, Operation, do, require_state
from klokker.operations.retire import STANDING
from klokker.store.contract import Change, LockedSchedule, NewRun, Store
from klokker.store.errors import NoSuchRun
from klokker.store.seen import SeenRun


@dataclass(frozen=True, slots=True)
class Retry(Operation):
    """The run once more: the same task, arguments and node. `run` is of the schedule that is asked, and over."""

    run: SeenRun

    def decide(self, locked: LockedSchedule) -> Decision:
        """Raises WrongState, InvalidRequest."""
        require_state("retry", locked, *STANDING, hint="Its runs can no longer be tried again.")
        schedule = locked.schedule
        takes_turn = not schedule.fault and schedule.revision.definition.overlap.takes_turn
        runs = (repeated(self.run, self.asked, takes_turn=takes_turn),)
        effect = Effect(
            schedule=schedule.id,
            name=schedule.revision.definition.name,
            state_before=schedule.state,
            state=schedule.state,
            starts=runs,
        )
        return Decision(Change(by=self.asked.by, runs=runs), effect)


def retry(store: Store, run: int, asked: Asked) -> int:
    """Try the run again; the id of the new one. Raises NoSuchRun, InvalidRequest, WrongState."""
    seen = store.run(run)
    if seen is None:
        raise NoSuchRun(run)
    if seen.schedule is not None:
        (made,) = do(store, seen.schedule, Retry(asked, seen)).runs
        return made
    (enqueued,) = store.enqueue([repeated(seen, asked, takes_turn=False)], now=asked.now)
    return enqueued.id


def repeated(run: SeenRun, asked: Asked, *, takes_turn: bool) -> NewRun:
    """The run that tries `run` again. Raises InvalidRequest, when that one is not over, or was dry."""
    if run.state is not RunState.DONE:
        raise InvalidRequest("retry", {"run": f"{run.id} is {run.state} still; cancel it first, or wait for its end"})
    if run.kind is RunKind.DRY:
        raise InvalidRequest("retry", {"run": f"{run.id} was a dry run; ask for another dry run of its schedule"})
    return NewRun(
        kind=RunKind.MANUAL if run.schedule is not None else RunKind.ENQUEUED,
        task=run.task,
        args=run.args,
        kwargs=run.kwargs,
        planned=asked.now,
        node=run.node,
        schedule=run.schedule,
        for_nominal=run.nominal or run.for_nominal,
        lane=run.lane,
        order=run.order,
        takes_turn=takes_turn,
        asked_by=asked.by,
        retry_of=run.id,
    )
