"""`klokker run`: run one schedule, or one task, now."""

import json
from typing import Annotated

import typer

from klokker.cli.acting import Acting, acting
from klokker.cli.bar import progress_shown
from klokker.cli.commands.runs import as_data, did
from klokker.cli.exits import Exit
from klokker.cli.faults import NotFound, Refused, UsageFault
from klokker.cli.finding import UnknownSchedule, find_run, find_schedule
from klokker.cli.moment import now as the_moment
from klokker.cli.output import AsJson, moment, print_json, say, warn
from klokker.cli.working import told, working_here
from klokker.core.json_values import Json
from klokker.core.lifecycle import Outcome, RunKind, RunState
from klokker.core.spelling import did_you_mean, near
from klokker.django.models import Run
from klokker.events import TaskModuleSkipped
from klokker.operations.operation import do
from klokker.operations.run_now import RunNow
from klokker.store.contract import NewRun
from klokker.tasks.registry import registry
from klokker.wiring.compose import here

app = typer.Typer(add_completion=False)


@app.command()
def run(
    name: Annotated[str, typer.Argument(help="A schedule, or the name of a task.")],
    node: Annotated[str, typer.Option("--node", "-n", help="Run as this node.")] = "",
    arg: Annotated[
        list[str] | None,
        typer.Option("--arg", "-a", metavar="NAME=VALUE", help="An argument for this run; the value is JSON, or text."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count and sample what would be done; change nothing.")
    ] = False,
    queue: Annotated[bool, typer.Option("--queue", help="Leave it to a worker.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Even while another run of the schedule is unfinished.")
    ] = False,
    why: Annotated[str, typer.Option(help="Why.")] = "",
    as_json: AsJson = False,
) -> None:
    """Run it here, in the foreground, whether or not its schedule is active. Exits 1 if it failed."""
    settings = told(node=node)
    kwargs = _arguments(arg or [])
    made = _made(name, node or None, kwargs, dry_run=dry_run, force=force, why=why, here=not queue)
    if queue:
        print_json({"runs": made}) if as_json else say(f"queued: run {', '.join(map(str, made))}")
        return
    # Modules that cannot be imported were named when the run was made.
    with working_here(settings, "WARNING", but=(TaskModuleSkipped,)) as parts, progress_shown():
        for number in made:
            row = find_run(number)
            here(parts, node=row.node or None, inline=settings.executor == "inline").run(number, row.lane)
    runs = list(Run.objects.filter(pk__in=made).select_related("schedule").order_by("pk"))
    if as_json:
        print_json({"runs": [as_data(each) for each in runs]})
    for each in () if as_json else runs:
        _say(each)
    failed = any(each.outcome != Outcome.SUCCEEDED for each in runs)
    raise typer.Exit(Exit.NOT_WELL if failed else Exit.WELL)


class TaskNotHere(Refused):
    """The task is not registered in this process, so it cannot run here. `task`; `close`: known names that come near."""

    def __init__(self, task: str, meant: str) -> None:
        self.task = task
        super().__init__(
            f"task not found in registry: {task}{meant or '.'} Name its module in KLOKKER_TASKS, or leave the run to a "
            "process that knows it, with --queue"
        )


def _made(
    name: str, node: str | None, kwargs: dict[str, Json] | None, *, dry_run: bool, force: bool, why: str, here: bool
) -> list[int]:
    act = acting(why)
    tasks = [task.name for task in registry]
    try:
        schedule = find_schedule(name)
    except UnknownSchedule as unknown:
        if name in registry:
            return _enqueued(act, name, kwargs or {}, dry_run=dry_run)
        raise UnknownName(name, [*unknown.close, *near(name, tasks)]) from None
    if here and schedule.task not in registry:
        raise TaskNotHere(schedule.task, did_you_mean(schedule.task, tasks))
    wish = RunNow(act.asked, act.tasks, node=node, kwargs=kwargs, force=force, dry_run=dry_run)
    return list(do(act.store, schedule.pk, wish).runs)


class UnknownName(NotFound):
    """There is neither a schedule nor a task of this name. `close`: names that come near."""

    def __init__(self, name: str, close: list[str]) -> None:
        self.name = name
        self.close = close
        meant = f"; did you mean {' or '.join(close)}?" if close else "; `klokker list` shows the schedules"
        super().__init__(f"there is neither a schedule nor a task {name!r}{meant}")


def _enqueued(act: Acting, task: str, kwargs: dict[str, Json], *, dry_run: bool) -> list[int]:
    known = registry.find(task)
    known.bind((), kwargs)
    if dry_run and known.own.run is None:
        raise UsageFault(
            "run",
            f"a dry run is not possible: {task} has no parameter annotated RunContext, and would do its work for real",
        )
    new = NewRun(
        kind=RunKind.DRY if dry_run else RunKind.ENQUEUED,
        task=task,
        args=(),
        kwargs=kwargs,
        planned=act.asked.now,
        lane=known.lane,
        order=known.order,
        asked_by=act.asked.by,
    )
    made = [each.id for each in act.store.enqueue([new], now=act.asked.now)]
    act.store.wake()
    return made


def _arguments(given: list[str]) -> dict[str, Json] | None:
    if not given:
        return None
    kwargs: dict[str, Json] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals or not name.isidentifier():
            raise UsageFault("run", f"{each!r} is not NAME=VALUE; write for example --arg days=30")
        try:
            kwargs[name] = json.loads(value)
        except ValueError:
            kwargs[name] = value
        except RecursionError:
            raise UsageFault("run", f"the value of {name} is nested too deeply") from None
    return kwargs


def _say(run: Run) -> None:
    what = str(run.schedule) if run.schedule else run.task
    if run.state != RunState.DONE:
        warn(f"run {run.pk} of {what} {_unfinished(run)}")
        return
    log = f"; `klokker logs {run.pk}` shows what it said" if run.outcome != Outcome.SUCCEEDED else ""
    say(f"run {run.pk} of {what} {run.outcome}: {did(run) or 'it returned nothing'}{log}")


def _unfinished(run: Run) -> str:
    if run.state == RunState.WAITING and run.planned > the_moment():
        why = "failed and is tried again" if run.error else "asked to be called again"
        return f"{why}; a worker begins it at {moment(run.planned)}"
    return f"is {run.state}: another run of it is unfinished, or its lane is full or paused; a worker begins it when it can"
