"""Do the benchmarks still run? With sizes that say nothing, and without peers (benchmarks/README.md)."""

import subprocess
import sys

import pytest

from benchmarks.__main__ import NAMES
from benchmarks.figures import Figure, Goal


@pytest.mark.acceptance
@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_runs_and_measures_ours(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", name, "--small", "--without-peers"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert name in done.stdout
    assert "klokker" in done.stdout or " ms" in done.stdout or "/s" in done.stdout


def test_the_ratio_is_of_the_medians() -> None:
    figure = Figure("cron", "next", "/s", True, {"klokker": [90, 100, 500], "cronsim": [9, 10, 11]})
    assert figure.ratio("cronsim") == 10


def test_a_rate_reaches_its_goal_from_above_and_a_time_from_below() -> None:
    values = {"klokker": [50.0], "peer": [100.0]}
    goal = Goal(0.5, "peer")
    assert Figure("x", "time", "ms", False, values).reached(goal)
    assert not Figure("x", "rate", "/s", True, values).reached(Goal(1, "peer"))


def test_a_goal_beside_a_peer_that_is_not_here_is_neither_reached_nor_missed() -> None:
    assert Figure("x", "time", "ms", False, {"klokker": [50.0]}).reached(Goal(0.5, "peer")) is None


def test_an_unknown_benchmark_is_named_with_those_that_there_are() -> None:
    done = subprocess.run([sys.executable, "-m", "benchmarks", "crom"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "there is no benchmark crom; there are cron" in done.stderr
