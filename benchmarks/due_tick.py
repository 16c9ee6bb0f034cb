"""What does a tick cost when one schedule in a hundred is due, for each occurrence, beside RedBeat?

Ours records each run in the transaction that decides it; RedBeat keeps no record.
"""

from collections.abc import Iterator

from benchmarks.contest import Contest
from benchmarks.figures import Figure, Goal
from benchmarks.grounds import klokker_on, redbeat

SIZES = (1_000, 100_000)


def figures(contest: Contest) -> Iterator[Figure]:
    for size, goal in ((SIZES[0], 0.2), (SIZES[1], 0.1))[: contest.size(2, 1)]:
        exist = contest.size(size, 200)
        peers = redbeat(contest)
        for peer in peers:
            peer.turn("make", schedules=exist)
        for store, on in klokker_on(contest):
            with on("ticks") as ours:
                ours.turn("make", schedules=exist)
                values = contest.in_turns([ours, *peers], 7, lambda each: each.turn("due"))
            goals = [Goal(goal, peer.name) for peer in peers]
            what = f"{store}, {exist // 100:,} of {exist:,} due"
            yield Figure("due_tick", what, "ms each", False, values, goals)
