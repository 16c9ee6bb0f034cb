"""What became of a schedule in a world, in numbers and one by one."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from klokker.core.ledger import LedgerDismissal
from klokker.core.lifecycle import DismissalReason, Outcome
from klokker.simulation.world import World
from klokker.store.seen import SeenRun


@dataclass(frozen=True, slots=True)
class Fate:
    """One run of a schedule: `caught_up` when it was decided on later than the schedule's grace allows for.

    `waited`: from its nominal time until its first attempt began; None when it has not begun.
    """

    name: str
    run: SeenRun
    caught_up: bool
    waited: timedelta | None


@dataclass(frozen=True, slots=True)
class Summary:
    """What a schedule came to. `due` fell due; each became one of the `runs`, or stands in `dismissed`, by reason.

    `unfinished`: runs that have not ended; `outcomes`: how the others did. `longest_wait`: the longest that a run waited
    for its beginning. `undecided`: due and not yet decided, because the machine is off or no tick has come;
    `waiting`: because a calendar closes the schedule. `exact`: the account proves it.
    """

    name: str
    due: int
    runs: int
    caught_up: int
    dismissed: Mapping[DismissalReason, int]
    outcomes: Mapping[Outcome, int]
    unfinished: int
    longest_wait: timedelta
    undecided: int
    waiting: int
    exact: bool


def fates(world: World, name: str) -> Iterator[Fate]:
    """Each scheduled run of the schedule, in the order in which they were made."""
    grace = world.schedule(name).revision.definition.grace
    for run in world.runs(name):
        decided = world.decided_at(run.id)
        if run.nominal is None or decided is None:
            continue
        began = min([attempt.started for attempt in run.attempts], default=run.started)
        yield Fate(name, run, decided - run.nominal > grace, began - run.nominal if began else None)


def summary(world: World, name: str) -> Summary:
    """The schedule's numbers, as the world stands."""
    made = list(fates(world, name))
    proof = world.account(name)
    dismissed: Counter[DismissalReason] = Counter()
    for line in proof.lines:
        dismissed.update(line.dismissals)
    return Summary(
        name=name,
        due=proof.expected,
        runs=proof.runs,
        caught_up=sum(fate.caught_up for fate in made),
        dismissed=dismissed,
        outcomes=Counter(fate.run.outcome for fate in made if fate.run.outcome is not None),
        unfinished=sum(fate.run.outcome is None for fate in made),
        longest_wait=max((fate.waited for fate in made if fate.waited is not None), default=timedelta(0)),
        undecided=proof.due,
        waiting=proof.waiting,
        exact=proof.exact,
    )


def in_order(world: World) -> list[tuple[datetime, str, Fate | LedgerDismissal]]:
    """Everything that became of anything: (nominal time, or that until which was dismissed; name; what), by time."""
    told: list[tuple[datetime, str, Fate | LedgerDismissal]] = []
    for name in world.names:
        told += [(fate.run.nominal, name, fate) for fate in fates(world, name) if fate.run.nominal is not None]
        told += [(dismissal.until, name, dismissal) for dismissal in world.dismissed(name)]
    return sorted(told, key=lambda each: each[:2])
