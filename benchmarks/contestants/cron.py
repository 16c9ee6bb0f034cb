"""The next occurrence of a cron expression, asked of one engine: ours, cronsim's, croniter's or celery's.

    walk      the expression is read; ask for the occurrence after the one before, again and again
    backward  the same, into the past
    cold      read the expression, then ask once: what a process does that keeps nothing in memory
    listing   read one expression, then list so many moments: milliseconds

Rates are harmonic means over the expressions (each of them is asked equally often), per second of processor time: all of
it is computing, and what other programs take of the machine meanwhile is left out.
"""

import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from statistics import harmonic_mean
from zoneinfo import ZoneInfo

from benchmarks.contestants.turns import take_turns

EXPRESSIONS = {
    "many times an hour": (
        *("* * * * *", "*/2 * * * *", "*/5 * * * *", "*/10 * * * *", "*/15 * * * *", "*/30 * * * *", "0,30 * * * *"),
        *("5-59/10 * * * *", "*/15 12 * * *", "*/5 8-18 * * 1-5"),
    ),
    "hourly": ("0 * * * *", "17 * * * *", "0 */2 * * *", "0 */6 * * *", "30 9-17 * * 1-5", "0 8,12,16 * * *"),
    "daily": (
        *("0 0 * * *", "0 10 * * *", "30 2 * * *", "15 3 * * *", "45 23 * * *"),
        *("0 3 * * 1-5", "0 7 * * 1,3,5", "59 23 * * 0"),
    ),
    "weekly": ("0 4 * * 0", "0 6 * * 1", "30 22 * * 5", "0 9 * * 6"),
    "monthly": (*("30 2 1 * *", "0 15 5 * *", "0 0 1 * *", "0 5 15 * *", "0 0 28 * *", "0 12 1,15 * *", "0 1 31 * *"),),
    "a few times a year, or less": ("0 0 1 1 *", "0 0 1 */3 *", "0 0 1 1,7 *", "0 0 29 2 *", "0 3 31 12 *"),
}
START = datetime(2026, 1, 15, 10, 7, 30)  # noqa: DTZ001 - the zone is set per measurement
YEARS = range(1980, 2080)
"""A walk that leaves these begins anew, so that sparse expressions do not walk out of the calendar."""

Ask = Callable[[datetime], datetime]
"""From one occurrence to the next."""
Engine = Callable[[str, str], Ask]
"""Reads an expression for a zone."""


def klokker(expression: str, zone: str) -> Ask:
    from klokker import timetable

    return timetable(expression, zone=zone).after  # type: ignore[return-value]


def klokker_backward(expression: str, zone: str) -> Ask:
    from datetime import timedelta

    from klokker import timetable

    before, second = timetable(expression, zone=zone).at_or_before, timedelta(seconds=1)
    return lambda moment: before(moment - second)  # type: ignore[return-value]


def cronsim(expression: str, zone: str) -> Ask:
    from cronsim import CronSim

    walk = CronSim(expression, START.replace(tzinfo=ZoneInfo(zone)))
    return lambda _: next(walk)  # it keeps its own place


def cronsim_backward(expression: str, zone: str) -> Ask:
    from cronsim import CronSim

    walk = CronSim(expression, START.replace(tzinfo=ZoneInfo(zone)), reverse=True)
    return lambda _: next(walk)


def croniter(expression: str, zone: str) -> Ask:
    from croniter import croniter

    walk = croniter(expression, START.replace(tzinfo=ZoneInfo(zone)))
    return lambda _: walk.get_next(datetime)


def croniter_backward(expression: str, zone: str) -> Ask:
    from croniter import croniter

    walk = croniter(expression, START.replace(tzinfo=ZoneInfo(zone)))
    return lambda _: walk.get_prev(datetime)


def celery(expression: str, zone: str) -> Ask:
    """`remaining_estimate`, as beat asks it, with celery's now pinned to the last run."""
    from celery import Celery
    from celery.schedules import crontab

    if zone not in _apps:
        _apps[zone] = Celery("benchmark", set_as_current=False)
        _apps[zone].conf.update(timezone=zone, enable_utc=True)
    now, info = [START], ZoneInfo(zone)
    minute, hour, date, month, weekday = expression.split()
    schedule = crontab(minute, hour, weekday, date, month, nowfun=lambda: now[0], app=_apps[zone])

    def following(previous: datetime) -> datetime:
        now[0] = previous
        return (previous.astimezone(UTC) + schedule.remaining_estimate(previous)).astimezone(info)

    return following


_apps: dict[str, object] = {}
FORWARD: dict[str, Engine] = {"klokker": klokker, "cronsim": cronsim, "croniter": croniter, "celery": celery}
BACKWARD: dict[str, Engine] = {
    "klokker": klokker_backward,
    "cronsim": cronsim_backward,
    "croniter": croniter_backward,
}


def _walk(engine: Engine, expression: str, zone: str, seconds: float) -> float:
    ask, start = engine(expression, zone), START.replace(tzinfo=ZoneInfo(zone))
    moment, asked, began = ask(start), 0, time.process_time()
    while (spent := time.process_time() - began) < seconds:
        for _ in range(20):
            moment = ask(moment)
        asked += 20
        if moment.year not in YEARS:
            ask, moment = engine(expression, zone), start
    return asked / spent


def _cold(engine: Engine, expression: str, zone: str, seconds: float) -> float:
    start = START.replace(tzinfo=ZoneInfo(zone))
    engine(expression, zone)(start)
    asked, began = 0, time.process_time()
    while (spent := time.process_time() - began) < seconds:
        for _ in range(20):
            engine(expression, zone)(start)
        asked += 20
    return asked / spent


def _listing(engine: Engine, expression: str, zone: str, count: int) -> float:
    moment = START.replace(tzinfo=ZoneInfo(zone))
    engine(expression, zone)(moment)
    began = time.process_time()
    ask, listed = engine(expression, zone), []
    for _ in range(count):
        moment = ask(moment)
        listed.append(moment)
    return (time.process_time() - began) * 1000


def _each(kind: str) -> Iterator[str]:
    for named, expressions in EXPRESSIONS.items():
        if kind in ("", named):
            yield from expressions


def main(name: str) -> None:
    def rate(measured: Callable[[Engine, str, str, float], float], engine: Engine) -> Callable[..., object]:
        return lambda zone, seconds, kind="": harmonic_mean(
            measured(engine, expression, zone, seconds) for expression in _each(kind)
        )

    turns: dict[str, Callable[..., object]] = {
        "walk": rate(_walk, FORWARD[name]),
        "cold": rate(_cold, FORWARD[name]),
        "listing": lambda expression, zone, count: _listing(FORWARD[name], expression, zone, count),
    }
    if name in BACKWARD:
        turns["backward"] = rate(_walk, BACKWARD[name])
    take_turns(turns)


if __name__ == "__main__":
    main(sys.argv[1])
