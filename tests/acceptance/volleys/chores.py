"""What do the fleet's workers do? Chores that write down each attempt, in a file that outlives every process and the database.

A line is one write to a file opened for appending, so it is there whole or not at all, whoever is killed.
"""

import json
import os
import threading
from datetime import timedelta

from klokker.executors.reporter import RunReporter
from klokker.tasks.context import RunContext
from klokker.tasks.decorator import task
from klokker.tasks.results import Counts, Snooze

WITNESS = "KLOKKER_TEST_WITNESS"
"""Names the file, in the environment of the whole fleet."""

BEGUN, DONE = "begun", "done"


def say(run: RunContext, said: str) -> None:
    """Add a line about this attempt."""
    assert isinstance(run.reporter, RunReporter)
    _, token = run.reporter.identity
    line = {
        "said": said,
        "run": run.run_id,
        "token": token,
        "attempt": run.attempt,
        "task": run.task,
        "pid": os.getpid(),
    }
    descriptor = os.open(os.environ[WITNESS], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    try:
        os.write(descriptor, json.dumps(line).encode() + b"\n")
    finally:
        os.close(descriptor)


def work(run: RunContext, milliseconds: int) -> Counts:
    """Take some time, between one line and the other; each seventh run takes six times as long."""
    say(run, BEGUN)
    threading.Event().wait(milliseconds / 1000 * (6 if run.run_id % 7 == 0 else 1))
    say(run, DONE)
    return Counts(done=1)


@task(name="volleys.once")
def once(run: RunContext, milliseconds: int = 60) -> Counts:
    """Must not be done twice: the default."""
    return work(run, milliseconds)


@task(name="volleys.again", repeatable=True)
def again(run: RunContext, milliseconds: int = 60) -> Counts:
    """May be done again."""
    return work(run, milliseconds)


@task(name="volleys.thrice", retry=3)
def thrice(run: RunContext) -> Counts:
    """Must not be done again after it was lost, but may be after it failed, as the first attempt always does."""
    if run.attempt == 1:
        say(run, BEGUN)
        raise RuntimeError("the first attempt fails")
    return work(run, 20)


@task(name="volleys.later", repeatable=True)
def later(run: RunContext) -> Counts | Snooze:
    """Asks for later, now and then."""
    if run.run_id % 3 == 0 and os.urandom(1)[0] < 128:
        say(run, BEGUN)
        return Snooze(timedelta(milliseconds=200))
    return work(run, 20)
