"""`klokker rewind`: set right what was decided under a wrong clock."""

from typing import Annotated

import typer

from klokker.cli.acting import acting, change
from klokker.cli.effects import as_data, say_effect
from klokker.cli.exits import Exit
from klokker.cli.faults import UsageFault
from klokker.cli.output import AsJson, counted, print_json, say, warn
from klokker.operations.rewind import Rewind, rewind_all

app = typer.Typer(add_completion=False)


@app.command()
def rewind(
    name: Annotated[str, typer.Argument(help="The schedule.")] = "",
    everything: Annotated[
        bool, typer.Option("--all", help="Every schedule that has something decided past now.")
    ] = False,
    why: Annotated[str, typer.Option(help="Why.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would come to.")] = False,
    as_json: AsJson = False,
) -> None:
    """What lies ahead of now is decided anew. Runs that were made stay, and their moments are passed over."""
    if bool(name) == everything:
        raise UsageFault("rewind", "name one schedule, or say --all")
    if name:
        change(name, lambda act: Rewind(act.asked), why=why, dry_run=dry_run, as_json=as_json)
        return
    act = acting(why)
    rewound = rewind_all(act.store, act.asked, dry_run=dry_run)
    if as_json:
        effects = [{**as_data(effect), "done": not dry_run} for effect in rewound.effects]
        print_json({"schedules": effects, "refused": rewound.refused})
    else:
        for effect in rewound.effects:
            say_effect(effect, done=not dry_run)
        if rewound.effects or not rewound.refused:
            say(_sum(len(rewound.effects), dry_run=dry_run))
        for bearer, refusal in rewound.refused.items():
            warn(f"{bearer} {'could not be' if dry_run else 'was not'} rewound: {refusal}")
    raise typer.Exit(Exit.NOT_WELL if rewound.refused else Exit.WELL)


def _sum(count: int, *, dry_run: bool) -> str:
    if not count:
        return "Nothing was decided past now."
    return f"{counted(count, 'schedule')} {'would be ' if dry_run else ''}rewound."
