"""`klokker runs`: what ran, runs and will run."""

from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from klokker.cli.columns import Column
from klokker.cli.finding import find_schedule, read_moment
from klokker.cli.moment import now as the_moment
from klokker.cli.output import AsJson, moment, print_json, relative, table
from klokker.core.duration import rounded
from klokker.core.lifecycle import Outcome, RunState
from klokker.django.models import Run
from klokker.django.reading import runs

app = typer.Typer(add_completion=False)

COLUMNS = (
    Column("RUN", number=True),
    Column("SCHEDULE"),
    Column("KIND", spare=True),
    Column("STATE"),
    Column("FOR (UTC)"),
    Column("STARTED", spare=True),
    Column("TOOK", number=True),
    Column("DID", cut=True),
)


@app.command()
def list_runs(
    name: Annotated[str, typer.Argument(help="Only those of this schedule.")] = "",
    state: Annotated[RunState | None, typer.Option(help="Only those in this state.")] = None,
    outcome: Annotated[Outcome | None, typer.Option(help="Only those that ended so.")] = None,
    lane: Annotated[str, typer.Option(help="Only those of this lane.")] = "",
    node: Annotated[str, typer.Option("--node", "-n", help="Only those of this node.")] = "",
    task: Annotated[str, typer.Option(help="Only those of this task.")] = "",
    since: Annotated[str, typer.Option(help="Only those planned since: 2026-11-21T03:00, or -2h.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Runs, the newest first."""
    now = the_moment()
    found = runs(
        schedule=find_schedule(name) if name else None,
        state=state,
        outcome=outcome or "",
        lane=lane,
        node=node,
        task=task,
        since=read_moment(since, now) if since else None,
        limit=limit,
    )
    if as_json:
        print_json({"runs": [as_data(run) for run in found]})
        return
    table(COLUMNS, (_row(run, now) for run in found), empty="No run fits. Pruned runs live on in `klokker account`.")


def as_data(run: Run) -> dict[str, Any]:
    """A run, as docs/commands/json.md promises it."""
    return {
        "run": run.pk,
        "schedule": str(run.schedule) if run.schedule else None,
        "task": run.task,
        "args": run.args,
        "kwargs": run.kwargs,
        "kind": run.kind,
        "state": run.state,
        "outcome": run.outcome or None,
        "node": run.node or None,
        "lane": run.lane,
        "order": run.order,
        "revision": run.revision,
        "nominal": run.nominal,
        "for_nominal": run.for_nominal,
        "planned": run.planned,
        "started": run.started,
        "finished": run.finished,
        "attempt": run.attempt,
        "claimed_by": run.claimed_by or None,
        "progress": {"done": run.progress_done, "total": run.progress_total},
        "counts": run.counts,
        "result": run.result,
        "error": run.error,
        "asked_by": run.asked_by or None,
        "retry_of": run.retry_of,
    }


def standing(run: Run) -> str:
    """One word for where it stands: its outcome once it is done, its state before."""
    return run.outcome if run.state == RunState.DONE else run.state


def did(run: Run) -> str:
    """What it did, in a few words: counts, progress, or the last line of its error."""
    if run.error:
        return run.error.strip().splitlines()[-1]
    if run.state == RunState.CLAIMED and run.progress_done is not None:
        return f"{run.progress_done} of {run.progress_total}" if run.progress_total else f"{run.progress_done} done"
    if run.counts and isinstance(run.counts, dict):
        return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in run.counts.items())
    return "" if run.result is None else str(run.result)


def took(run: Run, now: datetime) -> timedelta | None:
    """How long the latest attempt took, or has taken so far."""
    if run.started is None or run.state in (RunState.WAITING, RunState.QUEUED):
        return None
    return (run.finished or now) - run.started


def _row(run: Run, now: datetime) -> tuple[str, ...]:
    length = took(run, now)
    return (
        str(run.pk),
        str(run.schedule) if run.schedule else run.task,
        run.kind,
        standing(run),
        moment(run.nominal or run.for_nominal or run.planned).removesuffix(" UTC"),
        relative(run.started, now),
        rounded(length) if length is not None else "",
        did(run),
    )
