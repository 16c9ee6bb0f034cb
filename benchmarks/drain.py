"""How many no-op runs a second go through the workers, each with its durable record, beside pgqueuer and Huey?

Ours with its defaults, through the threads executor, and through the processes executor, which is the default. The
runs are repeatable. pgqueuer works in batches of a hundred and keeps the record of a finished job in memory for a while;
Huey keeps no record. Both SQLites wait for the disk (synchronous = FULL).
"""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

from benchmarks.contest import Contest, Contestant
from benchmarks.figures import Figure, Goal
from benchmarks.grounds import klokker_on, marked, queue_beside

JOBS = {"klokker": 20_000, "pgqueuer": 20_000, "Huey": 2_000}
TASKS = (("klokker", "noop.threads"), ("processes", "noop.processes"))
PROCESSES = (1, 2)
SECONDS = 4


def figures(contest: Contest) -> Iterator[Figure]:
    for store, on in klokker_on(contest):
        peers = queue_beside(contest, store)
        with ExitStack() as started:
            ours = [
                started.enter_context(on("jobs", "klokker", name=name, BENCHMARK_TASK=task, **marked(contest)))
                for name, task in TASKS[: contest.size(2, 1)]
            ]
            for count in PROCESSES[: contest.size(2, 1)]:
                values = contest.in_turns([*ours, *peers], 3, partial(_drain, contest, count))
                children = values.pop("processes", values["klokker"])
                what = f"{store}, {count} worker process{'es' if count > 1 else ''}"
                goals = [Goal(2 if peer.name == "pgqueuer" else 5, peer.name) for peer in peers]
                yield Figure("drain", what, "/s", True, values, goals)
                goals = [Goal(0.5, "our threads")]
                through = {"klokker": children, "our threads": values["klokker"]}
                yield Figure("drain", f"{what}, processes executor", "/s", True, through, goals)


def _drain(contest: Contest, processes: int, each: Contestant) -> object:
    jobs = contest.size(JOBS.get(each.name, JOBS["klokker"]), 40)
    return each.turn("drain", jobs=jobs, processes=processes, seconds=SECONDS)
