"""pgqueuer on PostgreSQL, in batches of a hundred; the record of a finished job waits in a buffer of its worker."""

import asyncio
import os
import subprocess
import sys

import asyncpg
from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries

URL = os.environ["BENCHMARK_POSTGRES"]


class System:
    """pgqueuer."""

    def __init__(self) -> None:
        subprocess.run(["pgq", "--pg-dsn", URL, "install"], check=True, capture_output=True)
        self._loop = asyncio.new_event_loop()
        self._connection = self._loop.run_until_complete(asyncpg.connect(URL))
        self._queries = Queries(AsyncpgDriver(self._connection))

    def empty(self) -> None:
        self._loop.run_until_complete(self._connection.execute("TRUNCATE pgqueuer, pgqueuer_log CASCADE"))

    def enqueue(self, jobs: int) -> None:
        for first in range(0, jobs, 1000):
            count = min(1000, jobs - first)
            self._loop.run_until_complete(self._queries.enqueue(["noop"] * count, [None] * count, [0] * count))

    def enqueue_one(self) -> None:
        self._loop.run_until_complete(self._queries.enqueue("noop", None))

    def worker(self, processes: int) -> list[list[str]]:
        return [[sys.executable, "-m", "benchmarks.contestants.pgqueuer_app", "100"]] * processes

    def scheduler(self) -> list[list[str]]:
        return [[sys.executable, "-m", "benchmarks.contestants.pgqueuer_app", "schedule"]]
