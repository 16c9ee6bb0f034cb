"""`klokker beat`: a scheduler. As many as you like may run: no occurrence is decided twice."""

from typing import Annotated

import typer

from klokker.cli.working import work
from klokker.wiring.compose import Role

app = typer.Typer(add_completion=False)


@app.command()
def beat(
    node: Annotated[str, typer.Option("--node", "-n", help="The node that this process belongs to.")] = "",
) -> None:
    """Decide what is due, until SIGTERM or Ctrl-C; workers run it."""
    raise typer.Exit(work((Role.SCHEDULER,), node=node))
