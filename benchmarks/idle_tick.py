"""What does a tick cost while nothing is due, beside RedBeat and APScheduler, and does it grow with what exists?

A tick is what the scheduler does when its poll comes round: one SELECT of ours, one round trip of theirs.
"""

from collections.abc import Iterator

from benchmarks.contest import Contest, Contestant
from benchmarks.figures import Figure, Goal
from benchmarks.grounds import klokker_on, redbeat

SIZES = (1_000, 10_000, 100_000)
TURNS, TICKS = 20, 50


def figures(contest: Contest) -> Iterator[Figure]:
    peers = redbeat(contest)
    peers += contest.peers("ticks_of_peers", "APScheduler", BENCHMARK_FOLDER=str(contest.places.folder()))
    for peer in peers:
        peer.turn("make", schedules=contest.size(1_000, 10))
    for store, most in klokker_on(contest):
        smallest: dict[str, list[float]] = {}
        for size in [contest.size(size, size // 100) for size in SIZES[: contest.size(3, 1)]]:
            with most("ticks") as ours:
                ours.turn("make", schedules=size)
                idle = contest.in_turns([ours, *peers], TURNS, _ticks)
                edited = [float(each) for each in _list(ours.turn("edit", times=contest.size(20, 2)))]
            goal = 0.5 if store == "SQLite" else 1
            goals = [Goal(goal, peer.name) for peer in peers]
            yield Figure("idle_tick", f"{store}, {size:,} schedules", "ms", False, idle, goals)
            smallest = smallest or {"klokker": idle["klokker"]}
            if size != contest.size(SIZES[0], SIZES[0] // 100):
                few = {"klokker": idle["klokker"], "with the fewest": smallest["klokker"]}
                goals = [Goal(1.2, "with the fewest")]
                yield Figure("idle_tick", f"{store}, {size:,}, beside ours with the fewest", "ms", False, few, goals)
            yield Figure("idle_tick", f"{store}, {size:,}, after one was edited", "ms", False, {"klokker": edited})


def _ticks(each: Contestant) -> object:
    return each.turn("idle", ticks=TICKS)


def _list(answer: object) -> list[float]:
    assert isinstance(answer, list)
    return answer
