"""How long is it from `.enqueue()` to the start, with one idle worker, beside pgqueuer and Huey?"""

from collections.abc import Iterator
from functools import partial

from benchmarks.contest import Contest, Contestant
from benchmarks.figures import Figure, Goal, percentiles
from benchmarks.grounds import klokker_on, marked, queue_beside

TURNS, SAMPLES = 2, 60


def figures(contest: Contest) -> Iterator[Figure]:
    for store, on in klokker_on(contest):
        peers = queue_beside(contest, store)
        goal = 0.5 if store == "PostgreSQL" else 0.05
        with on("jobs", "klokker", **marked(contest)) as ours:
            waits = contest.in_turns([ours, *peers], TURNS, partial(_waits, contest))
        for percent in (50, 99):
            values, goals = percentiles(waits, percent), [Goal(goal, peer.name) for peer in peers]
            yield Figure("enqueue_to_start", f"{store}, p{percent}", "ms", False, values, goals)


def _waits(contest: Contest, each: Contestant) -> object:
    # Huey polls, ever more rarely while it is idle: it is asked less often, at moments that its poll cannot know.
    samples, pause = (SAMPLES // 3, (0.1, 0.8)) if each.name == "Huey" else (SAMPLES, (0.02, 0.15))
    if contest.small:
        pause = (0, 0)
    return each.turn("waits", samples=contest.size(samples, 3), pause=pause)
