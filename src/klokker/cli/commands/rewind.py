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
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what it would come to (of one schedule).")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """What lies ahead of now is decided anew. Runs that were made stay, and their moments are passed over."""
    if bool(name) == everything:
        raise UsageFault("rewind", "name one schedule, or say --all")
    if name:
        change(name, lambda act: Rewind(act.asked), why=why, dry_run=dry_run, as_json=as_json)
        return
    act = acting(why)
    rewound = rewind_all(act.store, act.asked)
    if as_json:
        print_json(
            {
                "schedules": [as_data(each.effect) for each in rewound.done],
                "refused": rewound.refused,
            }
        )
    else:
        for each in rewound.done:
            say_effect(each.effect, done=True)
        if rewound.done or not rewound.refused:
            say(
                f"{counted(len(rewound.done), 'schedule')} rewound."
                if rewound.done
                else "Nothing was decided past now."
            )
        for bearer, refusal in rewound.refused.items():
            warn(f"{bearer} was not rewound: {refusal}")
    raise typer.Exit(Exit.NOT_WELL if rewound.refused else Exit.WELL)
