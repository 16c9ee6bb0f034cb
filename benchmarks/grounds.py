"""On what do the contestants stand? Ours on SQLite and on PostgreSQL, each time on a new database."""

from collections.abc import Callable, Iterator
from functools import partial

from benchmarks.contest import Contest, Contestant
from benchmarks.contestants import marks

Start = Callable[..., Contestant]
"""Starts one of our contestants on this ground: `start(module, *arguments, **env)`."""


def klokker_on(contest: Contest) -> Iterator[tuple[str, Start]]:
    """Each kind of database that there is here, and how ours is started on a new one."""
    yield "SQLite", partial(_start, contest, None)
    # To see that a benchmark runs, one is enough.
    if not contest.small and contest.places.has_postgres:
        yield "PostgreSQL", partial(_start, contest, contest.places.postgres)


def redbeat(contest: Contest) -> list[Contestant]:
    """RedBeat on an empty Redis, where there are peers and a Redis."""
    if not contest.with_peers or contest.places.redis is None:
        return []
    return contest.peers("ticks_of_peers", "RedBeat", BENCHMARK_REDIS=contest.places.redis)


def queue_beside(contest: Contest, store: str) -> list[Contestant]:
    """The system of jobs that stands on the same kind of database."""
    if not contest.with_peers:
        return []
    if store == "SQLite":
        return contest.peers("jobs", "Huey", BENCHMARK_FOLDER=str(contest.places.folder()), **marked(contest))
    return contest.peers("jobs", "pgqueuer", BENCHMARK_POSTGRES=contest.places.postgres(), **marked(contest))


def marked(contest: Contest) -> dict[str, str]:
    """Where a contestant's runs write when they began: in memory where the system has such a place."""
    return {marks.FILE: str(contest.places.quick_folder() / "marks")}


def _start(
    contest: Contest,
    database: Callable[[], str] | None,
    module: str,
    *arguments: str,
    name: str = "klokker",
    **env: str,
) -> Contestant:
    return contest.ours(name, module, *arguments, **_service(contest, database) | env)


def _service(contest: Contest, database: Callable[[], str] | None) -> dict[str, str]:
    """The standalone service's, with its defaults, but for its log lines: the peers write none either."""
    settings = {
        "DJANGO_SETTINGS_MODULE": "klokker.service.django_settings",
        "KLOKKER_HOME": str(contest.places.folder()),
        "KLOKKER_TASKS": "benchmarks.contestants.chores",
        "KLOKKER_LOG_LEVEL": "WARNING",
    }
    return settings if database is None else settings | {"KLOKKER_DATABASE": database()}
