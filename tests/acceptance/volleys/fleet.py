"""Real processes to shoot at: schedulers and workers as `klokker beat`, `klokker worker` and `klokker serve`.

Each has a place, and is put there again when it has gone, as a service manager would do. All of them go with the test.
"""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from klokker.cli.exits import Exit
from tests.acceptance.volleys.starter import KLOKKER
from tests.real import Database
from tests.waiting import until

ROOT = Path(__file__).parents[3]

SHORT = {
    "KLOKKER_LEASE": "2.5s",
    "KLOKKER_RENEW": "0.5s",
    "KLOKKER_CHILD_TERM": "1.2s",
    "KLOKKER_POLL": "0.5s",
    "KLOKKER_RESCUE_EVERY": "0.4s",
    "KLOKKER_PRUNE_EVERY": "0.4s",
}
"""Spans in the usual order, but short, so that a loss is found out within seconds."""


class EndedByItself(AssertionError):
    """A process of the fleet ended, and nobody had killed it."""


@dataclass
class Living:
    """One process. `killed`: by us. The descriptor cannot come to mean another process, as a number can."""

    pid: int
    descriptor: int
    log: Path
    killed: bool = False

    @property
    def alive(self) -> bool:
        return not select.select([self.descriptor], [], [], 0)[0]

    @property
    def stands(self) -> bool:
        """Does it live, and go on living? Whom we killed may need a moment until it is gone."""
        return self.alive and not self.killed

    def signal(self, number: signal.Signals) -> bool:
        """Whether it was still there."""
        try:
            signal.pidfd_send_signal(self.descriptor, number)
        except ProcessLookupError:
            return False
        return True

    def join(self, within: float) -> None:
        if not select.select([self.descriptor], [], [], within)[0]:
            raise AssertionError(f"{self.log.name} has not ended within {within:g} s; it said:\n{tail(self.log)}")

    @property
    def code(self) -> int | None:
        """What it ended with; None if it was killed."""
        file = self.log.with_suffix(".code")
        return int(file.read_text()) if file.exists() else None


@dataclass
class Place:
    """Where a process belongs."""

    arguments: Sequence[str]
    living: Living | None = None


@dataclass
class Fleet:
    """The places, and whoever stands there now. Use as a context."""

    database: Database
    folder: Path
    commands: Sequence[Sequence[str]]
    settings: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.places = [Place(command) for command in self.commands]
        self.witness = self.folder / "witness"
        self.witness.touch()
        self._logs = self.folder / "logs"
        self._logs.mkdir()
        self._started = 0
        environment = {name: value for name, value in os.environ.items() if not name.startswith("KLOKKER_")}
        environment |= SHORT | {
            "KLOKKER_HOME": str(self.folder / "home"),
            "KLOKKER_DATABASE": self.database.url,
            "KLOKKER_TASKS": "tests.acceptance.volleys.chores",
            "KLOKKER_LANES": "default:2",
            "KLOKKER_NODE": "a",
            "KLOKKER_TEST_WITNESS": str(self.witness),
            "PYTHONPATH": str(ROOT),
            **self.settings,
        }
        self._starter = subprocess.Popen(
            [sys.executable, "-m", "tests.acceptance.volleys.starter"],
            env=environment,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # Ctrl-C ends the test, and the test ends these.
            start_new_session=True,
        )

    def __enter__(self) -> "Fleet":
        assert self._starter.stdout is not None
        assert self._starter.stdout.readline() == "ready\n", "the starter could not import what the fleet needs"
        return self

    def __exit__(self, *_: object) -> None:
        for place in self.places:
            if place.living is not None:
                self.bury(place.living)
        # It ends at the end of its input, and whatever it started that is still there with it.
        self._starter.communicate(timeout=30)

    # ── who is there ────────────────────────────────────────────────────────────────────────────────────────────────

    def start(self, arguments: Sequence[str], program: str = KLOKKER) -> Living | None:
        """A new process; None when it was gone before it could be looked at."""
        self._started += 1
        log = self._logs / f"{self._started:04}-{arguments[0]}.log"
        assert self._starter.stdin is not None
        assert self._starter.stdout is not None
        self._starter.stdin.write(
            json.dumps({"program": program, "arguments": list(arguments), "log": str(log)}) + "\n"
        )
        self._starter.stdin.flush()
        pid = int(self._starter.stdout.readline())
        try:
            return Living(pid, os.pidfd_open(pid), log)
        except ProcessLookupError:
            return None

    def fill(self) -> None:
        """Put a process in every place where none is. Raises EndedByItself."""
        for place in self.places:
            if place.living is not None and not place.living.stands:
                gone, place.living = place.living, None
                self.bury(gone)
            if place.living is None:
                place.living = self.start(place.arguments)

    def bury(self, living: Living) -> None:
        """Let go of a process, after killing it if it lives. Raises EndedByItself, unless the database was down when it began."""
        if living.alive:
            living.killed = True
            living.signal(signal.SIGKILL)
            living.join(10)
        os.close(living.descriptor)
        if not living.killed and living.code != Exit.UNAVAILABLE:
            raise EndedByItself(f"{living.log.name} ended with {living.code}; it said:\n{tail(living.log)}")

    def drain(self) -> None:
        """SIGTERM to all; each comes to its end by itself, and in order."""
        for place in self.places:
            assert place.living is not None
            place.living.signal(signal.SIGTERM)
        for place in self.places:
            living, place.living = place.living, None
            assert living is not None
            living.join(60)
            os.close(living.descriptor)
            assert living.code == Exit.WELL, f"{living.log.name} ended with {living.code}; it said:\n{tail(living.log)}"

    # ── who may be shot at ──────────────────────────────────────────────────────────────────────────────────────────

    def standing(self, *kinds: str) -> list[Living]:
        """Those that live and are not about to be gone, of these commands."""
        return [
            place.living
            for place in self.places
            if place.arguments[0] in kinds and place.living is not None and place.living.stands
        ]

    def nurseries(self) -> list[int]:
        """The processes that workers have started, from which their children come."""
        return [child for worker in self.standing("worker", "serve") for child in children(worker.pid)]

    def children(self) -> list[int]:
        """The processes in which tasks run."""
        return [child for nursery in self.nurseries() for child in children(nursery)]

    # ── what it says ────────────────────────────────────────────────────────────────────────────────────────────────

    def ask(self, *arguments: str, program: str = KLOKKER) -> tuple[int, str]:
        """`klokker …` as a command: its exit code, and what it printed."""
        living = self.start(arguments, program)
        assert living is not None, f"{arguments[0]} was gone at once"
        living.join(60)
        os.close(living.descriptor)
        assert living.code is not None, f"{arguments[0]} left no exit code; it said:\n{tail(living.log)}"
        return living.code, living.log.read_text()

    def account(self) -> Any:
        """What `klokker account` has to say of all schedules that are left, retired ones included."""
        code, said = self.ask("account", "--retired", "--json")
        assert code in (Exit.WELL, Exit.NOT_WELL), said
        return json.loads(said)

    def last_words(self) -> str:
        """The ends of the newest logs."""
        logs = sorted(log for log in self._logs.glob("*.log") if log.stem[5:] in {each[0] for each in self.commands})
        newest = logs[-2 * len(self.places) :]
        return "\n".join(f"── {log.name}\n{tail(log, 5)}" for log in newest)


def children(pid: int) -> list[int]:
    """The processes that this one has started and that live, by /proc; none if it is gone itself."""
    found = []
    with suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            found += [int(child) for child in (thread / "children").read_text().split()]
    return found


def kill_offspring(parents: Sequence[int], child: int) -> bool:
    """SIGKILL to a child of one of these, and to nobody else who may have its number by now; whether it was there."""
    try:
        descriptor = os.pidfd_open(child)
    except ProcessLookupError:
        return False
    try:
        if not any(child in children(parent) for parent in parents):
            return False
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    except ProcessLookupError:
        return False
    finally:
        os.close(descriptor)
    return True


def everything_gone(pids: Sequence[int]) -> None:
    """Wait until none of these processes is left."""
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), f"the end of {list(pids)}", within=20)


def tail(log: Path, lines: int = 30) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""
