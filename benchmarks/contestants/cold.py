"""Whole processes, from their start to their end: milliseconds of each."""

import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.contestants.turns import take_turns

BIN = Path(sys.executable).parent
PYTHON = [sys.executable]
PREVIEW = [str(BIN / "klokker"), "preview", "*/5 * * * *", "--between", "2026-01-15T00:00", "2026-02-20T00:00"]
SCRIPT = """
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo
from cronsim import CronSim
for moment in islice(CronSim("*/5 * * * *", datetime(2026, 1, 15, tzinfo=ZoneInfo("UTC"))), 10_000):
    print(moment.isoformat())
"""
COMMANDS = {
    "bare": [*PYTHON, "-c", "pass"],
    "tick": [str(BIN / "klokker"), "tick", "-c"],
    "manage": [*PYTHON, "-m", "django", "klokker", "tick", "-c"],
    "setup": [*PYTHON, "-c", "import django; django.setup()"],
    "version": [str(BIN / "klokker"), "--version"],
    "preview": PREVIEW,
    "preview --json": [*PREVIEW, "--json"],
    "cronsim in a script": [*PYTHON, "-c", SCRIPT],
    "import": [*PYTHON, "-c", "from klokker import timetable"],
    "rqscheduler": [str(BIN / "rqscheduler"), "--burst", "--quiet", "--url", os.environ.get("BENCHMARK_REDIS", "")],
}


def main(name: str) -> None:
    command = COMMANDS[name]

    def once() -> float:
        began = time.perf_counter()
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        return (time.perf_counter() - began) * 1000

    if name in ("tick", "manage"):
        subprocess.run([str(BIN / "klokker"), "migrate"], check=True, stdout=subprocess.DEVNULL)
    else:
        once()
    take_turns({"once": once})


if __name__ == "__main__":
    main(sys.argv[1])
