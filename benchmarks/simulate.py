"""How long does it take to play a month of a hundred schedules with the code that decides for real? No peer does it.

`klokker simulate`, from its start to its end, in milliseconds of processor time, beside ten seconds.
"""

from collections.abc import Iterator

from benchmarks.contest import Contest, Contestant
from benchmarks.figures import Figure, Goal
from benchmarks.fleet import TEN_SECONDS

TURNS = 2
BEGINS = "2026-03-20T00:00"


def figures(contest: Contest) -> Iterator[Figure]:
    ours = contest.ours("klokker", "fleet")
    folder = contest.places.folder()
    rare, fleet, examples = (str(folder / f"{name}.toml") for name in ("rare", "fleet", "examples"))
    ours.turn("write", file=rare, count=100, often=False)
    ours.turn("write", file=fleet, count=100, often=True)
    number = ours.turn("write examples", file=examples)
    span = "30d" if not contest.small else "2h"
    month = "a month" if not contest.small else "two hours"
    yield _figure(contest, ours, f"{month} of 100 schedules, none more often than hourly", [rare, "--for", span])
    yield _figure(
        contest, ours, f"{month} of 100, one in five of them every five to sixty minutes", [fleet, "--for", span]
    )
    yield _figure(
        contest, ours, f"{month} of the {number} of five systems, three of them each minute", [examples, "--for", span]
    )


def _figure(contest: Contest, ours: Contestant, what: str, arguments: list[str]) -> Figure:
    asked = ["simulate", *arguments, "--from", BEGINS, "--json"]
    values = contest.in_turns([ours], TURNS, lambda each: each.turn("command", arguments=asked))
    return Figure("simulate", what, "ms", False, values | TEN_SECONDS, [Goal(1, "ten seconds")])
