"""Random timers: a few hours of one schedule, with edits, outages, policies and unfinished runs of every kind."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from klokker.core.catchup import CatchUp
from klokker.core.closed import Closed, WhenClosed
from klokker.core.definition import Definition, Revision
from klokker.core.jitter import Jitter
from klokker.core.overlap import Overlap
from klokker.core.plan import Timer, UnfinishedRun

# Clocks in Amsterdam go forward an hour after this moment.
MORNING = datetime(2026, 3, 29, 0, 0, tzinfo=UTC)

WHENS = (
    "* * * * *",
    "*/7 * * * *",
    "*/20 * * * * *",
    "0 * * * *",
    "30 2,3 * * *",
    "every 90 seconds",
    "every 13 minutes",
    "at 2026-03-29T01:30, 2026-03-29T03:10, 2026-03-29T04:00",
)

CALENDARS = {
    "hour": "from 2026-03-29T01:15 to 2026-03-29T02:15",
    "often": "daily 00:20-00:35\ndaily 01:00-01:25\ndaily 03:30-04:40",
    "changing": "zone Europe/Amsterdam\ndaily 01:50-03:10",
    "night": "daily 00:00-03:00\ndaily 03:00-05:00",
}


def random_span(dice: Random, most: int) -> timedelta:
    """Up to `most` seconds, often a round number of minutes."""
    seconds = dice.randrange(1, most)
    return timedelta(seconds=seconds if dice.random() < 0.5 else max(60, seconds // 60 * 60))


def random_moment(dice: Random, after: datetime, most: int) -> datetime:
    """After `after`, by up to `most` seconds; half of them on a whole minute, some with fractions of a second."""
    moment = after + timedelta(seconds=dice.randrange(0, most))
    if dice.random() < 0.5:
        return moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
    return moment + timedelta(microseconds=dice.choice((0, 1, 300_000, 999_999)))


def random_catch_up(dice: Random) -> CatchUp:
    return CatchUp.read(
        dice.choice(("latest", "none", f"all {dice.randrange(1, 8)}", "all", f"within {dice.randrange(1, 100)}m"))
    )


def random_definition(dice: Random) -> Definition:
    starts = ends = closed = None
    if dice.random() < 0.15:
        starts = random_moment(dice, MORNING, 7200)
        ends = random_moment(dice, starts, 7200) if dice.random() < 0.5 else None
    if dice.random() < 0.4:
        closed = Closed(dice.choice(tuple(CALENDARS)), dice.choice(tuple(WhenClosed)))
    return Definition(
        name="sweep",
        task="chores.sweep",
        when=dice.choice(WHENS),
        zone=dice.choice(("UTC", "Europe/Amsterdam")),
        starts=starts,
        ends=ends,
        max_runs=dice.randrange(1, 9) if dice.random() < 0.25 else None,
        catch_up=random_catch_up(dice),
        grace=dice.choice((timedelta(0), timedelta(seconds=60), timedelta(minutes=7), timedelta(hours=1))),
        overlap=dice.choice(tuple(Overlap)),
        closed=closed,
        calendars=CALENDARS if closed else {},
        jitter=Jitter(dice.choice((timedelta(0), timedelta(seconds=50), timedelta(minutes=9)))),
    )


def random_timer(dice: Random) -> Timer:
    """A timer as a tick may find it, some time after it was last handled."""
    since = random_moment(dice, MORNING, 3600)
    handled_until = random_moment(dice, since, 3600)
    revisions = [Revision(1, since, random_definition(dice))]
    # A rewind leaves a revision that holds from a moment before its forerunner's.
    for number in range(2, dice.choice((2, 2, 2, 3, 4))):
        revisions.append(Revision(number, random_moment(dice, handled_until, 9000), random_definition(dice)))
    unfinished = [
        UnfinishedRun(number, handled_until - timedelta(minutes=number), begun=dice.random() < 0.5)
        for number in range(dice.choice((0, 0, 1, 2)))
    ]
    timer = Timer(
        id=7,
        schedule=3,
        node=dice.choice(("", "north")),
        since=since,
        until=random_moment(dice, handled_until, 9000) if dice.random() < 0.1 else None,
        handled_until=handled_until,
        next_due=handled_until,
        runs_made=dice.randrange(0, 5),
        revisions=revisions,
        unfinished=unfinished,
    )
    if dice.random() < 0.2:
        decided = [
            moment
            for revision in revisions
            for moment in revision.definition.timetable().between(handled_until, handled_until + timedelta(hours=2))
        ]
        timer = replace(timer, decided_ahead=frozenset(dice.sample(decided, min(3, len(decided)))))
    return timer
