"""What every timetable keeps to, whatever its kind (docs/timetables/README.md)."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from inspect import isabstract
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klokker import timetable
from klokker.core.errors import InvalidMoment, TooSparse
from klokker.core.timetables.budget import Searching
from klokker.core.timetables.completion import AfterCompletion
from klokker.core.timetables.contract import Timetable
from klokker.core.timetables.nth import ordinal
from tests.core.timetables.strategies import (
    KINDS,
    Mask,
    Reader,
    all_texts,
    completion_texts,
    masks,
    moments,
    readers,
)

SECOND = timedelta(seconds=1)
FAR = timedelta(days=4000)
_of_each_kind = pytest.mark.parametrize("kind", KINDS)
_some = settings(max_examples=settings().max_examples // 3)


@contextmanager
def unless_too_sparse() -> Iterator[None]:
    """What is combined at random may hardly ever match; then the answer is an error, and not part of what is tested."""
    with suppress(TooSparse):
        yield


def lists(rule: Timetable, after: datetime, until: datetime, expected: list[datetime]) -> bool:
    """Whether a window has just these moments; where the search for one more is given up, those before it."""
    found: list[datetime] = []
    try:
        found.extend(rule.between(after, until))
    except TooSparse:
        return found == expected[: len(found)]
    return found == expected


def test_a_kind_is_what_its_texts_are_read_as() -> None:
    def kinds(of: type[object]) -> Iterator[type[object]]:
        for each in of.__subclasses__():
            yield from (each, *kinds(each))

    abstract: type[object] = Timetable
    ours = {kind for kind in kinds(abstract) if kind.__module__.startswith("klokker.core.timetables.")}
    assert {kind for kind in ours if not isabstract(kind)} - {of for of, _ in KINDS.values()} == {AfterCompletion}


@_of_each_kind
@_some
@given(st.data(), readers, moments)
@unless_too_sparse()
def test_forward_and_backward_agree_from_any_moment(
    kind: str, data: st.DataObject, read: Reader, moment: datetime
) -> None:
    is_a, written = KINDS[kind]
    rule = read(data.draw(written))
    assert isinstance(rule, is_a)
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


@_of_each_kind
@_some
@given(st.data(), readers, moments, st.integers(0, 40))
@unless_too_sparse()
def test_between_lists_what_after_finds_whole_seconds_in_utc_that_strictly_increase(
    kind: str, data: st.DataObject, read: Reader, moment: datetime, length: int
) -> None:
    rule = read(data.draw(KINDS[kind][1]))
    walked: list[datetime] = []
    place = moment
    while len(walked) < length and (following := rule.after(place)) is not None:
        walked.append(following)
        place = following
    assert list(rule.between(moment, place)) == walked
    assert all(before < after for before, after in pairwise(walked))
    assert all(one.tzinfo is UTC and one.microsecond == 0 for one in walked)
    # What searches may be unable to count; whatever is counted is counted right.
    assert rule.count(moment, place) == len(walked) or (
        isinstance(rule, Searching) and rule.count(moment, place) is None
    )
    # And backward the same moments, in the other order.
    back: list[datetime] = []
    while len(back) < len(walked) and (last := rule.at_or_before(place)) is not None:
        back.append(last)
        place = last - SECOND
    assert back[::-1] == walked


@_of_each_kind
@_some
@given(st.data(), readers, st.lists(moments, min_size=3, max_size=3))
def test_counts_of_windows_that_adjoin_add_up(
    kind: str, data: st.DataObject, read: Reader, places: list[datetime]
) -> None:
    rule = read(data.draw(KINDS[kind][1]))
    first, middle, last = sorted(places)
    counts = rule.count(first, middle), rule.count(middle, last), rule.count(first, last)
    if None in counts:
        assert isinstance(rule, Searching)
    else:
        assert (counts[0] or 0) + (counts[1] or 0) == counts[2]


@_some
@given(all_texts, readers, moments)
@unless_too_sparse()
def test_a_moment_in_another_zone_is_the_same_moment(text: str, read: Reader, moment: datetime) -> None:
    rule, elsewhere = read(text), moment.astimezone(ZoneInfo("Asia/Kathmandu"))
    assert rule.after(elsewhere) == rule.after(moment)
    assert rule.at_or_before(elsewhere) == rule.at_or_before(moment)


@pytest.mark.parametrize("kind", [*KINDS, "completion"])
@_some
@given(st.data(), readers)
def test_a_timetable_writes_a_text_that_reads_to_its_equal(kind: str, data: st.DataObject, read: Reader) -> None:
    rule = read(data.draw(completion_texts if kind == "completion" else KINDS[kind][1]))
    again = read(str(rule))
    assert again == rule
    assert hash(again) == hash(rule)
    assert str(again) == str(rule)


@given(all_texts, all_texts, readers, moments)
@unless_too_sparse()
def test_a_union_is_the_union_of_the_moments_of_its_members(
    one: str, other: str, read: Reader, moment: datetime
) -> None:
    of_one, of_other, both = read(one), read(other), read(f"({one}) | ({other})")
    first, second = (list(islice(rule.between(moment, moment + FAR), 40)) for rule in (of_one, of_other))
    # Where the list of a member breaks off, that of the union is no longer known.
    until = min([moment + FAR, *(listed[-1] for listed in (first, second) if len(listed) == 40)])
    expected = sorted({each for each in (*first, *second) if each <= until})
    assert lists(both, moment, until, expected)
    for before, after in pairwise(expected):
        assert both.at_or_before(after - SECOND) == before


@_some
@given(all_texts, masks, readers, moments)
@unless_too_sparse()
def test_only_keeps_what_its_mask_has_and_except_the_rest(
    text: str, mask: Mask, read: Reader, moment: datetime
) -> None:
    whole, kept, left = (read(each) for each in (text, f"({text}) only {mask.text}", f"({text}) except {mask.text}"))
    listed = list(islice(whole.between(moment, moment + FAR), 60))
    until = listed[-1] if listed else moment
    zone = ZoneInfo(read.zone)
    has = {each: mask.has(each.astimezone(zone), read) for each in listed}
    assert lists(kept, moment, until, [each for each in listed if has[each]])
    assert lists(left, moment, until, [each for each in listed if not has[each]])
    for each in listed:
        rule = kept if has[each] else left
        assert rule.at_or_before(each) == each


@given(all_texts, st.integers(1, 7), readers, moments)
@unless_too_sparse()
def test_every_nth_is_each_nth_of_what_is_listed_from_its_start(
    text: str, number: int, read: Reader, moment: datetime
) -> None:
    start = moment.replace(microsecond=0)
    whole = read(text)
    rule = read(f"every {ordinal(number)} of ({text}) from {start:%Y-%m-%dT%H:%M:%SZ}")
    listed = list(islice(whole.between(start - SECOND, start + FAR), 60))
    until = listed[-1] if listed else start
    expected = listed[number - 1 :: number]
    assert lists(rule, start - SECOND, until, expected)
    for before, after in pairwise([None, *expected]):
        assert after is not None
        assert rule.at_or_before(after) == after
        assert rule.at_or_before(after - SECOND) == before


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
