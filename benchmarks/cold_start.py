"""How long does one `klokker tick -c` take, as the system's cron calls it, with nothing due, beside `rqscheduler --burst`?

Whole processes, from their start to their end; in a Django project beside what `django.setup()` alone takes there.
"""

from collections.abc import Iterator

from benchmarks.contest import Contest
from benchmarks.figures import Figure, Goal
from benchmarks.grounds import klokker_on

TURNS = 15


def figures(contest: Contest) -> Iterator[Figure]:
    bare = contest.ours("python -c pass", "cold", "bare")
    peers = []
    if contest.with_peers and contest.places.redis is not None:
        peers = contest.peers("cold", "rqscheduler", BENCHMARK_REDIS=contest.places.redis)
    for store, on in klokker_on(contest):
        with on("cold", "tick") as tick:
            values = contest.in_turns([tick, *peers, bare], TURNS, lambda each: each.turn("once"))
        goals = [Goal(0.5, peer.name) for peer in peers]
        yield Figure("cold_start", f"klokker tick -c, {store}", "ms", False, values, goals)
        if contest.small:
            return
        with on("cold", "manage") as tick, on("cold", "setup", name="django.setup()") as setup:
            values = contest.in_turns([tick, setup], TURNS, lambda each: each.turn("once"))
        goals = [Goal(1.2, "django.setup()")]
        yield Figure("cold_start", f"manage.py klokker tick -c, {store}", "ms", False, values, goals)
    with next(klokker_on(contest))[1]("cold", "version") as said:
        values = contest.in_turns([said, bare], TURNS, lambda each: each.turn("once"))
    yield Figure("cold_start", "klokker --version", "ms", False, values)
    with next(klokker_on(contest))[1]("cold", "import") as imported:
        values = contest.in_turns([imported, bare], TURNS, lambda each: each.turn("once"))
    yield Figure("cold_start", "from klokker import timetable", "ms", False, values)
