"""Where do contestants run, and how do they take turns? Each in a process of its own, in the environment that it needs."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.places import Places

ROOT = Path(__file__).resolve().parent.parent


class ContestantDied(Exception):
    """A contestant ended before it had answered; its last words stand above."""


class Contestant(AbstractContextManager["Contestant"]):
    """A program of `benchmarks/contestants`, started and ready to take turns."""

    def __init__(self, name: str, python: Path, module: str, arguments: Sequence[str], env: Mapping[str, str]) -> None:
        self.name = name
        self._process = subprocess.Popen(
            [python, "-m", f"benchmarks.contestants.{module}", *arguments],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def turn(self, turn: str, **told: object) -> object:
        """What it answers. Raises ContestantDied."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps({"turn": turn, **told}) + "\n")
            self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise ContestantDied(f"{self.name} at its turn {turn!r}: exit code {self._process.wait()}")
        return json.loads(answer)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # At the end of its input a contestant ends by itself, and what it started with it.
        with suppress(BrokenPipeError):
            self._process.communicate(timeout=60)


class Contest:
    """One benchmark's run: its contestants, and the places where they may keep what they need.

    `small`: see that everything runs, with sizes that say nothing; without peers, unless they are installed.
    """

    def __init__(self, places: Places, *, peers: Path | None, small: bool) -> None:
        self.places = places
        self.small = small
        self._peers = peers
        self._open = ExitStack()

    def size(self, full: int, small: int) -> int:
        """How many: as asked for, or just enough to see that it runs."""
        return small if self.small else full

    @property
    def with_peers(self) -> bool:
        """Whether peers can be measured here."""
        return self._peers is not None

    def ours(self, name: str, module: str, *arguments: str, **env: str) -> Contestant:
        """A contestant in this environment."""
        return self._open.enter_context(Contestant(name, Path(sys.executable), module, arguments, env))

    def peers(self, module: str, *names: str, **env: str) -> list[Contestant]:
        """Contestants in the peers' environment, each told its name; none where there are no peers."""
        if self._peers is None:
            return []
        return [self._open.enter_context(Contestant(name, self._peers, module, [name], env)) for name in names]

    def in_turns(
        self,
        contestants: Sequence[Contestant],
        turns: int,
        ask: Callable[[Contestant], object],
    ) -> dict[str, list[float]]:
        """Ask each contestant so many times, one after another, in an order drawn anew each time; all that they answer."""
        answers: dict[str, list[float]] = {each.name: [] for each in contestants}
        order = list(contestants)
        draw = random.Random(0)
        for _ in range(self.size(turns, 1)):
            for each in order:
                answer = ask(each)
                answers[each.name] += answer if isinstance(answer, list) else [answer]  # type: ignore[list-item]
            draw.shuffle(order)
        return answers

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()
