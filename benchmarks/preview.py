"""How long does it take to list ten thousand moments? In a process that runs, and by `klokker preview`, as a whole.

Beside the peers that list cron expressions; beside the command, a script of five lines that prints as many.
"""

from collections.abc import Iterator

from benchmarks.contest import Contest
from benchmarks.figures import Figure

MOMENTS, TURNS = 10_000, 5


def figures(contest: Contest) -> Iterator[Figure]:
    number = contest.size(MOMENTS, 100)
    ours = contest.ours("klokker", "cron", "klokker")
    peers = contest.peers("cron", "cronsim", "croniter", "celery")
    values = contest.in_turns(
        [ours, *peers],
        TURNS,
        lambda each: each.turn("listing", expression="*/5 * * * *", zone="Europe/Amsterdam", count=number),
    )
    yield Figure("preview", f"{number:,} moments, in a process that runs", "ms", False, values)
    script = contest.peers("cold", "cronsim in a script")
    for name, said in (("preview", "10,000 moments, klokker preview"), ("preview --json", "the same, as JSON")):
        values = contest.in_turns(
            [contest.ours("klokker", "cold", name), *script], TURNS, lambda each: each.turn("once")
        )
        yield Figure("preview", said, "ms", False, values)
