"""Our scheduler's tick: the ticker that `klokker beat` composes, on a database of so many schedules.

idle  ticks while nothing is due: milliseconds of each
due   ticks at moments when one schedule in a hundred is due: milliseconds for each occurrence, its run recorded
edit  one schedule is edited, and the next tick: milliseconds of each tick
"""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import django

from benchmarks.contestants.turns import take_turns

django.setup()

from django.core.management import call_command  # noqa: E402 - Django is set up first

from benchmarks.contestants import many  # noqa: E402
from klokker.django.store import DjangoStore  # noqa: E402
from klokker.engine.clock import MACHINE  # noqa: E402
from klokker.engine.ticker import Ticker  # noqa: E402
from klokker.operations.asking import Asked  # noqa: E402
from klokker.operations.catalogue import RegisteredTasks  # noqa: E402
from klokker.operations.edit import Edit  # noqa: E402
from klokker.operations.operation import do  # noqa: E402
from klokker.tasks.registry import registry  # noqa: E402
from klokker.wiring.project import find_tasks, read_settings  # noqa: E402


class Ticks:
    """One scheduler."""

    def __init__(self) -> None:
        call_command("migrate", verbosity=0)
        find_tasks(read_settings())
        self._store = DjangoStore(own_connections=True)
        self._ticker = Ticker(
            self._store,
            node="here",
            monotonic=MACHINE.monotonic,
            resume=lambda schedule, now: None,  # noqa: ARG005
            retire=lambda schedule, now: None,  # noqa: ARG005
        )
        self._moments: list[datetime] = []

    def make(self, schedules: int) -> int:
        """Schedules, due from an hour ahead on."""
        first = (datetime.now(UTC) + timedelta(hours=1)).replace(microsecond=0)
        self._moments = many.make(schedules, first)[::-1]
        self.idle(3)
        return schedules

    def idle(self, ticks: int) -> list[float]:
        took = []
        for _ in range(ticks):
            began = time.perf_counter()
            ticked = self._ticker.run_once(datetime.now(UTC))
            took.append((time.perf_counter() - began) * 1000)
            assert ticked.timers == 0, "something was due"
        return took

    def due(self) -> float:
        moment = self._moments.pop()
        began = time.perf_counter()
        ticked = self._ticker.run_once(moment)
        assert ticked.runs > 0, "nothing was due"
        return (time.perf_counter() - began) * 1000 / ticked.runs

    def edit(self, times: int) -> list[float]:
        took: list[float] = []
        tasks = RegisteredTasks(registry)
        for number in range(times):
            schedule = self._store.schedule(f"hourly-{self._moments[0]:%M%S}")
            assert schedule is not None
            definition = replace(schedule.revision.definition, description=f"edited for the {number}th time")
            do(self._store, schedule.id, Edit(Asked("benchmark", datetime.now(UTC)), definition, tasks))
            took += self.idle(1)
        return took


def main() -> None:
    ticks = Ticks()
    take_turns({"make": ticks.make, "idle": ticks.idle, "due": ticks.due, "edit": ticks.edit})


if __name__ == "__main__":
    main()
