"""Zones that are hardly meant, and what the next clock changes do (docs/lint/in-gap.md, in-fold.md and others)."""

import importlib.resources
from typing import Any

import pytest

from klokker.core.lint.finding import Code
from klokker.core.lint.renamed_zones import RENAMED
from tests.core.lint.looking import codes, looked, only, subject

AMSTERDAM = "Europe/Amsterdam"


@pytest.mark.parametrize(
    ("when", "fields", "sentence"),
    [
        (
            "30 2 * * *",
            {},
            "on Sunday 28 March 2027 the clocks of Europe/Amsterdam skip 02:00 to 03:00, and `30 2 * * *` has a time there",
        ),
        ("0,30 2 * * *", {}, "has 2 times there: together they come once, at 03:00"),
        ("30 2 * * *", {"gap": "skip"}, "has a time there: left out"),
        ("0 */2 * * *", {}, "has a time there: left out"),
        ("RRULE:FREQ=DAILY;BYHOUR=2", {}, "has a time there: it comes as much later as the clocks were put forward"),
        ("0 9 * * * | 30 2 * * *", {}, "`30 2 * * *` has a time there: it comes at 03:00"),
    ],
)
def test_a_time_in_the_next_gap_is_told_with_what_will_happen(when: str, fields: dict[str, Any], sentence: str) -> None:
    assert sentence in only(Code.IN_GAP, subject(when, zone=AMSTERDAM, **fields)).sentence


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "on Sunday 31 October 2027 the clocks of Europe/Amsterdam show 02:00 to 03:00 twice"),
        (
            {"fold": "first"},
            "`30 2 * * *` has a time there: it comes once, the first time",
        ),
        ({"fold": "second"}, "it comes once, the second time"),
        ({"fold": "both"}, "it comes both times"),
    ],
)
def test_a_time_in_the_next_fold_is_told_with_what_will_happen(fields: dict[str, Any], sentence: str) -> None:
    assert sentence in only(Code.IN_FOLD, subject("30 2 * * *", zone=AMSTERDAM, **fields)).sentence


@pytest.mark.parametrize("when", ["30 9 * * *", "*/5 * * * *", "every 1 hour", "30 2 1 6 *"])
def test_what_no_change_touches_is_left_alone(when: str) -> None:
    assert codes(looked(subject(when, zone=AMSTERDAM))) == []


def test_half_an_hour_in_lord_howe_counts() -> None:
    gap = only(Code.IN_GAP, subject("15 2 * * *", zone="Australia/Lord_Howe"))
    assert "skip 02:00 to 02:30" in gap.sentence
    assert "it comes at 02:30" in gap.sentence
    assert Code.IN_GAP not in codes(looked(subject("45 2 * * *", zone="Australia/Lord_Howe")))


def test_a_fixed_offset_is_named_by_what_it_is() -> None:
    assert (
        "Etc/GMT+5 is always 5 hours behind UTC"
        in only(Code.FIXED_OFFSET, subject("@daily", zone="Etc/GMT+5")).sentence
    )
    assert codes(looked(subject("@daily", zone="UTC"))) == []


def test_an_old_name_is_told_with_the_new_one() -> None:
    assert only(Code.DEPRECATED_ZONE, subject("0 9 * * *", zone="Asia/Calcutta")).fix == "write Asia/Kolkata"


def test_the_old_names_are_those_of_the_time_zone_data() -> None:
    data = importlib.resources.files("tzdata") / "zoneinfo"
    places = {line.split("\t")[2] for line in (data / "zone.tab").read_text().splitlines() if not line.startswith("#")}
    links = {line.split()[2] for line in (data / "tzdata.zi").read_text().splitlines() if line.startswith("L ")}
    assert set(RENAMED) == links - places - {"UTC", "GMT"}
    assert set(RENAMED.values()) <= places | {"UTC"}
