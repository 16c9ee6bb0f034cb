"""Huey's task and its queue, for the caller and for the consumer."""

import os
from pathlib import Path

from huey import SqliteHuey

from benchmarks.contestants.marks import mark

huey = SqliteHuey("benchmark", filename=str(Path(os.environ["BENCHMARK_FOLDER"]) / "huey.sqlite3"))


@huey.task()
def noop() -> None:
    mark()
