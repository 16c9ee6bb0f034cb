"""When a schedule will run, with its closings (docs/policies/closed.md)."""

from datetime import UTC, datetime
from itertools import islice

import pytest

from klokker.core.definition import Definition
from klokker.core.foresight import Prospect, prospect, runs_after
from klokker.core.known import Known

KNOWN = Known({"night": "daily 22:00-06:00", "always": "weekly MON-SUN", "most": "daily 01:00-24:00"})


def at(hour: int, day: int = 4) -> datetime:
    return datetime(2026, 5, day, hour, tzinfo=UTC)


def schedule(closed: str, **fields: object) -> Definition:
    fields = {"name": "sweep", "task": "t", "when": "0 */4 * * *", "closed": closed, **fields}
    return Definition.read(fields, KNOWN)


def first(definition: Definition, count: int = 4) -> list[datetime]:
    return list(islice(runs_after(definition, definition.timetable(), at(17)), count))


@pytest.mark.parametrize(
    ("closed", "catch_up", "expected"),
    [
        ("skip during night", "latest", [at(20), at(8, 5), at(12, 5), at(16, 5)]),
        ("wait during night", "latest", [at(20), at(6, 5), at(8, 5), at(12, 5)]),
        ("wait during night", "none", [at(20), at(8, 5), at(12, 5), at(16, 5)]),
        ("run anyway during night", "latest", [at(20), at(0, 5), at(4, 5), at(8, 5)]),
        ("skip during always", "latest", []),
    ],
)
def test_it_runs_when_it_is_open_or_when_it_opens(closed: str, catch_up: str, expected: list[datetime]) -> None:
    assert first(schedule(closed, catch_up=catch_up)) == expected


def test_what_is_always_shut_is_given_up_after_some_closings() -> None:
    assert first(schedule("skip during most", when="0 12 * * *")) == []


def test_an_occurrence_at_the_opening_is_one_with_what_waited() -> None:
    assert first(schedule("wait during night", when="0 */3 * * *"), 2) == [at(18), at(21)]
    assert first(schedule("wait during night", when="0 */3 * * *"), 4)[2:] == [at(6, 5), at(9, 5)]


def test_the_fate_of_a_moment() -> None:
    assert prospect(schedule("skip during night"), at(0, 5)) == Prospect(dismissed=True)
    assert prospect(schedule("wait during night"), at(0, 5)) == Prospect(at(6, 5))
    assert prospect(schedule("wait during night"), at(8, 5)) == Prospect()
