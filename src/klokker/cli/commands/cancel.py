"""`klokker cancel`: ask runs to cancel."""

from typing import Annotated

import typer

from klokker.cli.acting import acting
from klokker.cli.faults import NotFound
from klokker.cli.finding import NUMBER, find_run, find_schedule
from klokker.cli.output import AsJson, print_json, say
from klokker.core.lifecycle import RunState
from klokker.django.models import Run
from klokker.operations.cancel import cancel

app = typer.Typer(add_completion=False)

SAID = {
    RunState.WAITING: "had not begun: cancelled",
    RunState.QUEUED: "had not begun: cancelled",
    RunState.CLAIMED: "is asked to stop; what does not heed it within ten seconds is killed with its process",
    RunState.DONE: "was over already: left as it ended",
}


class NothingUnfinished(NotFound):
    """The schedule has no run that could be cancelled."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"{name!r} has no unfinished run")


@app.command()
def cancel_runs(
    which: Annotated[
        list[str], typer.Argument(metavar="RUN|NAME…", help="Runs by number, or schedules: all their unfinished runs.")
    ],
    why: Annotated[str, typer.Option(help="Why.")] = "",
    as_json: AsJson = False,
) -> None:
    """What has not begun ends at once; what is under way is asked to stop."""
    runs = [run for each in which for run in _runs(each)]
    act = acting(why)
    states = cancel(act.store, runs, act.asked)
    if as_json:
        print_json({"runs": [{"run": run, "state_before": state} for run, state in states.items()]})
        return
    for run, state in states.items():
        say(f"run {run} {SAID[state]}")


def _runs(which: str) -> list[int]:
    if NUMBER.fullmatch(which):
        return [find_run(int(which)).pk]
    schedule = find_schedule(which)
    found = list(
        Run.objects.filter(schedule=schedule).exclude(state=RunState.DONE).order_by("pk").values_list("pk", flat=True)
    )
    if not found:
        raise NothingUnfinished(which)
    return found
