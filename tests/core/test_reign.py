"""Reigns: which revision a moment belongs to (docs/concepts/edits.md)."""

from datetime import UTC, datetime, timedelta

import pytest

from klokker.core.definition import Definition, Revision
from klokker.core.moments import epoch_second
from klokker.core.reign import reigns

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
SWEEP = Definition(name="sweep", task="chores.sweep", when="@hourly")


def held(*minutes: float, after: int = -60, until: int = 60) -> list[tuple[int, int, int]]:
    """Who holds from `after` to `until` (minutes from noon) when revisions 1, 2, … hold from `minutes`."""
    revisions = [Revision(number, NOON + timedelta(minutes=minute), SWEEP) for number, minute in enumerate(minutes, 1)]
    noon = epoch_second(NOON)
    found = reigns(revisions[::-1], noon + after * 60, noon + until * 60)
    return [(reign.revision.number, (reign.after - noon) // 60, (reign.until - noon) // 60) for reign in found]


@pytest.mark.parametrize(
    ("minutes", "holders"),
    [
        ((-90,), [(1, -60, 60)]),
        ((-90, 0), [(1, -60, 0), (2, 0, 60)]),
        ((-90, -80, 30), [(2, -60, 30), (3, 30, 60)]),
        ((-90, 0, 0), [(1, -60, 0), (3, 0, 60)]),  # two edits at one moment: the later number holds
        ((-30,), [(1, -30, 60)]),  # nobody held before
        ((90,), []),
        ((-90, 40, 10), [(1, -60, 10), (3, 10, 60)]),  # a rewind: 2 never holds
        ((-90, 10, 40, 20), [(1, -60, 10), (2, 10, 20), (4, 20, 60)]),
    ],
)
def test_the_highest_number_that_holds_from_before_has_the_moment(
    minutes: tuple[float, ...], holders: list[tuple[int, int, int]]
) -> None:
    assert held(*minutes) == holders


def test_an_empty_stretch_belongs_to_nobody() -> None:
    assert held(-90, after=10, until=10) == []
