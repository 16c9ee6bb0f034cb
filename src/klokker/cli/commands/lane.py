"""`klokker lane`: how many runs of a lane go at once over all nodes, and whether any start."""

from dataclasses import replace
from typing import Annotated, Any

import typer
from django.db.models import Count

from klokker.cli.columns import Column
from klokker.cli.faults import NotFound, UsageFault
from klokker.cli.moment import now as the_moment
from klokker.cli.output import AsJson, print_json, say, table
from klokker.core.lifecycle import RunState, ScheduleState
from klokker.core.spelling import did_you_mean
from klokker.django.models import Run, Schedule
from klokker.django.store import DjangoStore
from klokker.operations.lane import set_lane
from klokker.store.contract import Lane, Store
from klokker.watch.fleet import living

app = typer.Typer(add_completion=False)

COLUMNS = (
    Column("LANE"),
    Column("LIMIT", number=True),
    Column("STATE"),
    Column("QUEUED", number=True),
    Column("RUNNING", number=True),
    Column("SLOTS", number=True),
    Column("WHAT FOR", wrap=True),
)


@app.callback(invoke_without_command=True)
def by_itself(context: typer.Context) -> None:
    """How many runs of a lane go at once, over all nodes, and whether any start. By itself: the list."""
    if context.invoked_subcommand is None:
        group: Any = context.command
        group.commands["list"].callback(as_json=False)


@app.command("list")
def list_lanes(as_json: AsJson = False) -> None:
    """The lanes: limits, what waits and runs in them, and the slots of living workers."""
    known = {lane.name: lane for lane in DjangoStore().lanes()}
    queued, running = _counted(RunState.QUEUED), _counted(RunState.CLAIMED)
    slots: dict[str, int] = {}
    for lanes in (process.lanes for process in living(the_moment())):
        for name, count in lanes.items():
            slots[name] = slots.get(name, 0) + count
    used = Schedule.objects.exclude(state=ScheduleState.RETIRED).order_by().values_list("lane", flat=True).distinct()
    names = sorted({*known, *used, *queued, *running, *slots, "default"})
    rows = [
        (known.get(name, Lane(name)), queued.get(name, 0), running.get(name, 0), slots.get(name, 0)) for name in names
    ]
    if as_json:
        print_json(
            {
                "lanes": [
                    {
                        "name": lane.name,
                        "limit": lane.limit,
                        "paused": lane.paused,
                        "queued": waits,
                        "running": runs,
                        "slots": free,
                    }
                    for lane, waits, runs, free in rows
                ]
            }
        )
        return
    table(
        COLUMNS,
        (
            (
                lane.name,
                "none" if lane.limit is None else str(lane.limit),
                "paused" if lane.paused else "open",
                str(waits),
                str(runs),
                str(free),
                lane.description,
            )
            for lane, waits, runs, free in rows
        ),
        empty="",
    )


def _counted(state: RunState) -> dict[str, int]:
    return dict(Run.objects.filter(state=state).values_list("lane").annotate(count=Count("pk")))


@app.command("set")
def limit(
    name: Annotated[str, typer.Argument(help="The lane.")],
    limit: Annotated[int | None, typer.Option(help="At most so many runs at once, over all nodes.")] = None,
    unlimited: Annotated[bool, typer.Option("--unlimited", help="No limit.")] = False,
    description: Annotated[str | None, typer.Option(help="What the lane is for.")] = None,
    as_json: AsJson = False,
) -> None:
    """Limit a lane, or describe it; holds from the next claim on."""
    if unlimited and limit is not None:
        raise UsageFault("lane set", "say --limit or --unlimited, not both")
    if not unlimited and limit is None and description is None:
        raise UsageFault("lane set", "say what is to be: --limit N, --unlimited, or --description TEXT")
    store = DjangoStore()
    lane = _lane(store, name)
    if unlimited or limit is not None:
        lane = replace(lane, limit=None if unlimited else limit)
    _set(store, lane if description is None else replace(lane, description=description), as_json)


@app.command("pause")
def pause(name: Annotated[str, typer.Argument(help="The lane.")], as_json: AsJson = False) -> None:
    """Start nothing more in this lane; what runs, goes on."""
    store = DjangoStore()
    _set(store, replace(_known(store, name), paused=True), as_json)


@app.command("resume")
def resume(name: Annotated[str, typer.Argument(help="The lane.")], as_json: AsJson = False) -> None:
    """Start runs of this lane again."""
    store = DjangoStore()
    _set(store, replace(_known(store, name), paused=False), as_json)


def _lane(store: Store, name: str) -> Lane:
    return next((lane for lane in store.lanes() if lane.name == name), Lane(name))


class UnknownLane(NotFound):
    """No schedule, run or worker uses a lane of this name, and none was set. `known`: those that there are."""

    def __init__(self, name: str, known: set[str]) -> None:
        self.name = name
        self.known = known
        meant = did_you_mean(name, known) or f"; there are {', '.join(sorted(known))}"
        super().__init__(f"there is no lane {name!r}{meant}")


def _known(store: Store, name: str) -> Lane:
    """The lane, set or only in use: to pause one that nobody has heard of is a slip. Raises UnknownLane."""
    known = {"default", *(lane.name for lane in store.lanes())}
    for rows in (Schedule.objects, Run.objects):
        known.update(rows.order_by().values_list("lane", flat=True).distinct())
    known.update(lane for process in living(the_moment()) for lane in process.lanes)
    if name not in known:
        raise UnknownLane(name, known)
    return _lane(store, name)


def _set(store: Store, lane: Lane, as_json: bool) -> None:
    set_lane(store, lane)
    if as_json:
        print_json({"name": lane.name, "limit": lane.limit, "paused": lane.paused, "description": lane.description})
        return
    limit = "no limit" if lane.limit is None else f"at most {lane.limit} at once"
    say(f"lane {lane.name}: {limit}, {'paused' if lane.paused else 'open'}")
