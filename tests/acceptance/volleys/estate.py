"""What do the schedules look like that the fleet must keep, and what does their owner do between two volleys?

Every way that an occurrence can go is among them: together, in turn, dismissed, replaced, failed and tried again, snoozed,
on each node, after completion, within a closing; and a schedule of yesterday, whose days are over, so that pruning takes them at once.
"""

import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from klokker.core.definition import Definition
from klokker.core.known import Known
from klokker.core.lifecycle import RunKind, ScheduleState
from klokker.django.store import DjangoStore
from klokker.operations.asking import Asked
from klokker.operations.catalogue import RegisteredTasks
from klokker.operations.create import Create, create
from klokker.operations.operation import do
from klokker.operations.pause import Pause
from klokker.operations.retire import Retire
from klokker.store.contract import NewRun, Store
from klokker.tasks.registry import registry
from klokker.wiring.project import find_tasks, read_settings
from klokker.wiring.time_data import time_data
from tests.acceptance.volleys.proof import Rhythm

GONE_AT_ONCE = {"keep": "0s", "last": 0, "failures": "0s", "dismissals": "0s"}

STANDING: tuple[dict[str, Any], ...] = (
    {"name": "together", "task": "once", "when": "every 1 second", "overlap": "allow"},
    {"name": "in turn", "task": "again", "when": "every 1 second", "overlap": "queue all", "catch_up": "all"},
    {"name": "dismissed", "task": "once", "when": "every 2 seconds", "kwargs": {"milliseconds": 300}},
    {
        "name": "replaced",
        "task": "again",
        "when": "every 3 seconds",
        "overlap": "replace",
        "kwargs": {"milliseconds": 600},
    },
    {"name": "failing", "task": "thrice", "when": "every 2 seconds", "retry": {"attempts": 3, "first": "0.2s"}},
    {"name": "later", "task": "later", "when": "every 2 seconds"},
    {"name": "fresh", "task": "once", "when": "every 2 seconds", "catch_up": "none", "grace": "2s", "jitter": "1s"},
    {"name": "on each node", "task": "again", "when": "every 3 seconds", "placement": "each"},
    {"name": "resting", "task": "again", "when": "1 second after completion"},
    {"name": "paused now and then", "task": "once", "when": "every 1 second", "retention": GONE_AT_ONCE},
    {
        "name": "waiting",
        "task": "once",
        "when": "every 1 second",
        "closed": "wait during breaks",
        "overlap": "queue all",
    },
    {"name": "skipping", "task": "once", "when": "every 1 second", "closed": "skip during breaks"},
)
"""Made once."""

BREAKS = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:breaks
BEGIN:VEVENT
UID:breaks
DTSTART:20260101T000000Z
DURATION:PT3S
RRULE:FREQ=SECONDLY;INTERVAL=5
END:VEVENT
END:VCALENDAR
"""
"""Three of each five seconds are closed."""

RETURNING: tuple[dict[str, Any], ...] = (
    {"name": "phoenix", "task": "once", "when": "every 1 second", "retention": GONE_AT_ONCE},
    {"name": "succeeds once", "task": "once", "when": "every 1 second", "after_success": "delete"},
    {
        "name": "yesterday",
        "task": "again",
        "when": "every 30 minutes",
        "catch_up": "all 40",
        "overlap": "allow",
        "retention": GONE_AT_ONCE,
        "kwargs": {"milliseconds": 5},
    },
)
"""Retired between two volleys, and made anew under the same name."""

REPEATABLE = {"volleys.again", "volleys.later"}
SNOOZING = {"volleys.later"}


def rhythms(yesterday: datetime) -> Mapping[str, Rhythm]:
    """What the timetables yield, but for the one that rests after completion. `yesterday`: its last second."""
    seconds = {"seconds": 1, "second": 1, "minutes": 60}
    found = {}
    for fields in (*STANDING, *RETURNING):
        match fields["when"].split():
            case ["every", number, unit]:
                ends = yesterday if fields["name"] == "yesterday" else None
                found[fields["name"]] = Rhythm(int(number) * seconds[unit], ends)
    return found


def main() -> None:
    """Make the estate, or do what its owner does between two volleys: `estate made YESTERDAY`, `estate tended YESTERDAY`."""
    what, yesterday = sys.argv[1], datetime.fromisoformat(sys.argv[2])
    find_tasks(read_settings())
    store = DjangoStore(own_connections=True)
    try:
        if what == "made":
            for fields in STANDING:
                make(store, fields, store.now())
        else:
            tend(store)
        for fields in RETURNING:
            if store.schedule(fields["name"]) is None:
                if fields["name"] == "yesterday":
                    make(store, fields | {"ends": yesterday}, yesterday - timedelta(days=1, hours=6))
                else:
                    make(store, fields, store.now())
    finally:
        store.close()


def make(store: Store, fields: Mapping[str, Any], now: datetime) -> None:
    """Make one of them, as if `now` were the time."""
    definition = Definition.read({**fields, "task": f"volleys.{fields['task']}"}, Known({"breaks": BREAKS}))
    create(store, Create(asked(now), definition, RegisteredTasks(registry)))


def tend(store: Store) -> None:
    """Retire what will return, pause what is paused now and then, and enqueue some runs besides."""
    now = store.now()
    for name in ("phoenix", "yesterday"):
        standing = store.schedule(name)
        if standing is not None and standing.state is not ScheduleState.RETIRED:
            do(store, standing.id, Retire(asked(now)))
    paused = store.schedule("paused now and then")
    assert paused is not None
    if paused.state is ScheduleState.ACTIVE:
        do(store, paused.id, Pause(asked(now, "now and then"), until=now + timedelta(seconds=1)))
    store.enqueue(
        [
            NewRun(RunKind.ENQUEUED, task, (), {"milliseconds": 5}, now)
            for task, number in (("volleys.again", 30), ("volleys.once", 10))
            for _ in range(number)
        ],
        now=now,
    )
    store.wake()


def asked(now: datetime, why: str = "") -> Asked:
    return Asked("the owner", now, why, time_data())
