"""`klokker backfill`: run the occurrences of a past window."""

from typing import Annotated

import typer

from klokker.cli.acting import acting
from klokker.cli.effects import as_data, say_effect
from klokker.cli.finding import find_schedule, read_moment
from klokker.cli.output import AsJson, Yes, print_json
from klokker.core.moments import Window
from klokker.operations.backfill import Backfill, backfill, preview_backfill

app = typer.Typer(add_completion=False)


@app.command()
def run_past(
    name: Annotated[str, typer.Argument(help="The schedule.")],
    after: Annotated[str, typer.Option("--after", help="Occurrences after this moment: 2026-11-01T00:00, or -2d.")],
    until: Annotated[str, typer.Option("--until", help="Up to and with this one.")] = "now",
    node: Annotated[str, typer.Option("--node", "-n", help="On this node only.")] = "",
    again: Annotated[bool, typer.Option("--again", help="Also what already succeeded.")] = False,
    why: Annotated[str, typer.Option(help="Why.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would come to.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Runs are made for the occurrences of the window, oldest first, after those that are scheduled.

    What already succeeded is skipped, unless --again. More than a hundred runs are made only with --yes.
    """
    schedule = find_schedule(name)
    act = acting(why)
    now = act.asked.now
    window = Window(read_moment(after, now, schedule.zone), read_moment(until, now, schedule.zone))
    wish = Backfill(act.asked, window, act.tasks, node=node or None, again=again, yes=yes)
    effect = (
        preview_backfill(act.store, schedule.pk, wish) if dry_run else backfill(act.store, schedule.pk, wish).effect
    )
    if as_json:
        print_json({**as_data(effect), "done": not dry_run})
    else:
        say_effect(effect, zone=schedule.zone, done=not dry_run)
