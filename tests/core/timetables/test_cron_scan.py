"""Cron against looking at every minute, where clocks change and elsewhere (docs/timetables/clock-changes.md)."""

from bisect import bisect_right
from datetime import datetime, timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from klokker import timetable
from klokker.core.errors import InvalidTimetable
from tests.core.timetables.scan import Fields, occurrences
from tests.core.timetables.strategies import HARD_DAYS, HARD_WEEKS, fields, folds, gaps


@given(
    fields(), st.sampled_from(HARD_WEEKS), gaps, folds, st.lists(st.integers(0, 5 * 86_400 - 1), min_size=5, max_size=5)
)
def test_the_engine_finds_what_looking_at_every_minute_finds(
    drawn: Fields, week: tuple[str, datetime], gap: str | None, fold: str | None, seconds: list[int]
) -> None:
    zone, start = week
    try:
        rule = timetable(drawn.text, zone=zone, gap=gap, fold=fold)
    except InvalidTimetable as refused:
        assume("no month" not in refused.expected)
        raise
    end = start + HARD_DAYS
    seen = list(occurrences(drawn, zone, start, end, gap, fold))
    before, last = start - timedelta(seconds=1), end - timedelta(seconds=1)
    assert list(rule.between(before, last)) == seen
    assert rule.count(before, last) == len(seen)
    for moment in (start + timedelta(seconds=second) for second in seconds):
        place = bisect_right(seen, moment)
        assert rule.count(moment, last) == len(seen) - place
        if place < len(seen):
            assert rule.after(moment) == seen[place]
        if place:
            assert rule.at_or_before(moment) == seen[place - 1]
