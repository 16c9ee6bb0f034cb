"""How far is what runs here? A bar on a terminal, gone again when the work is over."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from klokker.events import Event, ProcessDraining, RunProgressed, RunStarted, subscribe


@contextmanager
def progress_shown() -> Iterator[None]:
    """Meanwhile each run that goes on here has a line on stderr, if that is a terminal: its progress, as far as it tells."""
    if not sys.stderr.isatty():
        yield
        return
    # Imported where there is somebody to look.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    # It is drawn when there is news, by who tells it: no thread of its own.
    bars = Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=False)
    lines: dict[int, TaskID] = {}

    def hear(event: Event) -> None:
        match event:
            case RunStarted():
                lines[event.run] = bars.add_task(f"run {event.run} of {event.name or event.task}", total=None)
            case RunProgressed():
                bars.update(lines[event.run], completed=event.done, total=event.total)
            case ProcessDraining(running=running) if running:
                bars.console.print("What runs may end first; Ctrl-C once more kills it, and its run is lost.")
            case _:
                return
        bars.refresh()

    with bars, subscribe(hear):
        yield
