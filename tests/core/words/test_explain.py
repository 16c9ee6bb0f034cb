"""What timetables do, in words: kind by kind, and what would mislead (docs/timetables/words.md)."""

import re
from collections import defaultdict
from datetime import date
from itertools import product

import pytest
from cron_descriptor import Options, get_description
from hypothesis import given
from hypothesis import strategies as st

from klokker import timetable
from klokker.core.errors import InvalidTimetable
from klokker.core.timetables.cron import Cron
from klokker.core.timetables.text import FORMS
from klokker.core.words.days import said_days
from klokker.core.words.english import ENGLISH
from klokker.core.words.explain import LANGUAGES, UnknownLanguage, explain
from tests.core.timetables.strategies import KEY, Reader, all_texts, completion_texts, readers

CALENDARS = {"nl": "holidays NL"}
PLACES = {"amsterdam": "52.37,4.90"}


def said(text: str, lang: str = "en", zone: str = "Europe/Amsterdam", **policies: str) -> list[str]:
    read = timetable(text, zone=zone, key="nightly", calendars=CALENDARS, places=PLACES, **policies)
    return explain(read, lang=lang, zone=zone, key="nightly")


DAYS = [
    ("0 9 * * *", "At 09:00, every day."),
    ("0 9 * * 1-5", "At 09:00, from Monday to Friday."),
    ("0 9 * * FRI-MON", "At 09:00, from Friday to Monday."),
    ("0 9 * * 0,3", "At 09:00, every Wednesday and Sunday."),
    ("0 9 1,15 * *", "At 09:00, on the 1st and 15th of the month."),
    ("0 9 1-7,20 6-8 *", "At 09:00, on the 1st to 7th and 20th of the month, from June to August."),
    ("0 9 31 * *", "At 09:00, on the 31st of the month, in months that have it."),
    ("0 9 * * 1#2", "At 09:00, on the 2nd Monday of the month."),
    ("0 9 * * 1#5", "At 09:00, on the 5th Monday of the month, in months that have it."),
    ("0 9 * 1,6 5L", "At 09:00, on the last Friday of the month, in January and June."),
    ("0 9 L * *", "At 09:00, on the last day of the month."),
    ("0 9 L-3 * *", "At 09:00, 3 days before the last day of the month."),
    ("0 9 LW * *", "At 09:00, on the last day of the month that is a Monday to Friday."),
    ("0 9 15W * *", "At 09:00, on the Monday to Friday nearest the 15th, in the same month."),
    ("0 9 13 * 5", "At 09:00, on the 13th of the month, and also every Friday."),
    ("0 9 13 * &5", "At 09:00, on days that are both: on the 13th of the month; and every Friday."),
    # A field that begins with a star asks for both; one that names all days makes the other one idle.
    ("0 9 */2 * 5", "At 09:00, on days that are both: on the"),
    ("0 9 1-31 * 5", "At 09:00, every day."),
]


@pytest.mark.parametrize(("text", "first"), DAYS)
def test_days_are_told_as_they_match(text: str, first: str) -> None:
    assert said(text)[0].startswith(first)


KINDS = [
    ("every 10 minutes", "Every 10 minutes, counted from midnight UTC."),
    ("every 7 hours", "Every 7 hours, counted from Thursday 1 January 1970 at 00:00 UTC."),
    ("every week", "Every week, counted from Thursday 1 January 1970 at 00:00 UTC."),
    ("every 2 weeks from 2026-01-05T03:00", "Every 2 weeks, counted from Monday 5 January 2026 at 03:00."),
    ("at 2026-12-24T18:00", "Once, on Thursday 24 December 2026 at 18:00."),
    (
        "at 2026-12-24T18:00, 2026-12-31",
        "On Thursday 24 December 2026 at 18:00 and Thursday 31 December 2026 at 00:00.",
    ),
    ("90 minutes after completion", "90 minutes after the last scheduled run ended."),
    ("sunset at amsterdam", "At sunset (amsterdam, 52.37,4.9)."),
    (
        "30 minutes before dawn at 10,20",
        "30 minutes before civil dawn, when the sun rises past 6° below the horizon (10,20).",
    ),
    (
        "DTSTART:20260105T090000 RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=10",
        "Every 2 weeks, every Monday, at 09:00, from Monday 5 January 2026 at 09:00 on, 10 times in all.",
    ),
    (
        "RRULE:FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1",
        "Every Monday, at 00:00; but only the 1st of them in every month.",
    ),
    (
        "RRULE:FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR",
        "On the 13th of the month, if that is a Friday, at 00:00.",
    ),
    (
        "RRULE:FREQ=YEARLY;BYMONTH=6;BYMONTHDAY=-1;BYHOUR=9,17;UNTIL=20300101T120000",
        "In June, on the last day of the month, at 09:00 and 17:00, until Tuesday 1 January 2030 at 12:00.",
    ),
    ("RRULE:FREQ=YEARLY;BYDAY=-2MO", "On the 2nd last Monday of the year, at 00:00."),
    (
        "RRULE:FREQ=MINUTELY;INTERVAL=15;BYDAY=MO,TU,WE,TH,FR;BYHOUR=9,10",
        (
            "Every 15 minutes, but only from Monday to Friday, in the hours that begin at 09:00 and 10:00, "
            "from Thursday 1 January 1970 at 00:00 on."
        ),
    ),
    (
        "DTSTART:20260105T090000 EXDATE:20260112T090000 RRULE:FREQ=YEARLY;BYWEEKNO=2,-1",
        (
            "In the 2nd and last week of the year, every Monday, at 09:00, from Monday 5 January 2026 at 09:00 on, "
            "1 of them left out (EXDATE)."
        ),
    ),
    ("0 9 * * * | 0 17 * * 5", "At 09:00, every day; and also at 17:00, every Friday."),
    ("0 9 * * 1-5 except calendar nl", "At 09:00, from Monday to Friday; but not in what the calendar nl names."),
    (
        "@hourly only (* 8-17 * * 1 except * 12 * * *)",
        "Every hour, on the hour; but only (from 08:00 to 17:59, every Monday; but not from 12:00 to 12:59).",
    ),
    ("0 9 * * * except * * 25 12 *", "At 09:00, every day; but not on the 25th of the month, in December."),
    (
        "every 2nd of (0 9 * * 1) from 2026-01-05",
        "The 2nd, 4th, 6th and so on of the following, counted from Monday 5 January 2026 at 00:00 on: at 09:00, every Monday.",
    ),
]


@pytest.mark.parametrize(("text", "first"), KINDS)
def test_every_kind_has_its_words(text: str, first: str) -> None:
    assert said(text)[0] == first


def test_each_form_of_text_is_among_these() -> None:
    texts = [text.split() for text, _ in [*KINDS, *DAYS]]
    assert [form.looks for form in FORMS if not any(form.claims(words) for words in texts)] == []


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("text", [text for text, _ in [*KINDS, *DAYS]])
def test_every_language_says_all_of_it(text: str, lang: str) -> None:
    for sentence in said(text, lang):
        assert sentence[0].isupper() or sentence[0].isdigit()
        assert sentence.endswith(".")
        assert "{" not in sentence


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("nl", "Om 09:00, op de 13e van de maand, en ook elke vrijdag."),
        ("nb", "Kl. 09:00, den 13. i måneden, og også hver fredag."),
    ],
)
def test_dutch_and_norwegian_name_days_in_their_own_words(lang: str, words: str) -> None:
    assert said("0 9 13 * 5", lang)[0] == words


@pytest.mark.parametrize(
    ("lang", "second", "first"),
    [
        (
            "en",
            "The 2nd, 4th, 6th and so on of the following, counted from Monday 5 January 2026 at 00:00 on: ",
            "Each of the following, from Monday 5 January 2026 at 00:00 on: ",
        ),
        (
            "nl",
            "De 2e, 4e, 6e enzovoort van het volgende, geteld vanaf maandag 5 januari 2026 om 00:00: ",
            "Elke keer van het volgende, vanaf maandag 5 januari 2026 om 00:00: ",
        ),
        (
            "nb",
            "Den 2., 4., 6. og så videre av det følgende, regnet fra mandag 5. januar 2026 kl. 00:00: ",
            "Hver gang av det følgende, fra mandag 5. januar 2026 kl. 00:00: ",
        ),
    ],
)
def test_every_nth_tells_which_ones_count(lang: str, second: str, first: str) -> None:
    inner = said("0 9 * * 1", lang)[0]
    inner = inner[0].lower() + inner[1:]
    assert said("every 2nd of (0 9 * * 1) from 2026-01-05", lang)[0] == second + inner
    assert said("every 1st of (0 9 * * 1) from 2026-01-05", lang)[0] == first + inner


def test_an_unknown_language_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownLanguage, match="en, nl, nb"):
        said("@daily", "de")


@given(st.one_of(all_texts, completion_texts), readers, st.sampled_from([*LANGUAGES]))
def test_whatever_can_be_read_can_be_said(text: str, read: Reader, lang: str) -> None:
    first, *remarks = explain(read(text), lang=lang, zone=read.zone, key=KEY)
    assert first[:1] == first[:1].upper()
    for sentence in (first, *remarks):
        assert sentence.endswith(".")
        assert not re.search(r"[{}]|, ,|  |, \.", sentence)


# ── what a reader of the text would not expect ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        ("0 9 13 * 5", "The day of the month or the weekday is enough; a day need not be both."),
        ("0 0 */3 * *", "The days are counted anew from the 1st of each month."),
        (
            "*/10 22-2 * * FRI",
            "The hours after midnight are those with which the day that is named begins, not the night that follows it.",
        ),
        ("H 3 * * *", "Where H stands, the name “nightly” decides; another name has other times."),
        ("every 1 day", "A day is 24 hours: where clocks change, the time on the wall moves."),
        ("sunset at 69.65,18.96", "On days when the sun does not do so there, there is no moment."),
    ],
)
def test_what_would_surprise_is_told(text: str, remark: str) -> None:
    assert remark in said(text)
    assert remark not in said("0 9 * * *")


def test_the_sun_sets_every_day_far_from_the_poles() -> None:
    assert said("sunset at amsterdam") == ["At sunset (amsterdam, 52.37,4.9)."]


@pytest.mark.parametrize(
    ("text", "policies", "gap", "fold"),
    [
        ("30 2 * * *", {}, "comes at the first moment after the gap.", "once, in the first pass."),
        ("*/30 * * * *", {}, "is left out.", "in both passes."),
        ("30 2 * * *", {"gap": "skip", "fold": "second"}, "is left out.", "once, in the second pass."),
        (
            "RRULE:FREQ=DAILY;BYHOUR=2;BYMINUTE=30",
            {},
            "offset before the gap: 02:30 comes at 03:30.",
            "in the first pass.",
        ),
    ],
)
def test_clock_changes_are_told_as_they_are_decided(text: str, policies: dict[str, str], gap: str, fold: str) -> None:
    _, zone, on_gap, on_fold = said(text, **policies)
    assert zone == "Times are those of the clocks in Europe/Amsterdam."
    assert on_gap.endswith(gap)
    assert on_fold.endswith(fold)


def test_a_zone_whose_clocks_never_change_has_no_words_on_that() -> None:
    assert said("30 2 * * *", zone="Etc/GMT+5")[1:] == ["Times are those of the clocks in Etc/GMT+5."]


def test_what_holds_of_one_member_alone_is_told_of_that_one() -> None:
    remarks = said("30 2 * * * | @hourly")[1:]
    assert remarks[0] == "Times are those of the clocks in Europe/Amsterdam."
    assert "For “every hour, on the hour”: A time that the clocks skip is left out." in remarks


# ── the same words, the same days ────────────────────────────────────────────────────────────────────────────────

DATES = ("*", "1-31", "*/2", "31", "1,15", "29-31", "L", "L-3", "LW", "15W", "31W", "1,L", "?")
MONTHS = ("*", "1", "2", "6-8", "11-2", "*/3")
WEEKDAYS = ("*", "0-7", "1-5", "&1-5", "5", "&5", "FRI-MON", "5#1", "5#5", "5L", "1#1,3#3", "&5L", "*/2", "?")
EPOCH = date(1970, 1, 1)
# 28 years hold each kind of month: each length, beginning on each weekday.
KINDS_OF_MONTH = [(y, month, (date(y, month, 1) - EPOCH).days) for y in range(2001, 2029) for month in range(1, 13)]


def test_days_that_differ_have_words_that_differ() -> None:
    meanings = defaultdict(set)
    for fields in product(DATES, MONTHS, WEEKDAYS):
        try:
            read = timetable("0 0 {} {} {}".format(*fields))
        except InvalidTimetable:
            continue  # a day that no such month has
        assert isinstance(read, Cron)
        days = tuple(read.days.in_month(*month) for month in KINDS_OF_MONTH)
        if any(days):
            meanings[said_days(read.days, ENGLISH)].add(days)
    assert len(meanings) > 500
    assert [words for words, days in meanings.items() if len(days) > 1] == []


# ── beside cron-descriptor, where it describes what happens ──────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    [
        "0 9 * * *",
        "30 2 * * 1-5",
        "15 4,16 1 * *",
        "0 0 * 6 *",
        "*/5 * * * *",
        "*/10 8-18 * * *",
        "45 23 * * SUN",
        "0 9 * * 1#2",
    ],
)
def test_cron_descriptor_names_the_same_times_and_days(text: str) -> None:
    options = Options()
    options.use_24hour_time_format = True
    theirs, ours = get_description(text, options), said(text)[0]
    names = "|".join((*ENGLISH.weekdays, *ENGLISH.months, r"(?<!:)\b\d\d:\d[05]\b", r"\d+ minutes"))
    # It tells the end of the last hour as :59, whether or not a time falls on it.
    assert set(re.findall(names, theirs)) - set(re.findall(names, ours)) == set()


@pytest.mark.parametrize(
    "mask", ["0 1-5 * * *", "calendar nl", "(every 4 hours | calendar nl)", "(0 * * * * except calendar nl)"]
)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_mask_that_goes_by_the_clocks_makes_clock_changes_matter(mask: str, lang: str) -> None:
    language = LANGUAGES[lang]
    by_the_clock = language.masked_by_the_clock.format(zone="Europe/Amsterdam")
    assert said(f"every 2 hours only {mask}", lang)[1:] == [by_the_clock]
    assert said("every 2 hours only every 4 hours", lang)[1:] == [language.follows_real_time]
    assert said(f"every 2 hours only {mask}", lang, zone="UTC")[1:] == [language.follows_real_time]
