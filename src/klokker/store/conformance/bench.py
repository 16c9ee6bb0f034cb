"""What does a store bring along to be tested? Itself, a way to open it again, and a way to look inside.

A bench stands on an empty store for the length of one test.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from klokker.store.contract import Store
from klokker.store.seen import SeenRun

Answer = TypeVar("Answer")


class Bench(Protocol):
    """A store under test, empty at first. The moments of the tests lie in March 2026; no verb may ask a clock instead."""

    @property
    def store(self) -> Store:
        """The store, on one connection."""

    def another(self) -> Store:
        """The same records through a connection of its own, as another process has it. Asked for in the thread that uses it."""

    def nesting(self) -> Store:
        """The same records through one connection whose verbs may be said within one another: they share its locks."""

    def close_thread(self) -> None:
        """Called in each thread that used a store, at its end: close what is open there."""

    def run(self, run: int) -> SeenRun:
        """The run of this id, as it stands."""

    def runs(self, schedule: int | None) -> Sequence[SeenRun]:
        """All runs of a schedule (None: those without one), by id."""

    def poison(self, schedule: int) -> bool:
        """Make the newest stored definition of the schedule unreadable; False if this store has no such thing."""

    def refuse_end(self, run: int) -> bool:
        """Make the database refuse whatever end is written for this run; False if this store has no such thing."""


def race(bench: Bench, *runners: Callable[[Store], Answer]) -> list[Answer]:
    """What each runner returned, run all at once, each in a thread of its own with a store of its own. Raises what one raised."""
    start = threading.Barrier(len(runners))
    answers: dict[int, Answer] = {}
    raised: list[BaseException] = []

    def run(number: int, runner: Callable[[Store], Answer]) -> None:
        try:
            store = bench.another()
            start.wait(timeout=30)
            answers[number] = runner(store)
        except BaseException as error:  # noqa: BLE001 — raised again in the thread of the test
            raised.append(error)
            start.abort()
        finally:
            bench.close_thread()

    threads = [threading.Thread(target=run, args=each, daemon=True) for each in enumerate(runners)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
        assert not thread.is_alive(), "a racing thread did not come back within a minute"
    if raised:
        raise raised[0]
    return [answers[number] for number in range(len(runners))]


Error = TypeVar("Error", bound=Exception)


def refused(error: type[Error], what: Callable[[], object]) -> Error:
    """The error of this kind that `what` raises; fails when it raises none."""
    try:
        what()
    except error as raised:
        return raised
    raise AssertionError(f"{error.__name__} was expected, and nothing was raised")
