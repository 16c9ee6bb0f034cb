"""`klokker retry`: run a finished run again."""

from typing import Annotated

import typer

from klokker.cli.acting import acting
from klokker.cli.finding import find_run
from klokker.cli.output import AsJson, print_json, say
from klokker.operations.retry import retry

app = typer.Typer(add_completion=False)


@app.command()
def retry_run(
    run: Annotated[int, typer.Argument(help="The run's number.")],
    why: Annotated[str, typer.Option(help="Why.")] = "",
    as_json: AsJson = False,
) -> None:
    """A new run of the same task with the same arguments; it says which one it repeats, and stands outside the account."""
    find_run(run)
    act = acting(why)
    made = retry(act.store, run, act.asked)
    if as_json:
        print_json({"run": made, "retry_of": run})
    else:
        say(f"run {made} tries run {run} again; `klokker logs {made} --follow` shows it")
