"""`kill -9` loses nothing: real schedulers and workers, and the database server, killed at random moments.

`make torture` does the same for as long as one likes, with another seed each time.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import count
from pathlib import Path
from random import Random

import pytest

from klokker.engine.clock import MACHINE
from tests.acceptance.volleys import history
from tests.acceptance.volleys.fleet import Fleet
from tests.acceptance.volleys.volley import Volleys
from tests.real import Database
from tests.real.postgres import OwnServer

pytestmark = pytest.mark.acceptance

SEED = int(os.environ.get("KLOKKER_TEST_SEED", "1"))
MINUTES = float(os.environ.get("KLOKKER_TEST_TORTURE_MINUTES", "0"))
"""How long the two tests go on together, with further seeds on fresh databases; 0: one seed each."""

FOUR_AND_FOUR = (
    *(("beat", "--node", node) for node in "aabb"),
    *(("worker", "--node", node) for node in "aabb"),
)
BOTH_IN_ONE_AND_BESIDES = (("serve", "--node", "a"), ("beat", "--node", "b"), ("worker", "--node", "b"))


def seeds() -> Iterator[int]:
    """One, or more while there is time."""
    ends = MACHINE.monotonic() + MINUTES * 60 / 2
    for seed in count(SEED):
        yield seed
        if MACHINE.monotonic() >= ends:
            return


def bombard(fleet: Fleet, seed: int, *, volleys: int, shots: int, server: OwnServer | None = None) -> None:
    """Volley after volley; after each, everything is settled and proved, and schedules go and return."""
    print(f"KLOKKER_TEST_SEED={seed}")
    code, said = fleet.ask("migrate")
    assert code == 0, said
    history.watch(fleet.database)
    fire = Volleys(fleet, Random(seed), server)
    fire.begin()
    for _ in range(volleys):
        fire.fire(shots, at_the_server=1 if server is not None else 0)
        fire.settle()
        fire.check()
        fire.tend()
    fire.settle()
    fleet.drain()
    fire.nothing_held()
    fire.check()
    print(f"killed: {dict(fire.killed)}; {fire.described()}")
    assert fire.killed.total() == volleys * shots


def bombard_each_seed(
    databases: Iterator[AbstractContextManager[Database]],
    folder: Path,
    commands: Sequence[Sequence[str]],
    *,
    volleys: int,
    shots: int,
    server: OwnServer | None = None,
) -> None:
    for seed in seeds():
        place = folder / str(seed)
        place.mkdir()
        with next(databases) as database, Fleet(database, place, commands) as fleet:
            bombard(fleet, seed, volleys=volleys, shots=shots, server=server)


def test_four_schedulers_and_four_workers_on_postgresql_keep_every_promise_under_fire(
    own_postgres: OwnServer, tmp_path: Path
) -> None:
    databases = (own_postgres.database() for _ in count())
    bombard_each_seed(databases, tmp_path, FOUR_AND_FOUR, volleys=10, shots=11, server=own_postgres)


def test_schedulers_and_workers_on_sqlite_keep_every_promise_under_fire(sqlite: Database, tmp_path: Path) -> None:
    databases = (nullcontext(Database.sqlite(sqlite.path.with_suffix(f".{number}"))) for number in count())
    bombard_each_seed(databases, tmp_path, BOTH_IN_ONE_AND_BESIDES, volleys=10, shots=10)
