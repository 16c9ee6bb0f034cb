"""A fleet of many schedules, drawn as people write them: looked at by lint, foreseen, played. Milliseconds of processor time.

All of it is computing in one thread: what other programs take of the machine meanwhile is left out.
"""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.contestants.turns import take_turns

NOW = datetime(2026, 11, 21, 18, tzinfo=UTC)
ZONES = ("UTC", "Europe/Amsterdam", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")
COMMAND = str(Path(sys.executable).parent / "klokker")


def drawn(count: int, seed: int) -> list[dict[str, str]]:
    """So many schedules, with other names and times for each seed, so that none finds what an earlier turn has read."""
    draw = random.Random(seed)
    return [_schedule(draw, f"{seed}-{place}") for place in range(count)]


def _schedule(draw: random.Random, name: str) -> dict[str, str]:
    minute, hour, day = draw.randrange(60), draw.randrange(24), draw.randrange(1, 32)
    when = draw.choice(
        [
            f"{minute} {hour} * * *",
            f"{minute} {hour} * * *",
            f"{minute} * * * *",
            f"*/{draw.choice((5, 7, 15))} * * * *",
            f"{minute} {hour} * * {day % 7}",
            f"{minute} 9 {day} * 5",
            f"{minute} 2 * * *",
            f"every {draw.choice((5, 10, 60))} minutes",
            "H H L * *",
            f"0 9 * * MON-FRI | {minute} 17 * * SAT",
            f"{minute} {hour} * * MON-FRI except * * 25 12 *",
        ]
    )
    return {"name": name, "task": f"shop.task_{draw.randrange(500)}", "when": when, "zone": draw.choice(ZONES)}


def lint(count: int, seed: int) -> float:
    """All of them looked at."""
    from klokker.core.definition import Definition
    from klokker.core.lint.case import Ground, Subject, TaskFacts
    from klokker.core.lint.linting import lint as looked_at

    fleet = [
        Subject(Definition.read(dict(each)), TaskFacts(destructive=each["task"].endswith("7")))
        for each in drawn(count, seed)
    ]
    return _spent(lambda: looked_at(fleet, Ground(NOW)))


def forecast(count: int, seed: int, hours: int) -> float:
    """A week of all of them, in steps of so many hours."""
    from klokker.core.definition import Definition
    from klokker.core.forecast import Course
    from klokker.core.forecast import forecast as foreseen

    courses = [Course(Definition.read(dict(each)), takes=timedelta(seconds=20)) for each in drawn(count, seed)]
    return _spent(lambda: foreseen(courses, NOW, timedelta(hours=hours), 7 * 24 // hours))


def store(count: int) -> None:
    """Have them in the database that the settings name."""
    import django

    subprocess.run([COMMAND, "migrate"], check=True, stdout=subprocess.DEVNULL)
    django.setup()
    from django.db import transaction

    from klokker.core.definition import Definition
    from klokker.django.store import DjangoStore
    from klokker.operations.asking import Asked
    from klokker.operations.catalogue import RegisteredTasks
    from klokker.operations.create import Create, create
    from klokker.tasks.registry import registry

    kept = DjangoStore()
    asked, tasks = Asked("benchmark", kept.now()), RegisteredTasks(registry)
    with transaction.atomic():
        for each in drawn(count, 0):
            create(kept, Create(asked, Definition.read({**each, "task": "noop.threads"}), tasks))


def write(file: str, count: int, *, often: bool) -> None:
    """Have them in a file of schedules; without those that come more often than hourly, if not `often`."""
    parts = []
    fleet = [each for each in drawn(2 * count, 0) if often or not each["when"].startswith(("*/", "every"))]
    for each in fleet[:count]:
        fields = "\n".join(f"{field} = {json.dumps(value)}" for field, value in each.items() if field != "name")
        parts.append(f"[schedules.{json.dumps(each['name'])}]\n{fields}\n")
    Path(file).write_text("\n".join(parts))


def write_examples(file: str) -> int:
    """The schedules of the five systems of `examples/` as one file; how many there are."""
    import tomllib

    from klokker.moving.declared import read_file

    parts = []
    for source in sorted(Path("examples").glob("*/schedules.toml")):
        declared = tomllib.loads(source.read_text())
        for name, fields in declared["schedules"].items():
            told = json.dumps(f"{source.parent.name}/{name}")
            values = {**declared.get("defaults", {}), **fields}
            lines = "\n".join(f"{field} = {_toml(value)}" for field, value in values.items())
            parts.append(f"[schedules.{told}]\n{lines}\n")
    Path(file).write_text("\n".join(parts))
    return len(read_file(Path(file)).definitions)


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(name)} = {_toml(each)}" for name, each in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return value.isoformat() if isinstance(value, datetime) else json.dumps(value)


def command(arguments: Sequence[str]) -> float:
    """One `klokker …`, from its start to its end; its answer goes nowhere. Ending with 1 is an answer too."""
    process = subprocess.Popen([COMMAND, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _, ended, used = os.wait4(process.pid, 0)
    code = process.returncode = os.waitstatus_to_exitcode(ended)
    if code not in (0, 1):
        raise SystemExit(f"klokker {' '.join(arguments)} ended with {code}")
    return (used.ru_utime + used.ru_stime) * 1000


def _spent(do: Callable[[], object]) -> float:
    began = time.process_time()
    do()
    return (time.process_time() - began) * 1000


if __name__ == "__main__":
    take_turns(
        {
            "lint": lint,
            "forecast": forecast,
            "store": store,
            "write": write,
            "write examples": write_examples,
            "command": command,
        }
    )
