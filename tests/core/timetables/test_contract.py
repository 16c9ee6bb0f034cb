"""What every timetable keeps to, whatever its kind (docs/timetables/README.md)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, reject
from hypothesis import strategies as st

from klokker import timetable
from klokker.core.errors import InvalidMoment, InvalidTimetable, TooSparse
from klokker.core.timetables.budget import Combined
from klokker.core.timetables.contract import Timetable
from tests.core.timetables.strategies import ZONES, combined_texts, folds, gaps, moments, texts

SECOND = timedelta(seconds=1)


@st.composite
def timetables(draw: st.DrawFn, of: st.SearchStrategy[str] = texts) -> Timetable:
    try:
        return timetable(
            draw(of),
            zone=draw(st.sampled_from(ZONES)),
            gap=draw(gaps),
            fold=draw(folds),
            key=draw(st.sampled_from("ab")),
        )
    except InvalidTimetable as refused:
        # Drawn at random, some name a day that no month has, or lie in a gap that is skipped.
        assume("no month" not in refused.expected and "skip" not in refused.expected)
        raise


combined = timetables(combined_texts)
any_timetable = st.one_of(timetables(), combined)


@contextmanager
def unless_too_sparse() -> Iterator[None]:
    """What is combined at random may hardly ever match; then the answer is an error, and not part of what is tested."""
    try:
        yield
    except TooSparse:
        reject()


@given(any_timetable, moments)
@unless_too_sparse()
def test_forward_and_backward_agree_from_any_moment(rule: Timetable, moment: datetime) -> None:
    following = rule.after(moment)
    if following is not None:
        assert following > moment
        assert rule.at_or_before(following) == following
        assert rule.at_or_before(following - SECOND) == rule.at_or_before(moment)
    last = rule.at_or_before(moment)
    if last is not None:
        assert last <= moment
        assert rule.after(last) == following
        assert rule.after(last - SECOND) == last


@given(any_timetable, moments)
@unless_too_sparse()
def test_occurrences_are_whole_seconds_in_utc_and_strictly_increase(rule: Timetable, moment: datetime) -> None:
    found = list(islice(rule.between(moment, moment + timedelta(days=4000)), 50))
    assert all(before < after for before, after in pairwise(found))
    assert all(one.tzinfo is UTC and one.microsecond == 0 for one in found)


@given(any_timetable, moments, st.integers(0, 40))
@unless_too_sparse()
def test_between_lists_what_after_finds_and_count_counts_it(rule: Timetable, moment: datetime, length: int) -> None:
    walked: list[datetime] = []
    place = moment
    while len(walked) < length and (following := rule.after(place)) is not None:
        walked.append(following)
        place = following
    assert list(rule.between(moment, place)) == walked
    assert rule.count(moment, place) == len(walked) or (
        isinstance(rule, Combined) and rule.count(moment, place) is None
    )


@given(timetables(), st.lists(moments, min_size=3, max_size=3))
def test_counts_of_windows_that_adjoin_add_up(rule: Timetable, places: list[datetime]) -> None:
    first, middle, last = sorted(places)
    counts = rule.count(first, middle), rule.count(middle, last), rule.count(first, last)
    assert None not in counts
    assert (counts[0] or 0) + (counts[1] or 0) == counts[2]


@given(timetables(), moments)
def test_a_moment_in_another_zone_is_the_same_moment(rule: Timetable, moment: datetime) -> None:
    elsewhere = moment.astimezone(ZoneInfo("Asia/Kathmandu"))
    assert rule.after(elsewhere) == rule.after(moment)
    assert rule.at_or_before(elsewhere) == rule.at_or_before(moment)


@given(st.one_of(texts, combined_texts), st.sampled_from(ZONES), gaps, folds)
def test_a_timetable_writes_a_text_that_reads_to_its_equal(
    text: str, zone: str, gap: str | None, fold: str | None
) -> None:
    try:
        rule = timetable(text, zone=zone, gap=gap, fold=fold, key="k")
    except InvalidTimetable as refused:
        assume("no month" not in refused.expected and "skip" not in refused.expected)
        raise
    again = timetable(str(rule), zone=zone, gap=gap, fold=fold, key="k")
    assert again == rule
    assert hash(again) == hash(rule)
    assert str(again) == str(rule)


NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001
RULES = ["*/5 * * * *", "every 10 minutes", "at 2026-12-24T18:00", "10 minutes after completion"]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("question", ["after", "at_or_before"])
@pytest.mark.parametrize("value", [None, b"2026-01-01", "2026-01-01", 0, date(2026, 1, 1), NAIVE])
def test_what_is_no_moment_is_refused_by_one_kind_of_error(rule: str, question: str, value: object) -> None:
    with pytest.raises(InvalidMoment) as refused:
        getattr(timetable(rule), question)(value)
    assert refused.value.value is value


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("question", ["between", "count"])
def test_a_window_of_naive_moments_is_refused_at_once(rule: str, question: str) -> None:
    with pytest.raises(InvalidMoment):
        getattr(timetable(rule), question)(NAIVE, NAIVE)


def test_a_listing_finds_each_occurrence_when_it_is_asked_for() -> None:
    listing = timetable("* * * * * *").between(datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))
    assert next(listing) == datetime(1, 1, 2, 0, 0, 1, tzinfo=UTC)


def test_a_window_is_open_at_its_start_and_closed_at_its_end() -> None:
    rule, midnight = timetable("@daily"), datetime(2026, 1, 1, tzinfo=UTC)
    assert list(rule.between(midnight, midnight + timedelta(days=1))) == [midnight + timedelta(days=1)]
    assert rule.count(midnight, midnight + timedelta(days=1)) == 1


def test_an_empty_window_holds_nothing() -> None:
    rule, midnight = timetable("@daily"), datetime(2026, 1, 1, tzinfo=UTC)
    for until in (midnight, midnight - timedelta(days=3)):
        assert list(rule.between(midnight, until)) == []
        assert rule.count(midnight, until) == 0


def test_parts_of_a_second_do_not_move_an_occurrence() -> None:
    rule, noon = timetable("0 12 * * *"), datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert rule.after(noon - timedelta(microseconds=1)) == noon
    assert rule.after(noon + timedelta(microseconds=1)) == noon + timedelta(days=1)
    assert rule.at_or_before(noon - timedelta(microseconds=1)) == noon - timedelta(days=1)
    assert rule.at_or_before(noon + timedelta(microseconds=1)) == noon


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Amsterdam"])
@pytest.mark.parametrize("rule", ["* * * * * *", "0 0 1 1 *", "0 0 L * 5L", "every 7 hours", "every week"])
def test_at_the_calendar_s_ends_there_is_nothing_further(rule: str, zone: str) -> None:
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    asked = timetable(rule, zone=zone)
    assert asked.after(last) is None
    latest = asked.at_or_before(last)
    assert latest is not None
    assert latest.year >= 9998
    assert asked.after(latest) is None
    earliest = asked.after(first)
    assert earliest is not None
    assert earliest.year <= 2
    assert asked.at_or_before(earliest - timedelta(microseconds=1)) in (None, first)
