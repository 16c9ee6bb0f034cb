"""Catch-up: which missed occurrences are kept (docs/policies/catch-up.md)."""

from datetime import timedelta

import pytest

from klokker.core.catchup import CatchUp, CatchUpKind, Stretch
from klokker.core.errors import InvalidPolicy
from klokker.core.fields import Unfit
from klokker.core.lifecycle import DismissalReason
from klokker.core.timetables.text import timetable

HOURLY = timetable("0 * * * *")
HOUR = 3600
MISSED, SUPERSEDED = DismissalReason.MISSED, DismissalReason.SUPERSEDED


@pytest.mark.parametrize(
    ("text", "catch_up"),
    [
        ("latest", CatchUp()),
        ("all", CatchUp(CatchUpKind.ALL)),
        ("all 50", CatchUp(CatchUpKind.ALL, newest=50)),
        ("none", CatchUp(CatchUpKind.NONE)),
        ("within 2h", CatchUp(CatchUpKind.WITHIN, span=timedelta(hours=2))),
    ],
)
def test_a_catch_up_is_read_and_written(text: str, catch_up: CatchUp) -> None:
    assert CatchUp.read(text) == catch_up
    assert str(catch_up) == text


@pytest.mark.parametrize("text", ["", "newest", "all of them", "within", "none 3", None, 3, ["all"]])
def test_what_is_no_catch_up_is_refused_with_the_choices(text: object) -> None:
    with pytest.raises(Unfit, match="must be latest, all, all N, none or within SPAN"):
        CatchUp.read(text)


def test_all_faults_of_a_catch_up_are_named_at_once() -> None:
    with pytest.raises(InvalidPolicy) as refused:
        CatchUp(CatchUpKind.LATEST, newest=0, span=timedelta(hours=1))
    assert refused.value.faults == {
        "newest": "must be at least 1; to run none of them, write none, got 0",
        "span": "goes with within only, got 1:00:00",
    }


@pytest.mark.parametrize(
    ("text", "newer_kept", "newer_missed", "stretches"),
    [
        ("none", False, 0, [Stretch(0, 5 * HOUR, MISSED)]),
        ("latest", False, 0, [Stretch(5 * HOUR - 1, 5 * HOUR), Stretch(0, 5 * HOUR - 1, SUPERSEDED)]),
        ("latest", True, 0, [Stretch(0, 5 * HOUR, SUPERSEDED)]),
        ("all 2", False, 0, [Stretch(4 * HOUR - 1, 5 * HOUR), Stretch(0, 4 * HOUR - 1, MISSED)]),
        ("all 2", False, 1, [Stretch(5 * HOUR - 1, 5 * HOUR), Stretch(0, 5 * HOUR - 1, MISSED)]),
        ("all 2", True, 2, [Stretch(0, 5 * HOUR, MISSED)]),
        (
            "within 2h",
            True,
            0,
            [Stretch(3 * HOUR - 1, 5 * HOUR, SUPERSEDED), Stretch(0, 3 * HOUR - 1, MISSED)],
        ),
    ],
)
def test_missed_occurrences_are_kept_or_dismissed(
    text: str, newer_kept: bool, newer_missed: int, stretches: list[Stretch]
) -> None:
    judged = CatchUp.read(text).stretches(
        HOURLY, 0, 5 * HOUR, oldest=3 * HOUR, newer_kept=newer_kept, newer_missed=newer_missed
    )
    assert [stretch for stretch in judged if stretch.after < stretch.until] == stretches
