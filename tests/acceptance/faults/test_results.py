"""Results, errors and log lines that the database cannot store: the outcome stands, what cannot be kept is explained."""

import json
import math
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from klokker.core.lifecycle import RunKind
from klokker.store.contract import NewRun
from klokker.tasks.context import RunContext
from klokker.tasks.decorator import task
from tests.acceptance.faults.site import Site

KIB = 1024


class Mute(Exception):
    """An exception that cannot say what it is."""

    def __str__(self) -> str:
        raise RuntimeError("no words")

    __repr__ = __str__


def endless() -> object:
    nested: list[object] = []
    nested.append(nested)
    return nested


def deep() -> object:
    nested: object = 1
    for _ in range(sys.getrecursionlimit() * 2):
        nested = [nested]
    return nested


RETURNED: dict[str, Callable[[], object]] = {
    "NUL": lambda: "a\0b",
    "a NUL in a key": lambda: {"a\0b": 1},
    "a lone surrogate": lambda: ["\ud800"],
    "NaN": lambda: math.nan,
    "infinity": lambda: {"rows": [1, -math.inf]},
    "a huge number": lambda: 10**5000,
    "a number beyond 64 bits": lambda: 2**70,
    "bytes": lambda: b"\xff\0",
    "a set": lambda: {1, 2},
    "a moment": lambda: datetime(2026, 1, 1, tzinfo=UTC),
    "a decimal": lambda: Decimal("NaN"),
    "an object": object,
    "a function": lambda: print,
    "keys that are no text": lambda: {1: 2, None: 3, (4, 5): 6},
    "itself": endless,
    "a deep one": deep,
    "more than 64 KiB": lambda: "x" * 200 * KIB,
    "many of them": lambda: list(range(100_000)),
    "text of four bytes a character": lambda: "\U0001f980" * 40 * KIB,
}

RAISED: dict[str, Callable[[], BaseException]] = {
    "NUL": lambda: ValueError("a\0b"),
    "a lone surrogate": lambda: ValueError("\udfff"),
    "a mute one": Mute,
    "more than 64 KiB": lambda: ValueError("x" * 200 * KIB),
    "a group": lambda: ExceptionGroup("both", [ValueError("one\0"), Mute()]),
    "an exit": lambda: SystemExit("\0"),
}

LOGGED: dict[str, tuple[object, ...]] = {
    "NUL": ("a\0b",),
    "a lone surrogate": ("\ud800 %s", "\udfff"),
    "more than is kept": ("x" * 2000 * KIB,),
    "what does not fit": ("%d of %d", "one"),
    "a mute one": ("%s", Mute()),
    "an object": (object(),),
}


@pytest.fixture
def worked(
    site: Site,
) -> Callable[[dict[str, Callable[[RunContext], object]]], dict[str, tuple[str, object, str, str]]]:
    """Runs each of these as a task; its outcome, result, error and log."""

    def work(bodies: dict[str, Callable[[RunContext], object]]) -> dict[str, tuple[str, object, str, str]]:
        @task(name="odd", registry=site.registry)
        def odd(run: RunContext, which: str) -> object:
            return bodies[which](run)

        made = site.store.enqueue(
            [NewRun(RunKind.ENQUEUED, "odd", (which,), {}, site.now) for which in bodies], now=site.now
        )
        site.member().round()
        ended: dict[str, tuple[str, object, str, str]] = {}
        for which, each in zip(bodies, made, strict=True):
            run = site.store.run(each.id)
            assert run is not None
            ended[which] = (str(run.outcome), run.result, run.error, "\n".join(run.log))
        return ended

    return work


Worked = Callable[[dict[str, Callable[[RunContext], object]]], dict[str, tuple[str, object, str, str]]]


def test_whatever_a_task_returns_its_run_has_succeeded(worked: Worked) -> None:
    def returns(made: Callable[[], object]) -> Callable[[RunContext], object]:
        return lambda _: made()

    ended = worked({which: returns(made) for which, made in RETURNED.items()})
    assert {which: outcome for which, (outcome, *_) in ended.items()} == dict.fromkeys(RETURNED, "succeeded")
    for which, (_, result, _, _) in ended.items():
        assert len(json.dumps(result)) <= 70 * KIB, which
    assert "a" in str(ended["NUL"][1])
    assert ended["NaN"][1] is not None
    assert "NaN" in str(ended["NaN"][1]) or "nan" in str(ended["NaN"][1])


def test_whatever_a_task_raises_its_run_has_failed_and_says_so(worked: Worked) -> None:
    def raises(made: Callable[[], BaseException]) -> Callable[[RunContext], object]:
        def body(_: RunContext) -> object:
            raise made()

        return body

    ended = worked({which: raises(made) for which, made in RAISED.items()})
    assert {which: outcome for which, (outcome, *_) in ended.items()} == dict.fromkeys(RAISED, "failed")
    for which, (_, _, error, _) in ended.items():
        assert 0 < len(error.encode()) <= 70 * KIB, which
    assert "Mute" in ended["a mute one"][2]


def test_whatever_a_task_logs_its_run_goes_on_and_the_log_is_capped(worked: Worked) -> None:
    def logs(said: tuple[object, ...]) -> Callable[[RunContext], object]:
        def body(run: RunContext) -> object:
            run.logger.info("before")
            run.logger.info(*said)
            run.logger.info("after")
            return None

        return body

    ended = worked({which: logs(said) for which, said in LOGGED.items()})
    assert {which: outcome for which, (outcome, *_) in ended.items()} == dict.fromkeys(LOGGED, "succeeded")
    for which, (_, _, _, log) in ended.items():
        assert "before" in log, which
        assert "after" in log, which
        assert len(log.encode()) <= 1100 * KIB, which
