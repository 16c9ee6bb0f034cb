"""`klokker worker`: a worker."""

from typing import Annotated

import typer

from klokker.cli.working import work
from klokker.wiring.compose import Role

app = typer.Typer(add_completion=False)


@app.command()
def worker(
    node: Annotated[str, typer.Option("--node", "-n", help="The node that this process belongs to.")] = "",
    lanes: Annotated[str, typer.Option(help="Runs at once in this process, per lane: heavy:2,default:8.")] = "",
    drain: Annotated[str, typer.Option(help="How long a stop waits for what runs: 2m.")] = "",
) -> None:
    """Claim and run what is queued, until SIGTERM or Ctrl-C; a second one stops at once."""
    raise typer.Exit(work((Role.WORKER,), node=node, lanes=lanes, drain=drain))
