"""A peer's scheduler loop, on so many entries: RedBeat's (in Redis) or APScheduler's (in SQLite). Nothing is sent anywhere.

idle  passes while nothing is due: milliseconds of each
due   one entry in a hundred is due: milliseconds for each; RedBeat keeps no record of what it sent
"""

import logging
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.contestants.turns import take_turns

logging.disable(logging.CRITICAL)


class RedBeat:
    """celery beat with RedBeat's scheduler; what it would send is counted."""

    def __init__(self) -> None:
        from celery import Celery
        from redbeat import RedBeatScheduler

        class Counting(RedBeatScheduler):  # type: ignore[misc]
            sent = 0

            def apply_async(self, entry: Any, producer: Any = None, advance: bool = True, **options: Any) -> None:  # noqa: ARG002
                self.reserve(entry)
                Counting.sent += 1

        self._app = Celery("benchmark", broker="memory://")
        self._app.conf.update(
            timezone="UTC",
            enable_utc=True,
            redbeat_redis_url=os.environ["BENCHMARK_REDIS"],
            redbeat_lock_key=None,
            beat_max_loop_interval=300,
        )
        self._app.set_default()
        self._kind = Counting
        self._count = 0
        self._next = 0

    def make(self, schedules: int) -> int:
        """Hourly entries, last run now: one is made in the ordinary way, the others are copies of it."""
        import redis
        from celery.schedules import schedule
        from redbeat import RedBeatSchedulerEntry

        self._count, now = schedules, datetime.now(UTC)
        entry = RedBeatSchedulerEntry("entry-0", "noop", schedule(timedelta(hours=1)), args=[0], app=self._app)
        entry.last_run_at = now
        entry.save()
        client = redis.Redis.from_url(os.environ["BENCHMARK_REDIS"])
        first = client.hgetall("redbeat:entry-0")
        score = client.zscore("redbeat::schedule", "redbeat:entry-0")
        pipe = client.pipeline(transaction=False)
        for number in range(1, schedules):
            name = f"entry-{number}"
            definition = first[b"definition"].replace(b'"entry-0"', f'"{name}"'.encode())
            pipe.hset(f"redbeat:{name}", mapping={**first, b"definition": definition})
            pipe.zadd("redbeat::schedule", {f"redbeat:{name}": score})
            if number % 5000 == 0:
                pipe.execute()
        pipe.execute()
        self._scheduler = self._kind(app=self._app)
        self.idle(3)
        return schedules

    def idle(self, ticks: int) -> list[float]:
        took, before = [], self._kind.sent
        for _ in range(ticks):
            began = time.perf_counter()
            self._scheduler.tick()
            took.append((time.perf_counter() - began) * 1000)
        assert self._kind.sent == before, "something was due"
        return took

    def due(self) -> float:
        from redbeat import RedBeatSchedulerEntry

        due = max(1, self._count // 100)
        for number in range(self._next, self._next + due):
            entry = RedBeatSchedulerEntry.from_key(f"redbeat:entry-{number}", app=self._app)
            entry.reschedule(datetime.now(UTC) - timedelta(hours=2))
        self._next += due
        until, began = self._kind.sent + due, time.perf_counter()
        while self._kind.sent < until:
            self._scheduler.tick()
        return (time.perf_counter() - began) * 1000 / due


class APScheduler:
    """APScheduler with its SQLAlchemy job store on SQLite, passes asked for one by one."""

    def __init__(self) -> None:
        from apscheduler.executors.pool import ThreadPoolExecutor
        from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
        from apscheduler.schedulers.background import BackgroundScheduler

        class Asked(BackgroundScheduler):  # type: ignore[misc]
            def wakeup(self) -> None:
                """We ask for its passes."""

        url = f"sqlite:///{Path(os.environ['BENCHMARK_FOLDER']) / 'apscheduler.sqlite3'}"
        self._scheduler = Asked(
            jobstores={"default": SQLAlchemyJobStore(url=url)},
            executors={"default": ThreadPoolExecutor(10)},
            timezone=UTC,
        )

    def make(self, schedules: int) -> int:
        self._scheduler.start(paused=True)
        first = datetime.now(UTC) + timedelta(hours=1)
        for number in range(schedules):
            self._scheduler.add_job(noop, "interval", hours=1, id=str(number), next_run_time=first)
        self._scheduler.state = 1
        self.idle(3)
        return schedules

    def idle(self, ticks: int) -> list[float]:
        took = []
        for _ in range(ticks):
            began = time.perf_counter()
            self._scheduler._process_jobs()
            took.append((time.perf_counter() - began) * 1000)
        return took


def noop() -> None:
    """Nothing."""


def main(name: str) -> None:
    if name == "RedBeat":
        redbeat = RedBeat()
        take_turns({"make": redbeat.make, "idle": redbeat.idle, "due": redbeat.due})
    else:
        # Its job store wants to find `noop` by the module's name.
        from benchmarks.contestants import ticks_of_peers

        apscheduler = ticks_of_peers.APScheduler()
        take_turns({"make": apscheduler.make, "idle": apscheduler.idle})


if __name__ == "__main__":
    main(sys.argv[1])
