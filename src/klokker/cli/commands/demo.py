"""`klokker demo`: watch real schedules do real work, after a weekend in which the machine was off."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from klokker.cli.faults import NotFound

app = typer.Typer(add_completion=False)

SHIPPED = Path(__file__).parents[1] / "demonstration"
"""Where the wheel keeps the examples."""

CHECKOUT = Path(__file__).parents[4]
"""Where they stand in a checkout of the source."""


class NoExamples(NotFound):
    """The demonstration's examples are not on this machine."""

    def __init__(self) -> None:
        super().__init__(
            "the examples that the demonstration runs are not installed; run `make demo` in a checkout of Klokker"
        )


@app.command()
def demo(
    seconds: Annotated[
        float | None, typer.Option(min=1, help="End after so many seconds; at Ctrl-C if left out.")
    ] = None,
    home: Annotated[Path, typer.Option(help="Its data folder, made anew each time.")] = Path("demo-data"),
) -> None:
    """Five systems with 102 schedules and 20 000 reports: what is caught up, what is dismissed and why, what runs next.

    Ends with the account; the exit code is 0 only if it is exact.
    """
    where = next((folder for folder in (SHIPPED, CHECKOUT) if (folder / "examples" / "demo").is_dir()), None)
    if where is None:
        raise NoExamples
    environment = {
        **os.environ,
        "KLOKKER_HOME": str(home),
        "DJANGO_SETTINGS_MODULE": "examples.settings",
        "PYTHONPATH": os.pathsep.join(filter(None, (str(where), os.environ.get("PYTHONPATH", "")))),
    }
    if seconds is not None:
        environment["DEMO_SECONDS"] = str(seconds)
    # In this process's place, not below it: Ctrl-C is then the demonstration's alone, which ends with the account.
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, "-m", "examples.demo"], environment)
