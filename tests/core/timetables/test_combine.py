"""Combining timetables: union, except, only, every Nth (docs/timetables/combine.md)."""

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from klokker import timetable
from klokker.core.errors import InvalidTimetable, TooSparse
from klokker.core.timetables.contract import Timetable
from klokker.core.timetables.masked import Masked
from klokker.core.timetables.nth import Nth, ordinal
from klokker.core.timetables.union import Union
from tests.core.timetables.scan import Fields, occurrences
from tests.core.timetables.strategies import HARD_DAYS, HARD_WEEKS, fields

YEAR = datetime(2026, 1, 1, tzinfo=UTC)
NEXT_YEAR = datetime(2027, 1, 1, tzinfo=UTC)


def days(text: str, zone: str = "UTC", until: datetime = NEXT_YEAR) -> list[str]:
    found = timetable(text, zone=zone).between(YEAR - timedelta(seconds=1), until)
    return [one.astimezone(ZoneInfo(zone)).strftime("%m-%d %H:%M") for one in islice(found, 6)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("0 9 * * 1 | 0 10 * * 2", ["01-05 09:00", "01-06 10:00", "01-12 09:00"]),
        ("0 9 * * 1 | 0 9 5 * *", ["01-05 09:00", "01-12 09:00"]),  # both on 5 January: one moment
        ("0 9 * * * except * * 2-30 * *", ["01-01 09:00", "01-31 09:00"]),
        ("0 9 * * * only * * * * 1", ["01-05 09:00", "01-12 09:00"]),
        ("0 9 * * * only * * * * 1-5 except * * 1-6 * *", ["01-07 09:00", "01-08 09:00", "01-09 09:00", "01-12 09:00"]),
        ("0 9 * * 1 | 0 9 * * 3 except * * 7 * *", ["01-05 09:00", "01-12 09:00"]),  # except binds before |
        ("(0 9 * * 1 | 0 9 * * 3) except * * 5 * *", ["01-07 09:00", "01-12 09:00"]),
        ("0 9 * * * except (* * 1-10 * * | * * 12-30 * *)", ["01-11 09:00", "01-31 09:00"]),
        ("0 9 * * * except (* * 1-20 * * except * * 7 * *)", ["01-07 09:00", "01-21 09:00"]),
        ("0 * * * * only at 2026-01-02T03:00, 2026-01-02T03:30", ["01-02 03:00"]),
        ("every 6 hours except every 12 hours", ["01-01 06:00", "01-01 18:00", "01-02 06:00"]),
        ("every 2nd of (0 9 * * 1) from 2026-01-05", ["01-12 09:00", "01-26 09:00"]),
        ("every 1ST Of(0 9 * * 1)FROM 2026-01-06", ["01-12 09:00", "01-19 09:00"]),
        ("every 3rd of (0 9 * * 1 | 0 9 * * 4) from 2026-01-05T10:00", ["01-15 09:00", "01-26 09:00", "02-05 09:00"]),
        ("every 2nd of (every 2nd of (0 0 * * *) from 2026-01-01) from 2026-01-01", ["01-04 00:00", "01-08 00:00"]),
        ("H(9-9) H(3) * * * | @monthly", None),
    ],
)
def test_texts_go_together(text: str, found: list[str] | None) -> None:
    if found is None:
        with pytest.raises(InvalidTimetable):
            timetable(text)
    else:
        assert days(text)[: len(found)] == found


def test_a_mask_of_five_fields_covers_the_whole_minute_and_one_of_six_the_second() -> None:
    seconds = "*/20 * * * * *"
    assert timetable(f"{seconds} only 30 12 * * *").count(YEAR, YEAR + timedelta(days=1)) == 3
    assert timetable(f"{seconds} only 20 30 12 * * *").count(YEAR, YEAR + timedelta(days=1)) == 1
    assert timetable(f"{seconds} only @daily").count(YEAR, YEAR + timedelta(days=1)) == 3


def test_a_mask_of_another_kind_covers_the_very_second() -> None:
    assert timetable("*/20 * * * * * only at 2026-01-01T12:30").count(YEAR, NEXT_YEAR) == 1


def test_a_mask_is_read_on_the_wall_where_the_moment_is_and_not_where_it_was_meant() -> None:
    """At half past two the clocks of Amsterdam skip an hour: the moment comes at three, and the mask sees three."""
    assert "03-29 03:00" in [
        one.astimezone(ZoneInfo("Europe/Amsterdam")).strftime("%m-%d %H:%M")
        for one in timetable("30 2 * * * only * 3 * * *", zone="Europe/Amsterdam").between(YEAR, NEXT_YEAR)
    ]
    with pytest.raises(TooSparse):
        timetable("0 2 * * * except * 2 * * *", zone="UTC").after(YEAR)


def test_a_mask_covers_both_passes_of_a_repeated_hour() -> None:
    night = datetime(2026, 10, 24, 22, tzinfo=UTC)
    every_half_hour = timetable("*/30 * * * * except * 2 * * *", zone="Europe/Amsterdam")
    assert [one.hour for one in every_half_hour.between(night, night + timedelta(hours=5))] == [22, 23, 23, 2, 2, 3]


@settings(max_examples=40)
@given(
    st.lists(fields(), min_size=2, max_size=4),
    st.lists(st.sampled_from(["|", "except", "only"]), min_size=3, max_size=3),
    st.booleans(),
    st.sampled_from(HARD_WEEKS),
    st.lists(st.integers(0, 5 * 86_400 - 1), min_size=5, max_size=5),
)
def test_what_is_combined_is_what_looking_at_every_minute_finds(
    drawn: list[Fields], words: list[str], grouped: bool, week: tuple[str, datetime], seconds: list[int]
) -> None:
    zone, start = week
    end, info = start + HARD_DAYS, ZoneInfo(zone)
    seen: list[set[datetime]] = [set()]
    text = ""
    for one, word in zip(drawn, ["", *words], strict=False):
        if word in ("except", "only"):
            fits = {moment for moment in seen[-1] if one.match(moment.astimezone(info)) is (word == "only")}
            seen[-1] = fits
            if grouped:
                seen = [{m for m in set().union(*seen) if one.match(m.astimezone(info)) is (word == "only")}]
                text = f"({text})"
        else:
            seen.append(set(occurrences(one, zone, start, end)))
        text = f"{text} {word} {one.text}" if word else one.text
    try:
        rule = timetable(text, zone=zone)
    except InvalidTimetable as refused:
        assume("no month" not in refused.expected)
        raise
    expected = sorted(set().union(*seen))
    before, last = start - timedelta(seconds=1), end - timedelta(seconds=1)
    try:
        assert list(rule.between(before, last)) == expected
    except TooSparse:
        assert not expected
        return
    assert rule.count(before, last) in (len(expected), None)
    for moment in (start + timedelta(seconds=second) for second in seconds):
        place = bisect_right(expected, moment)
        if place < len(expected):
            assert rule.after(moment) == expected[place]
        if place:
            assert rule.at_or_before(moment) == expected[place - 1]


@given(fields(), st.integers(1, 7), st.sampled_from(HARD_WEEKS), st.integers(0, 4 * 86_400), st.booleans())
def test_every_nth_is_each_nth_of_what_is_listed_from_its_start_on(
    drawn: Fields, number: int, week: tuple[str, datetime], into: int, countable: bool
) -> None:
    zone, start = week
    begins = start + timedelta(seconds=into)
    # A union of very many counts for itself only while it is small: either way of numbering is seen.
    inner = drawn.text if countable else f"{drawn.text} | * * * * * only {drawn.text}"
    try:
        plain = timetable(inner, zone=zone)
        rule = timetable(f"every {ordinal(number)} of ({inner}) from {begins:%Y-%m-%dT%H:%M:%SZ}", zone=zone)
    except InvalidTimetable as refused:
        assume("no month" not in refused.expected)
        raise
    listed = list(islice(plain.between(begins - timedelta(seconds=1), begins + timedelta(days=2000)), 60))
    expected = listed[number - 1 :: number]
    assert (
        list(islice(rule.between(start - timedelta(days=9), begins + timedelta(days=2000)), len(expected))) == expected
    )
    for before, moment in zip([None, *expected], expected, strict=False):
        assert rule.at_or_before(moment) == moment
        assert rule.at_or_before(moment - timedelta(seconds=1)) == before
    if expected:
        assert rule.count(start - timedelta(days=9), expected[-1]) == len(expected)


@pytest.mark.parametrize("number", [7, 1_500, 999_999])
@pytest.mark.parametrize("of", ["*/5 * * * *", "*/5 * * * * | 1 1 1 1 *"])
def test_a_far_match_is_found_and_found_again_from_behind(number: int, of: str) -> None:
    rule = timetable(f"every {ordinal(number)} of ({of}) from 2026-01-01")
    first = rule.after(YEAR)
    assert first is not None
    assert timetable(of).count(YEAR - timedelta(seconds=1), first) == number
    assert rule.at_or_before(first + timedelta(minutes=5)) == first
    assert rule.at_or_before(first - timedelta(seconds=1)) is None


def test_nothing_counts_before_the_start_of_every_nth() -> None:
    rule = timetable("every 1st of (@daily) from 2026-01-01")
    assert rule.at_or_before(YEAR - timedelta(seconds=1)) is None
    assert rule.after(YEAR - timedelta(days=900)) == YEAR


def test_a_union_of_a_thousand_answers_as_its_members_do_in_any_order_of_questions() -> None:
    texts = [f"{n % 60} {n // 60} * * {n % 7}" for n in range(1000)]
    whole, members = timetable(" | ".join(texts)), [timetable(text) for text in texts]
    asked = [YEAR + timedelta(hours=hours) for hours in (0, 7, 3, 200, 199, 5000)]
    for moment in asked:
        assert whole.after(moment) == min(one for member in members if (one := member.after(moment)))
        assert whole.at_or_before(moment) == max(one for member in members if (one := member.at_or_before(moment)))


def test_a_long_union_is_walked_without_asking_every_member_each_time() -> None:
    asked = 0

    members = [timetable(f"{n % 60} {n // 60} * * *") for n in range(1000)]

    class Asked(Timetable):
        def __init__(self, of: Timetable) -> None:
            self.of = of

        def second_after(self, second: int) -> int | None:
            nonlocal asked
            asked += 1
            return self.of.second_after(second)

        def second_at_or_before(self, second: int) -> int | None:
            return self.of.second_at_or_before(second)

    union = Union([Asked(member) for member in members])
    assert len(list(union.between(YEAR, YEAR + timedelta(days=2)))) == 2000
    assert asked <= 3100  # a thousand to begin with, then one for each moment


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("*/5 * * * * | 0 9 * * *", 105_120),
        ("*/5 * * * * | 1 9 * * *", 105_120 + 365),
        ("@daily | at 2026-03-01T12:00", 366),
        ("@daily | @daily", 365),
        ("@daily only (* * 1 * * | * * 2 * *)", 24),
        ("*/5 * * * * only * 9-16 * * 1-5", 261 * 96),
        ("0 0 * * * except every 2 days from 2026-01-01", 182),
        ("every 100th of (*/5 * * * *) from 2026-01-01", 1_051),
        ("*/5 * * * * except */7 * * * *", None),  # more stretches than are worth it
        ("*/5 * * * * | 1-59/5 * * * *", None),
    ],
)
def test_a_year_is_counted_without_being_listed_where_that_takes_few_steps(text: str, counts: int | None) -> None:
    assert timetable(text).count(YEAR - timedelta(seconds=1), NEXT_YEAR - timedelta(seconds=1)) == counts


@pytest.mark.parametrize(
    "text",
    [
        "* * * * * * only 0 0 29 2 *",
        "* * * * * only at 2050-01-01",
        "* * * * * * except (* * * 1-11 * * | * 0-22 * * *)",
        "*/5 * * * * only (* * 1 1 * only * 3 * * 1)",
        "every second only every 2nd of (@yearly) from 2001-01-01",
    ],
)
def test_masks_are_passed_by_the_stretch(text: str) -> None:
    asked = timetable(text)
    first = asked.after(YEAR)
    assert first is not None
    assert asked.at_or_before(first + timedelta(seconds=30)) is not None


@pytest.mark.parametrize(
    "text", ["0 9 * * * only 0 10 * * *", "every 2nd of (0 9 * * * only 0 10 * * *) from 2026-01-01"]
)
def test_a_search_without_end_is_given_up(text: str) -> None:
    rule = timetable(text)
    for ask in (rule.after, rule.at_or_before):
        with pytest.raises(TooSparse, match="steps"):
            ask(NEXT_YEAR)


def test_nesting_does_not_multiply_the_search() -> None:
    text = "0 9 * * *"
    for _ in range(15):
        text = f"({text} except 0 9 1-30 * *) | ({text} only 0 10 * * *)"
        if len(text) > 9_000:
            break
    with pytest.raises(TooSparse):
        timetable(f"({text}) only 0 11 * * *").after(YEAR)


def test_what_is_told_off_one_by_one_ends_with_an_error_that_says_what_to_do() -> None:
    rule = timetable("every 2nd of (* * * * * | 0-59 * * * * | 1-59 * * * *) from 2026-01-01")
    with pytest.raises(TooSparse, match="later start"):
        rule.after(NEXT_YEAR)
    assert rule.after(YEAR) == YEAR + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("(0 9 * * 1)", "0 9 * * 1"),
        ("0 9 * * 1|0 9  * * 2", "0 9 * * 1 | 0 9 * * 2"),
        ("((0 9 * * 1) | (0 9 * * 2)) | @daily", "0 9 * * 1 | 0 9 * * 2 | @daily"),
        ("(0 9 * * 1 | 0 9 * * 2)EXCEPT(* * 1 * *)", "(0 9 * * 1 | 0 9 * * 2) except * * 1 * *"),
        ("(0 9 * * 1 only * * 2 * *) except * * 1 * *", "0 9 * * 1 only * * 2 * * except * * 1 * *"),
        ("@daily only (@monthly | @yearly)", "@daily only (@monthly | @yearly)"),
        ("@daily only (@monthly except @yearly)", "@daily only (@monthly except @yearly)"),
        ("Every 02nd OF (@daily) From 2026-01-01 00:00", "every 2nd of (@daily) from 2026-01-01T00:00"),
        ("every 11TH of (@daily | @weekly) from 2026-01-01", "every 11th of (@daily | @weekly) from 2026-01-01"),
    ],
)
def test_the_text_is_written_in_one_form(text: str, written: str) -> None:
    assert str(timetable(text)) == written
    assert timetable(written) == timetable(text)


def test_the_order_of_what_may_change_places_does_not_matter() -> None:
    assert timetable("@daily | @weekly") == timetable("@weekly | @daily")
    assert timetable("@daily except @weekly only @monthly") == timetable("@daily only @monthly except @weekly")
    assert timetable("@daily except @weekly") != timetable("@weekly except @daily")
    assert {type(timetable(text)) for text in ("@daily | @weekly", "@daily only @weekly")} == {Union, Masked}
    assert type(timetable("every 2nd of (@daily) from 2026-01-01")) is Nth


def test_parentheses_go_to_a_depth_of_32() -> None:
    assert timetable("(" * 32 + "@daily" + ")" * 32) == timetable("@daily")
    with pytest.raises(InvalidTimetable, match="32") as refused:
        timetable("(" * 33 + "@daily" + ")" * 33)
    assert refused.value.position == 32


@pytest.mark.parametrize(
    ("text", "field", "value", "position", "expected"),
    [
        ("0 9 * * 1 |", "text", "", 11, "missing"),
        ("| 0 9 * * 1", "text", "", 0, "missing"),
        ("0 9 * * 1 except", "text", "", 16, "missing"),
        ("only 0 9 * * 1", "text", "", 0, "missing"),
        ("()", "text", "", 1, "missing"),
        ("(0 9 * * 1", "text", "(", 0, "nothing closes"),
        ("@daily | (0 9 * * 1", "text", "(", 9, "nothing closes"),
        ("(0 9 * * 1))", "text", ")", 11, "nothing opens"),
        ("(0 9 * * 1) 0 9 * * 2", "text", "0", 12, "between two"),
        ("0 9 * * 1 | 0 25 * * 1", "hour", "25", 14, "0 to 23"),
        ("0 9 * * 1 except (@daily | tomorrow)", "text", "tomorrow", 27, "no known form"),
        ("0 9 * * 1 only at 2026-13-01", "moment", "2026-13-01", 18, "no such moment"),
        ("0 9 * * 1 | every 5 fortnights", "period", "fortnights", 20, "weeks"),
        ("0 9 * * 1 | 10 minutes after completion", "text", "10 minutes after completion", 12, "alone"),
        ("0 9 * * 1 except 10 minutes after completion", "text", "10 minutes after completion", 17, "alone"),
        ("every second of (@daily) from 2026-01-01", "number", "second", 6, "2nd"),
        ("every 0th of (@daily) from 2026-01-01", "number", "0th", 6, "2nd"),
        ("every 9999999th of (@daily) from 2026-01-01", "number", "9999999th", 6, "at most"),
        ("every 2nd of @daily from 2026-01-01", "text", "", 13, "parentheses"),
        ("every 2nd of (@daily)", "start", "", 21, "from"),
        ("every 2nd of (@daily) since 2026-01-01", "start", "since", 22, "from"),
        ("every 2nd of (@daily) from", "start", "", 26, "2026-12-24"),
        ("every 2nd of (@daily) from soon | @daily", "start", "soon", 27, "2026-12-24"),
    ],
)
def test_what_cannot_be_read_names_field_value_place_and_remedy(
    text: str, field: str, value: str, position: int, expected: str
) -> None:
    with pytest.raises(InvalidTimetable) as refused:
        timetable(text)
    error = refused.value
    assert (error.field, error.value, error.position) == (field, value, position)
    assert error.text == text
    assert expected in error.expected


def test_at_most_fifteen_hundred_go_together() -> None:
    rule = timetable(" | ".join(f"{number % 60} {number // 60 % 24} * * *" for number in range(1500)))
    assert isinstance(rule, Union)
    for one in ("0 9 * * *", "RRULE:FREQ=DAILY", "sunset at 1,1"):
        with pytest.raises(InvalidTimetable, match="at most 1,500 timetables") as refused:
            timetable(" | ".join([one] * 1501))
        assert refused.value.position == 1500 * len(f"{one} | ")
