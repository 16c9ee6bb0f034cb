"""Wire: values that travel between a worker and its children arrive as they were."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klokker.core.definition import Json
from klokker.core.lifecycle import Outcome
from klokker.core.moments import Window
from klokker.core.verdict import Ending
from klokker.executors.attempt import Request
from klokker.executors.contract import Assignment, Ended, Logged, LogLine, Progressed
from klokker.executors.processes import wire

json_values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
numbers = st.integers(0, 2**63 - 1)
seconds = st.floats(0, 1e9)
moments = st.integers(0, 2**32 * 10**6).map(
    lambda micros: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
)
windows = st.tuples(moments, moments).map(lambda pair: Window(min(pair), max(pair)))
assignments = st.builds(
    Assignment,
    run=numbers,
    token=numbers,
    task=st.text(),
    args=st.lists(json_values, max_size=3),
    kwargs=st.dictionaries(st.text(), json_values, max_size=3),
    attempt=st.integers(1, 1000),
    schedule=st.text(),
    timeout=st.none(),
    nominal_at=st.none() | moments,
    window=st.none() | windows,
    dry_run=st.booleans(),
    repeatable=st.just(False),
)
endings = st.builds(
    Ending,
    outcome=st.sampled_from(Outcome),
    result=json_values,
    counts=st.dictionaries(st.text(), st.integers(), max_size=3),
    error=st.text(),
) | st.builds(Ending, outcome=st.none(), snooze=st.timedeltas(timedelta(seconds=1), timedelta(days=3660)))
said = st.one_of(
    st.just(wire.Ready()),
    st.just(wire.Leaving()),
    st.builds(Progressed, run=numbers, token=numbers, done=st.integers(), total=st.none() | st.integers()),
    st.builds(
        Logged,
        run=numbers,
        token=numbers,
        lines=st.lists(st.builds(LogLine, at=moments, level=st.integers(0, 50), message=st.text())).map(tuple),
    ),
    st.builds(Ended, run=numbers, token=numbers, ending=endings, began=seconds, ended=seconds),
)


@given(assignments)
def test_an_assignment_arrives_as_it_was(given_out: Assignment) -> None:
    packet = wire.assignment_packet(given_out)
    assert wire.assignment(packet) == given_out
    assert wire.identity(packet[: wire.BEGINNING]) == (given_out.run, given_out.token)


@given(said)
def test_what_a_child_says_arrives_as_it_was_on_one_line(message: wire.Said) -> None:
    line = wire.said_line(message)
    assert line.index(b"\n") == len(line) - 1
    assert wire.said(line) == message


@given(st.lists(st.tuples(numbers, numbers, st.sampled_from(Outcome), st.text(), st.booleans()), max_size=3))
def test_requests_that_come_together_are_told_apart(asked: list[tuple[int, int, Outcome, str, bool]]) -> None:
    lines = b"".join(
        wire.request_line(run, token, Request(outcome, why), must_end=must_end)
        for run, token, outcome, why, must_end in asked
    )
    expected = [(run, token, Request(outcome, why), must_end) for run, token, outcome, why, must_end in asked]
    assert wire.requests(lines) == expected


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"hello",
        b"{}",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'["e"]',
        b'["e",1,2,3,4,5,6,7,8,9]',
        b'["p","1",2,3,4]',
    ],
)
def test_what_no_child_says_is_refused(line: bytes) -> None:
    with pytest.raises(wire.Garbled):
        wire.said(line)


@given(st.binary(max_size=200))
def test_noise_is_refused_and_never_believed(noise: bytes) -> None:
    with pytest.raises(wire.Garbled):
        wire.said(noise)
