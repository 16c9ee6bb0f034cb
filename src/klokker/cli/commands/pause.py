"""`klokker pause`: stop planning a schedule, with a reason."""

from typing import Annotated

import typer

from klokker.cli.acting import change
from klokker.cli.faults import UsageFault
from klokker.cli.finding import find_schedule, read_moment
from klokker.cli.output import AsJson
from klokker.operations.pause import Pause

app = typer.Typer(add_completion=False)


@app.command()
def pause(
    name: Annotated[str, typer.Argument(help="The schedule.")],
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why; the next person on call will read it.")],
    until: Annotated[str, typer.Option(help="When the pause ends by itself: 2026-12-01T09:00, or +2h.")] = "",
    cancel_waiting: Annotated[
        bool, typer.Option("--cancel-waiting", help="Cancel its runs that have not begun.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would come to.")] = False,
    as_json: AsJson = False,
) -> None:
    """From now on its occurrences are dismissed as paused. What runs, goes on."""
    if not reason.strip():
        raise UsageFault("pause", "a reason is needed: the next person on call will read it")
    zone = find_schedule(name).zone
    change(
        name,
        lambda act: Pause(
            act.asked, until=read_moment(until, act.asked.now, zone) if until else None, cancel_waiting=cancel_waiting
        ),
        why=reason.strip(),
        dry_run=dry_run,
        as_json=as_json,
    )
