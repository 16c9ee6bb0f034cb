"""How late does a run of a schedule of every second start, on an idle system, beside pgqueuer; and how many are missed?"""

from collections.abc import Iterator

from benchmarks.contest import Contest
from benchmarks.figures import Figure, Goal, percentiles
from benchmarks.grounds import klokker_on, marked, queue_beside

TURNS, SECONDS = 2, 20


def figures(contest: Contest) -> Iterator[Figure]:
    for store, on in klokker_on(contest):
        peers = [peer for peer in queue_beside(contest, "PostgreSQL") if peer.name == "pgqueuer"]
        lags: dict[str, list[float]] = {}
        missed: dict[str, float] = {}
        with on("jobs", "klokker", **marked(contest)) as ours:
            for _ in range(contest.size(TURNS, 1)):
                for each in (ours, *peers):
                    seconds, settle = (0, 0) if contest.small else (SECONDS, 1.5)
                    late, without = each.turn("lag", seconds=seconds, settle=settle)  # type: ignore[misc]
                    lags.setdefault(each.name, []).extend(late)
                    missed[each.name] = missed.get(each.name, 0) + without[0]
        said = ", ".join(f"{name} {count:.0f}" for name, count in missed.items())
        for percent, goal in ((50, 0.5), (99, 1)):
            goals = [Goal(goal, peer.name) for peer in peers]
            values = percentiles(lags, percent)
            yield Figure(
                "lag", f"{store}, p{percent}", "ms", False, values, goals, note=f"seconds without a start: {said}"
            )
