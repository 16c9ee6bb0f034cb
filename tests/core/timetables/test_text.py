"""Text: which timetable a text means, and what becomes of one that means none (docs/timetables/README.md)."""

import string
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klokker import timetable
from klokker.core.errors import InvalidTimetable, TooSparse
from klokker.core.timetables.completion import AfterCompletion
from klokker.core.timetables.contract import Timetable
from klokker.core.timetables.cron import Cron
from klokker.core.timetables.every import Every
from klokker.core.timetables.once import Once
from klokker.core.timetables.recurrence import Recurrence
from klokker.core.timetables.recurrence_rule import FREQUENCIES
from klokker.core.timetables.sun import Sun
from tests.core.timetables.effort import ANSWERED, READ, calls_in
from tests.core.timetables.strategies import PLACES, ZONES, all_texts, completion_texts, moments


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("*/5 * * * *", Cron),
        ("0 30 2 * * *", Cron),
        ("@daily", Cron),
        ("H H * * *", Cron),
        ("every 10 minutes", Every),
        ("EVERY Day From 2026-01-01", Every),
        ("at 2026-12-24T18:00", Once),
        ("AT 2026-12-24", Once),
        ("10 minutes after completion", AfterCompletion),
        ("1 Day After Completion", AfterCompletion),
        ("RRULE:FREQ=MONTHLY", Recurrence),
        ("30 minutes before Civil Dawn AT 52.37, 4.90", Sun),
    ],
)
def test_a_text_means_a_kind(text: str, kind: type[Timetable]) -> None:
    assert type(timetable(text, key="k")) is kind


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "tomorrow",
        "midnight at home",
        "(tomorrow)",
    ],
)
def test_an_unknown_form_is_answered_with_the_known_ones(text: str) -> None:
    with pytest.raises(InvalidTimetable) as refused:
        timetable(text)
    for known in ("cron", "every 10 minutes", "at 2026-12-24T18:00", "after completion"):
        assert known in str(refused.value)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"text": None}, "text"),
        ({"text": b"* * * * *"}, "text"),
        ({"text": 5}, "text"),
        ({"zone": None}, "zone"),
        ({"zone": UTC}, "zone"),
        ({"zone": "Nowhere/Atlantis"}, "zone"),
        ({"key": None}, "key"),
        ({"gap": "jump"}, "gap"),
        ({"gap": ["shift"]}, "gap"),
        ({"fold": "third"}, "fold"),
        ({"gap": "skip", "fold": 1}, "fold"),
    ],
)
@pytest.mark.parametrize("text", ["* * * * *", "every minute", "at 2026-01-01", "1 day after completion"])
def test_what_stands_beside_a_text_is_checked_for_every_kind(text: str, given: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidTimetable) as refused:
        timetable(**{"text": text, **given})  # type: ignore[arg-type]
    assert refused.value.field == field
    assert refused.value.value == given[field]


def test_a_text_of_a_kind_of_str_is_read_as_its_plain_text() -> None:
    class Shouting(str):
        def split(self, *_: object) -> list[str]:
            return ["nothing", "of", "mine"]

    assert timetable(Shouting("@daily"), zone=Shouting("UTC")) == timetable("@daily")


def test_a_text_over_64_kib_is_refused_unread() -> None:
    assert timetable("* * * * *" + " " * (64 * 1024 - 9)) == timetable("* * * * *")
    longer = "* * * * *" + " " * (64 * 1024 - 8)
    with pytest.raises(InvalidTimetable, match="65536"):
        timetable(longer)
    assert calls_in(lambda: read_or_refused(longer)) < 40


LONG = 64 * 1024


@pytest.mark.parametrize(
    "text",
    [
        ",".join(f"{n % 60:06}-{n * 7 % 60}/{n}" for n in range(1, 4000)) + " * * * *",
        "0 0 " + ",".join(f"{n % 31 + 1:06}W" for n in range(9000))[: LONG - 20].rpartition(",")[0] + " * *",
        "at " + ",".join(f"{n:04}-03-29T02:30" for n in range(1000, 4800)),
        "9" * LONG,
        "9" * (LONG - 8) + " * * * *",
        "*/" + "9" * (LONG - 10) + " * * * *",
        "every " + "9" * (LONG - 11) + " days",
        "every " * (LONG // 6),
        "at " + "," * (LONG - 3),
        "at " + "2026-01-01 " * 5000,
        "0 0 " + "L-" * 30_000 + " * *",
        "0 0 * * " + "F" * 60_000 + "L",
        "0 0 * * " + "#" * (LONG - 8),
        "0 0 * * " + "-" * (LONG - 8),
        "EXDATE:1 " * (LONG // 9),
        "H(" * 30_000,
        "@" * LONG,
        "1 " * (LONG // 2),
        "(" * LONG,
        "|" * LONG,
        "every 2nd of (" * (LONG // 14),
        "0 0 * * *" + " except 0 0 * * *" * (LONG // 18),
        " | ".join(f"{n % 60} {n % 24} * * *" for n in range(4400)),
        "0 9 * * 1 only (" + "*/2 * * * * * | " * 4000 + "1 * * * *)",
    ],
    ids=lambda text: text[:12],
)
def test_the_longest_texts_are_read_or_refused_like_any_other(text: str) -> None:
    used = process_time()
    answer = read_or_refused(text, zone="Europe/Amsterdam", key="k")
    # 50 ms are promised for what is refused; ten times that in processor time, which a busy machine does not stretch.
    assert process_time() - used < 0.5
    assert len(str(answer)) < 1500 or isinstance(answer, Timetable)


def read_or_refused(text: str, *, zone: str = "UTC", key: str = "") -> Timetable | InvalidTimetable:
    try:
        return timetable(text, zone=zone, key=key, calendars={"c": "weekly MON\ndates 02-29"}, places=PLACES)
    except InvalidTimetable as refused:
        return refused


MARKS = [*"*/,-?#&LWH)015:;= Z\0", " ", " ", "|", "H(", "59", "99", "MON", "jan", "-1SU", "from", "at", "minutes"]
CRON = ["@daily", "0 9 * * 1", "* * * * *", "L-3", "15W", "5#2"]
COMBINED = [" except ", " only ", "2nd of (", "calendar c", "every", "every 3rd of (@daily) from 2026-01-01"]
MOMENTS = ["2026-03-29", "T02:30", "+01:00", "20260101T000000Z", "after", "completion", "1 day"]
RULE = [
    "DTSTART:",
    "EXDATE:",
    "RRULE:",
    "FREQ=",
    "DAILY",
    "SECONDLY",
    "YEARLY",
    "COUNT=",
    "UNTIL=",
    "INTERVAL=",
    "WKST=",
]
RULE += ["BYDAY=", "BYMONTH=", "BYMONTHDAY=", "BYYEARDAY=", "BYWEEKNO=", "BYSETPOS=", "BYHOUR=", "BYSECOND=", "366"]
SUN = ["sunset", "dawn", "nautical", "solar noon", "30 minutes before", "52.37,4.90", "amsterdam", "90,0"]
_fragments = st.sampled_from(MARKS + CRON + COMBINED + MOMENTS + RULE + SUN)
hostile = st.one_of(
    st.text(max_size=60),
    st.text(string.printable, max_size=60),
    st.lists(_fragments, max_size=14).map("".join),
    st.lists(st.one_of(_fragments, st.text(max_size=3)), max_size=14).map(" ".join),
    st.builds("RRULE:FREQ={};{}".format, st.sampled_from(FREQUENCIES), st.lists(_fragments, max_size=6).map(";".join)),
    st.lists(st.one_of(_fragments, all_texts), max_size=4).map("".join),
)


def answers(rule: Timetable, moment: datetime) -> None:
    """Ask all there is to ask. What hardly ever matches may give up, with one kind of error."""
    questions: list[Callable[[], object]] = [lambda: rule.after(moment)]
    if not isinstance(rule, AfterCompletion):
        questions += [lambda: rule.at_or_before(moment), lambda: rule.count(moment, moment + timedelta(days=400))]
    for ask in questions:
        with suppress(TooSparse):
            assert calls_in(ask) < ANSWERED


@given(hostile, st.sampled_from(ZONES), st.sampled_from(["", "k"]), moments)
def test_any_text_gives_a_timetable_that_answers_or_one_kind_of_error(
    text: str, zone: str, key: str, moment: datetime
) -> None:
    assert calls_in(lambda: read_or_refused(text, zone=zone, key=key)) < READ
    answer = read_or_refused(text, zone=zone, key=key)
    if isinstance(answer, InvalidTimetable):
        assert answer.position is None or 0 <= answer.position <= len(text)
        return
    answers(answer, moment)


_heads = ["", "", "0 9 * * ", "at ", "every 2nd of (", "RRULE:FREQ=YEARLY;", "sunset at ", "@daily except ", "(" * 31]
_tails = ["", "", " * * * *", ") from 2026-01-01", " at 52,4", ")"]


@given(
    st.sampled_from(_heads),
    st.lists(_fragments, min_size=1, max_size=4),
    st.sampled_from(_tails),
    st.sampled_from(" |,;"),
)
def test_rows_of_64_kib_are_read_or_refused_like_any_other(head: str, of: list[str], tail: str, between: str) -> None:
    unit = between.join(of) + between
    text = head + unit * ((LONG - len(head) - len(tail)) // len(unit)) + tail
    used = process_time()
    read_or_refused(text, key="k")
    assert process_time() - used < 0.5


@given(hostile)
def test_any_name_of_a_zone_gives_a_zone_or_one_kind_of_error(zone: str) -> None:
    answer = read_or_refused("@daily", zone=zone)
    assert isinstance(answer, Timetable) or answer.field == "zone"


@given(st.one_of(all_texts, completion_texts), st.data(), moments)
def test_a_text_with_a_slip_of_the_pen_is_read_or_refused(text: str, data: st.DataObject, moment: datetime) -> None:
    place = data.draw(st.integers(0, len(text)))
    slip = data.draw(st.one_of(st.just(""), _fragments))
    length = data.draw(st.integers(0, 2))
    answer = read_or_refused(text[:place] + slip + text[place + length :], key="k")
    if isinstance(answer, Timetable):
        answers(answer, moment)
    else:
        assert answer.expected


def test_timetables_of_different_kinds_are_never_equal() -> None:
    kinds = ["0 0 * * *", "every 1 day", "at 2026-01-01", "1 day after completion"]
    assert len({timetable(text) for text in kinds}) == len(kinds)
    assert all(timetable(one) != timetable(other) for one in kinds for other in kinds if one != other)


def test_the_message_shows_the_value_where_it_stands_and_what_is_right() -> None:
    with pytest.raises(InvalidTimetable) as refused:
        timetable("0 25 * * *")
    assert str(refused.value) == "hour '25' at position 2: write 0 to 23"
