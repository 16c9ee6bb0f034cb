"""How long does lint take over a whole fleet? Ten thousand schedules of many kinds, in seconds."""

import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from benchmarks.contest import Contest
from benchmarks.figures import Figure
from klokker.core.definition import Definition
from klokker.core.lint.case import Ground, Subject, TaskFacts
from klokker.core.lint.linting import lint

SCHEDULES, TURNS = 10_000, 3
NOW = datetime(2026, 11, 21, 18, tzinfo=UTC)
ZONES = ("UTC", "Europe/Amsterdam", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")


def figures(contest: Contest) -> Iterator[Figure]:
    number = contest.size(SCHEDULES, 100)
    drawn = random.Random(4)
    taken = []
    for turn in range(contest.size(TURNS, 1)):
        # New names, so that no turn finds what an earlier one has read.
        fleet = [_subject(drawn, f"{turn}-{place}") for place in range(number)]
        began = time.perf_counter()
        lint(fleet, Ground(NOW))
        taken.append((time.perf_counter() - began) * 1000)
    yield Figure("lint", f"{number:,} schedules, read and looked at", "ms", False, {"klokker": taken})


def _subject(drawn: random.Random, name: str) -> Subject:
    minute, hour, day = drawn.randrange(60), drawn.randrange(24), drawn.randrange(1, 32)
    when = drawn.choice(
        [
            f"{minute} {hour} * * *",
            f"*/{drawn.choice((5, 7, 15))} * * * *",
            f"{minute} {hour} * * {day % 7}",
            f"{minute} 9 {day} * 5",
            f"{minute} 2 * * *",
            f"every {drawn.choice((5, 10, 60))} minutes",
            "H H L * *",
            f"0 9 * * MON-FRI | {minute} 17 * * SAT",
            f"{minute} {hour} * * MON-FRI except * * 25 12 *",
        ]
    )
    task = f"shop.task_{drawn.randrange(500)}"
    definition = Definition(name=name, task=task, when=when, zone=drawn.choice(ZONES))
    return Subject(definition, TaskFacts(destructive=task.endswith("7")))
