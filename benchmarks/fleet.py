"""How long does it take to look at ten thousand schedules, and to foresee a week of them? No peer does either.

In memory, and by the commands on a database; milliseconds of processor time, beside the ten seconds that both may take.
"""

from collections.abc import Iterator

from benchmarks.contest import Contest
from benchmarks.figures import Figure, Goal
from benchmarks.grounds import klokker_on

SCHEDULES, TURNS = 10_000, 3
TEN_SECONDS = {"ten seconds": [10_000.0]}


def figures(contest: Contest) -> Iterator[Figure]:
    number, turns = contest.size(SCHEDULES, 100), range(contest.size(TURNS, 1))
    fleet = f"{number:,} schedules"
    ours = contest.ours("klokker", "fleet")
    looked_at = [_ms(ours.turn("lint", count=number, seed=seed)) for seed in turns]
    yield _figure(f"lint of {fleet}", looked_at)
    by_day = [_ms(ours.turn("forecast", count=number, seed=seed + TURNS, hours=24)) for seed in turns]
    yield _figure(f"a week's forecast of {fleet}, by the day", by_day)
    by_hour = [_ms(ours.turn("forecast", count=number, seed=seed + 2 * TURNS, hours=1)) for seed in turns]
    yield _figure(f"a week's forecast of {fleet}, by the hour", by_hour)
    yield _together("lint, and a forecast by the hour", looked_at, by_hour)
    with next(klokker_on(contest))[1]("fleet") as stored:
        stored.turn("store", count=number)
        lint, forecast = ["lint", "--json"], ["forecast", "--for", "7d", "--step", "1h", "--json"]
        looked_at = [_ms(stored.turn("command", arguments=lint)) for _ in turns]
        yield _figure(f"klokker lint, {fleet} on SQLite", looked_at)
        by_hour = [_ms(stored.turn("command", arguments=forecast)) for _ in turns]
        yield _figure(f"klokker forecast --for 7d --step 1h, {fleet} on SQLite", by_hour)
        yield _together("both commands", looked_at, by_hour)


def _figure(what: str, values: list[float]) -> Figure:
    return Figure("fleet", what, "ms", False, {"klokker": values}, note="no peer has it")


def _together(what: str, looked_at: list[float], foreseen: list[float]) -> Figure:
    both = [sum(pair) for pair in zip(looked_at, foreseen, strict=True)]
    return Figure("fleet", f"together: {what}", "ms", False, {"klokker": both} | TEN_SECONDS, [Goal(1, "ten seconds")])


def _ms(answer: object) -> float:
    assert isinstance(answer, float)
    return answer
