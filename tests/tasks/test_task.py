"""Task: a function with a name, typed parameters and terms (docs/concepts/tasks.md)."""

import asyncio
import inspect
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

import pytest
from annotated_types import Ge

from klokker import Counts, RunContext, task
from klokker.core.definition import IfLost
from klokker.core.retry import Retry
from klokker.core.timeout import Timeout
from klokker.core.verdict import Terms
from klokker.tasks.arguments import InvalidArguments
from klokker.tasks.parameters import InvalidTask
from klokker.tasks.port import EnqueuedRun, EnqueueRequest, NotConnected, connect
from klokker.tasks.registry import Registry

mine = Registry()


@task(name="signals.anonymize_reporters", timeout="15m", repeatable=True, destructive=True, registry=mine)
def anonymize_reporters(run: RunContext, days: Annotated[int, Ge(1)] = 365) -> Counts:
    """Remove contact details of reporters from closed signals.

    Args:
        days: Counted from the report's entry.
    """
    return Counts(asked=days, attempt=run.attempt)


@task("signals.tidy", lane="heavy", order=3, registry=mine)
async def tidy(*, since: datetime) -> datetime:
    return since


class Ledger:
    """A port that writes down what is asked of it."""

    def __init__(self) -> None:
        self.requests: list[EnqueueRequest] = []

    def enqueue(self, requests: Sequence[EnqueueRequest]) -> Sequence[EnqueuedRun]:
        self.requests += requests
        return [EnqueuedRun(len(self.requests), request.task) for request in requests]


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    ledger = Ledger()
    before = connect(ledger)
    yield ledger
    connect(before)


def test_called_directly_a_task_is_its_function() -> None:
    assert anonymize_reporters(RunContext.by_hand("x"), 30) == Counts(asked=30, attempt=1)


def test_its_docstring_describes_it() -> None:
    assert anonymize_reporters.description == "Remove contact details of reporters from closed signals."
    [days] = anonymize_reporters.parameters.model_json_schema()["properties"].values()
    assert days["description"] == "Counted from the report's entry."


def test_readers_of_functions_see_the_one_it_wraps() -> None:
    assert list(inspect.signature(anonymize_reporters).parameters) == ["run", "days"]
    assert (inspect.getdoc(anonymize_reporters) or "").startswith("Remove contact details")


def test_its_terms_settle_what_a_schedule_leaves_open() -> None:
    assert anonymize_reporters.terms() == Terms(
        repeatable=True, timeout=Timeout(timedelta(minutes=15)), retry=Retry(), if_lost=IfLost.RETRY
    )
    assert tidy.terms() == Terms(if_lost=IfLost.FAIL)


def test_stored_arguments_become_a_call_that_wants_only_the_run() -> None:
    call = anonymize_reporters.bind([730])
    assert call(RunContext.by_hand("x")) == Counts(asked=730, attempt=1)


def test_the_call_of_a_coroutine_function_is_a_coroutine() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    coroutine = tidy.bind(kwargs={"since": "2026-01-01T00:00:00Z"})(RunContext.by_hand("x"))
    assert tidy.is_coroutine
    assert not anonymize_reporters.is_coroutine
    assert asyncio.iscoroutine(coroutine)
    assert asyncio.run(coroutine) == moment


def test_enqueue_hands_storable_arguments_and_the_tasks_own_lane_to_the_port(ledger: Ledger) -> None:
    assert tidy.enqueue(since=datetime(2026, 1, 1, tzinfo=UTC)) == EnqueuedRun(1, "signals.tidy")
    assert anonymize_reporters.enqueue(730).id == 2
    assert ledger.requests == [
        EnqueueRequest("signals.tidy", [], {"since": "2026-01-01T00:00:00Z"}, lane="heavy", order=3),
        EnqueueRequest("signals.anonymize_reporters", [730], {}, lane="default", order=0),
    ]


def test_arguments_are_checked_before_anything_is_enqueued(ledger: Ledger) -> None:
    with pytest.raises(InvalidArguments, match='days must be a valid integer, got "730"'):
        anonymize_reporters.enqueue("730")  # type: ignore[arg-type]
    assert ledger.requests == []


def test_using_changes_a_variant_and_leaves_the_task(ledger: Ledger) -> None:
    later = anonymize_reporters.using(run_after=timedelta(minutes=30), lane="night", order=-1)
    later.enqueue(1)
    later.using(order=5).enqueue(2)
    anonymize_reporters.enqueue(3)
    half_an_hour = timedelta(minutes=30)
    assert [(each.lane, each.order, each.run_after) for each in ledger.requests] == [
        ("night", -1, half_an_hour),
        ("night", 5, half_an_hour),
        ("default", 0, None),
    ]


@pytest.mark.parametrize(
    ("run_after", "says"),
    [
        (datetime(2026, 1, 1), "run_after must be aware of its zone, or a timedelta; got 2026-01-01 00:00:00"),  # noqa: DTZ001
        (timedelta(seconds=-1), "run_after must not be negative"),
        (timedelta.max, "run_after must not be negative and at most a hundred years"),
    ],
)
def test_a_moment_that_means_nothing_is_refused(run_after: datetime | timedelta, says: str) -> None:
    with pytest.raises(InvalidTask, match=says):
        tidy.using(run_after=run_after)


def test_without_a_port_the_error_says_how_to_connect_one() -> None:
    before = connect(None)
    try:
        with pytest.raises(NotConnected, match=r"put 'klokker\.django' into INSTALLED_APPS"):
            anonymize_reporters.enqueue(1)
    finally:
        connect(before)
