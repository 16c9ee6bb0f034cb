"""Is a moment one of a timetable's, and why?"""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klokker import timetable
from klokker.core.errors import FollowsCompletion, TooSparse
from klokker.core.limits import Limited
from klokker.core.moments import epoch_second
from klokker.core.words.explain import LANGUAGES
from klokker.core.words.matching import Match, match
from tests.core.timetables.strategies import Reader, all_texts, moments, readers

ZONE = "Europe/Amsterdam"


def asked(text: str, moment: str, lang: str = "en") -> Match:
    at = datetime.fromisoformat(moment)
    return match(timetable(text, zone=ZONE, calendars={"nl": "holidays NL"}), at.astimezone(UTC), ZONE, lang=lang)


@pytest.mark.parametrize(
    ("text", "moment", "yes", "why"),
    [
        ("*/7 9 * * 1-5", "2026-11-24T09:07+01:00", True, "every field matches 09:07:00 in Europe/Amsterdam"),
        ("*/7 9 * * 1-5", "2026-11-24T09:08+01:00", False, "minute 8 is not among 0, 7, 14, 21, 28, 35, …, 56"),
        (
            "0 9 * * 1-5",
            "2026-11-22T08:00+01:00",
            False,
            "hour 8 is not among 9; Sunday 22 November is no day of it (from Monday to Friday)",
        ),
        ("0 9 * * *", "2026-11-22T09:00:01+01:00", False, "second 1 is not among 0"),
        (
            "30 2 * * *",
            "2026-03-29T03:00+02:00",
            True,
            "the clocks skip a time that matches, and this is the first moment after the gap",
        ),
        ("30 2 * * *", "2026-10-25T02:30+02:00", True, "every field matches 02:30:00 in Europe/Amsterdam"),
        (
            "30 2 * * *",
            "2026-10-25T02:30+01:00",
            False,
            "the clocks show this time twice, and the other pass is the one that counts",
        ),
        (
            "0 9 * * * except calendar nl",
            "2026-12-25T09:00+01:00",
            False,
            "0 9 * * * has it, and “except calendar nl” leaves it out",
        ),
        ("0 9 * * * except calendar nl", "2026-12-24T10:00+01:00", False, "hour 10 is not among 9"),
        ("0 9 * * * | 0 9 * * 2", "2026-11-24T09:00+01:00", True, "0 9 * * * and 0 9 * * 2 have it"),
        (
            "0 9 * * * | 0 17 * * *",
            "2026-11-24T10:00+01:00",
            False,
            "0 9 * * *: hour 10 is not among 9; 0 17 * * *: hour 10 is not among 17",
        ),
        (
            "every 2nd of (0 9 * * 1) from 2026-01-05",
            "2026-01-12T09:00+01:00",
            True,
            "it is match number 2 of 0 9 * * 1, of which each 2nd counts",
        ),
        (
            "every 2nd of (0 9 * * 1) from 2026-01-05",
            "2026-01-19T09:00+01:00",
            False,
            "it is match number 3 of 0 9 * * 1, of which each 2nd counts",
        ),
        (
            "every 2nd of (0 9 * * 1) from 2026-01-05",
            "2026-01-01T09:00+01:00",
            False,
            "it is counted from Monday 5 January 2026 at 00:00 on",
        ),
        ("every 10 minutes", "2026-01-01T09:05+01:00", False, "every 10 minutes does not have it"),
    ],
)
def test_the_answer_has_its_reason(text: str, moment: str, yes: bool, why: str) -> None:
    found = asked(text, moment)
    assert (found.yes, found.why) == (yes, why)


WHYS = [
    ("*/7 9 * * 1-5", "2026-11-24T09:07+01:00"),
    ("*/7 9 * * 1-5", "2026-11-22T08:08+01:00"),
    ("30 2 * * *", "2026-03-29T03:00+02:00"),
    ("30 2 * * *", "2026-10-25T02:30+01:00"),
    ("0 9 * * * except calendar nl", "2026-12-25T09:00+01:00"),
    ("0 9 * * * | 0 9 * * 2", "2026-11-24T09:00+01:00"),
    ("every 2nd of (0 9 * * 1) from 2026-01-05", "2026-01-19T09:00+01:00"),
    ("every 2nd of (0 9 * * 1) from 2026-01-05", "2026-01-01T09:00+01:00"),
    ("every 10 minutes", "2026-01-01T09:05+01:00"),
]
IN_WORDS = {
    "nl": [
        "elk veld past bij 09:07:00 in Europe/Amsterdam",
        (
            "minuut 8 hoort niet bij 0, 7, 14, 21, 28, 35, …, 56; uur 8 hoort niet bij 9; "
            "zondag 22 november is er geen dag van (van maandag tot en met vrijdag)"
        ),
        "de klok slaat een tijd over die past, en dit is het eerste moment daarna",
        "de klok toont deze tijd tweemaal, en de andere keer is die welke telt",
        "0 9 * * * heeft dit moment, en “except calendar nl” laat het weg",
        "0 9 * * * en 0 9 * * 2 hebben het",
        "het is nummer 3 van 0 9 * * 1, waarvan elke 2e telt",
        "er wordt geteld vanaf maandag 5 januari 2026 om 00:00",
        "every 10 minutes heeft dit moment niet",
    ],
    "nb": [
        "hvert felt passer med 09:07:00 i Europe/Amsterdam",
        (
            "minutt 8 er ikke blant 0, 7, 14, 21, 28, 35, …, 56; time 8 er ikke blant 9; "
            "søndag 22. november er ingen av dagene (fra mandag til fredag)"
        ),
        "klokken hopper over en tid som passer, og dette er det første tidspunktet etterpå",
        "klokken viser denne tiden to ganger, og det er ikke denne gangen som teller",
        "0 9 * * * har det, og «except calendar nl» utelater det",
        "0 9 * * * og 0 9 * * 2 har det",
        "det er nummer 3 av 0 9 * * 1, der hver 2. teller",
        "det regnes fra mandag 5. januar 2026 kl. 00:00",
        "every 10 minutes har det ikke",
    ],
}


@pytest.mark.parametrize("lang", IN_WORDS)
def test_every_reason_is_told_in_dutch_and_norwegian(lang: str) -> None:
    assert [asked(text, moment, lang).why for text, moment in WHYS] == IN_WORDS[lang]


def test_the_nearest_before_and_after_are_not_the_moment_itself() -> None:
    found = asked("0 9 * * *", "2026-11-24T09:00+01:00")
    assert found.before == datetime(2026, 11, 23, 8, tzinfo=UTC)
    assert found.after == datetime(2026, 11, 25, 8, tzinfo=UTC)


def test_a_schedules_limits_are_a_reason() -> None:
    limited = Limited(timetable("@daily"), None, epoch_second(datetime(2026, 1, 1, tzinfo=UTC)))
    found = match(limited, datetime(2026, 1, 2, tzinfo=UTC), "UTC")
    assert (found.yes, found.after) == (False, None)
    assert found.why == "nothing comes after Thursday 1 January 2026 at 00:00"


def test_what_follows_its_runs_has_no_answer() -> None:
    with pytest.raises(FollowsCompletion):
        asked("10 minutes after completion", "2026-01-01T09:05+01:00")


@given(all_texts, readers, moments, st.sampled_from([*LANGUAGES]))
def test_the_answer_is_what_the_timetable_does(text: str, read: Reader, moment: datetime, lang: str) -> None:
    rule = read(text)
    try:
        following = rule.after(moment)
        for at in {moment.replace(microsecond=0), following or moment}:
            found = match(rule, at, read.zone, lang=lang)
            assert found.yes == (at in rule.between(at - timedelta(seconds=1), at))
            assert found.why
            assert "{" not in found.why
            assert found.before is None or found.before < at
            assert found.after == rule.after(at)
    except TooSparse:
        return
