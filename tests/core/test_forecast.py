"""How much will start, and how busy will it be?"""

from datetime import UTC, datetime, timedelta

import pytest

from klokker.core.definition import Definition
from klokker.core.forecast import Course, Load, forecast
from klokker.core.known import Known

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MONDAY = datetime(2026, 3, 23, tzinfo=UTC)


def schedule(when: str, name: str = "tidy", **fields: object) -> Definition:
    return Definition.read({"name": name, "task": "any.task", "when": when, **fields})


def starts(loads: list[Load]) -> list[int]:
    return [load.starts for load in loads]


def test_starts_are_counted_in_the_step_that_they_end_or_lie_in() -> None:
    told = forecast([Course(schedule("0 */8 * * *"))], MONDAY, 8 * HOUR, 3)
    # A step is open at its start and closed at its end, as every window is.
    assert starts(told.steps) == [1, 1, 1]
    assert told.begins(2) == MONDAY + 16 * HOUR
    assert starts(forecast([Course(schedule("0 0 25 * *"))], MONDAY, DAY, 3).steps) == [0, 1, 0]


def test_busy_time_is_what_runs_usually_take() -> None:
    told = forecast([Course(schedule("*/10 * * * *"), takes=3 * MINUTE)], MONDAY, HOUR, 2)
    assert [(load.starts, load.busy) for load in told.steps] == [(6, 18 * MINUTE), (6, 18 * MINUTE)]
    assert (told.total.starts, told.total.busy, told.unknown) == (12, 36 * MINUTE, [])
    assert told.schedules["tidy"] == Load(12, 36 * MINUTE)


def test_lanes_and_nodes_have_their_own() -> None:
    courses = [
        Course(schedule("0 * * * *", "a", lane="reports"), ("n1", "n2"), MINUTE),
        Course(schedule("0 * * * *", "b"), takes=HOUR),
    ]
    told = forecast(courses, MONDAY, HOUR, 1)
    assert {lane: starts(loads) for lane, loads in told.lanes.items()} == {"reports": [2], "default": [1]}
    assert {node: starts(loads) for node, loads in told.nodes.items()} == {"n1": [1], "n2": [1], "": [1]}
    assert told.total == Load(3, HOUR + 2 * MINUTE)


def test_one_without_history_counts_its_starts_and_is_named() -> None:
    told = forecast([Course(schedule("0 * * * *"))], MONDAY, DAY, 1)
    assert (told.total, told.unknown) == (Load(24, timedelta(0)), ["tidy"])


def test_clock_changes_are_in_it() -> None:
    sunday = datetime(2026, 3, 28, 23, tzinfo=UTC)
    hourly = Course(schedule("0 * * * *", zone="Europe/Amsterdam"))
    fixed = Course(schedule("0 1-5 * * *", "fixed", zone="Europe/Amsterdam"))
    assert forecast([hourly], sunday, 23 * HOUR, 1).total.starts == 23
    # Two falls into the hour that is skipped, and meets three.
    assert forecast([fixed], sunday, 23 * HOUR, 1).total.starts == 4


def test_one_that_rests_after_completion_goes_on_without_a_pause() -> None:
    course = Course(schedule("10 minutes after completion"), takes=5 * MINUTE)
    assert starts(forecast([course], MONDAY, HOUR, 3).steps) == [4, 4, 4]


def test_limits_are_kept() -> None:
    ending = Course(schedule("0 * * * *", ends="2026-03-23T03:00"))
    twice = Course(schedule("0 * * * *", "twice"), ("a", "b"), left=2)
    assert starts(forecast([ending], MONDAY, 2 * HOUR, 3).steps) == [2, 1, 0]
    assert starts(forecast([twice], MONDAY, HOUR, 4).steps) == [2, 2, 0, 0]


def test_what_cannot_be_counted_is_listed_and_counted() -> None:
    rule = Course(schedule("0 9 * * * except at 2026-03-24T09:00"))
    assert starts(forecast([rule], MONDAY, DAY, 3).steps) == [1, 0, 1]


def test_what_cannot_be_foreseen_is_named_and_hinders_nobody() -> None:
    broken = Definition("broken", "any.task", "61 * * * *")
    told = forecast([Course(broken), Course(schedule("0 * * * *"))], MONDAY, HOUR, 1)
    assert list(told.unforeseen) == ["broken"]
    assert "61" in told.unforeseen["broken"]
    assert told.total.starts == 1


def test_schedules_that_h_spreads_are_counted_each_for_itself() -> None:
    courses = [Course(schedule("H * * * *", f"s{number}")) for number in range(40)]
    told = forecast(courses, MONDAY, 10 * MINUTE, 6)
    assert told.total.starts == 40
    assert len({tuple(starts(forecast([each], MONDAY, MINUTE, 60).steps)) for each in courses}) > 20


# ── closings ────────────────────────────────────────────────────────────────────────────────────────────────────────

KNOWN = Known({"night": "daily 22:00-06:00"})


@pytest.mark.parametrize(
    ("fields", "starts"),
    [
        ({"closed": "skip during night"}, {6: 1, 9: 1, 12: 1, 15: 1, 18: 1, 21: 1}),
        ({"closed": "wait during night"}, {6: 1, 9: 1, 12: 1, 15: 1, 18: 1, 21: 1}),
        ({"closed": "wait during night", "catch_up": "all"}, {6: 3, 9: 1, 12: 1, 15: 1, 18: 1, 21: 1}),
        ({"closed": "wait during night", "when": "30 */3 * * *"}, {6: 2, 9: 1, 12: 1, 15: 1, 18: 1, 21: 1}),
        (
            {"closed": "wait during night", "when": "30 */3 * * *", "catch_up": "none"},
            dict.fromkeys(range(6, 24, 3), 1),
        ),
        ({"closed": "run anyway during night"}, dict.fromkeys(range(0, 24, 3), 1)),
    ],
)
def test_what_falls_due_in_a_closing_starts_when_it_opens_or_never(
    fields: dict[str, object], starts: dict[int, int]
) -> None:
    """One day from 20:59:59 on, so that each step begins just before its hour."""
    definition = Definition.read({"name": "n", "task": "t", "when": "0 */3 * * *", **fields}, KNOWN)
    begins = datetime(2026, 5, 3, 20, 59, 59, tzinfo=UTC)
    told = forecast([Course(definition)], begins, timedelta(hours=1), 24)
    assert {(step + 21) % 24: load.starts for step, load in enumerate(told.steps) if load.starts} == starts
