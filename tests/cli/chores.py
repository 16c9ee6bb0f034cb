"""The tasks of the command line's tests."""

from pathlib import Path

from klokker import Counts, RunContext, Snooze, task


@task("shop.clean_up", repeatable=True)
def clean_up(run: RunContext, days: int = 30) -> Counts:
    """Remove carts that nobody came back for."""
    run.logger.info("looking for carts that are over %s days old", days)
    return Counts(removed=0 if run.dry_run else days)


@task("shop.import_prices")
def import_prices(file: str) -> int:
    """Read the prices that a supplier left; fails while there are none."""
    return len(Path(file).read_text(encoding="utf-8").split())


@task("shop.write_down")
def write_down(run: RunContext, file: str) -> None:
    """Write down for which moment this run is."""
    with Path(file).open("a", encoding="utf-8") as lines:
        lines.write(f"{run.nominal_at and run.nominal_at.isoformat()}\n")


@task("shop.later")
def later() -> Snooze:
    """Asks to be called again in an hour."""
    return Snooze(3600)


@task("shop.paint")
def paint(run: RunContext) -> None:
    """Log and raise what would steer a terminal."""
    run.logger.info("%s", HOSTILE)
    raise ValueError(HOSTILE)


HOSTILE = "\x1b[2J\x1b]0;title\x07 \x9b31m \u202etxt.exe\rover"
"""It clears the screen, names the window, rings, paints, turns the direction of writing, and writes over its line."""
