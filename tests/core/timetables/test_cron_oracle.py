"""Cron beside cronsim and croniter: each difference has a rule, each rule a section on docs/timetables/differences.md.

What is right is not theirs to say: tests/core/timetables/test_cron_scan.py looks at every minute. This is for those who come from there.
"""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.core.timetables.oracle import AT_ONCE, ODD, PEERS, ZONES, Draw, compare
from tests.core.timetables.peers import (
    CRONITER,
    CRONSIM,
    Question,
    explained,
    iter_of_croniter,
    of_cronsim,
)

PAGE = Path(__file__).parents[3] / "docs" / "timetables" / "differences.md"


@pytest.mark.parametrize("seed", range(4))
def test_every_difference_has_a_rule(seed: int) -> None:
    """Twenty thousand pairs of expression and zone; `make oracle` asks about a million."""
    compared = compare(seed)
    assert compared.unlisted == [], "a peer answers otherwise, and no rule says why"
    for peer in PEERS:
        assert compared.by_rule[f"{peer}: the same"] > AT_ONCE * 0.75


def test_the_questions_go_to_every_zone_every_hard_change_and_the_leap_days_around_2100() -> None:
    draws = [Draw(seed) for seed in range(4)]
    asked = [draw.question() for draw in draws for _ in range(AT_ONCE)]
    assert {question.zone for question in asked} == set(ZONES)
    near_changes = Counter(question.zone for question in asked if question.changes(days=1))
    assert [zone for zone in ODD if zone != "UTC" and near_changes[zone] < 500] == []
    without_leap_day = [question for question in asked if 2096 <= question.start.year < 2104]
    assert len(without_leap_day) > 500


EXAMPLES = {
    "cronsim": {
        "Ranges around the end": "0 22-2 * * *",
        "The question mark": "0 0 ? * 1",
        "The nearest workday": "0 0 15W * *",
        "Days before the last": "0 0 L-3 * *",
        "Macros": "@daily",
        "Full names": "0 0 * * friday",
        "A date that never comes": "0 0 31 4 1",
        "From within a repeated hour": ("10 1-3 * * *", "Europe/Amsterdam", "2026-10-25T01:05"),
        "Changes by part of an hour": ("* 10 * * *", "Australia/Lord_Howe", "2026-10-03T13:49"),
        "A day without midnight": ("* 0 * * 2-4", "Asia/Tehran", "2022-03-21T17:55"),
        "Six fields where clocks change": ("0 31 2 * * *", "Europe/Amsterdam", "2026-10-24T20:27"),
    },
    "croniter": {
        "The last workday": "0 0 LW * *",
        "Days before the last": "0 0 L-3 * *",
        "Full names": "0 0 * * friday",
        "The last weekday of a month": "0 0 * * 5L",
        "A date that never comes": "0 0 31 4 1",
        "Steps around the end": "0 21-4/2 * * *",
        "Open steps of weekdays": "0 0 * * 5/2",
        "A range of one": "0 7-7 * * *",
        "A range of one day": "0 0 * * 1-1",
        "Every value, spelled out": ("40 13-12 * * *", "Pacific/Apia", "2011-12-30T05:40"),
        "Stars with steps in day fields": "0 0 */2 * 1",
        "Wildcards in a gap": ("*/20 2 * * *", "Europe/Amsterdam", "2026-03-28T12:00"),
        "Fixed times in a fold": ("30 2 * * *", "Europe/Amsterdam", "2026-10-24T12:00"),
        "Sunday as 7 beside seconds": "0 0 5 * * 7",
        "The nearest workday beside a weekday": "0 0 15W * 1",
        "Nth weekdays beside a date": "0 0 1 * 1#1,3#3",
        "Changes by part of an hour": ("0 * * * *", "Australia/Lord_Howe", "2026-10-03T13:55"),
        "A day without midnight": ("34 * 4 * *", "America/Sao_Paulo", "2018-11-03T23:08"),
        "Changes by more than an hour": ("*/3 0-1 * * *", "Antarctica/Troll", "2026-10-25T00:41"),
        "A fold between alike times": ("*/30 2 * 7-10 SUN", "Europe/Amsterdam", "2026-10-24T21:37"),
        "Seconds in a gap": ("5,35 30-40 1-3 * * *", "Pacific/Apia", "2011-12-30T08:08"),
    },
}


AGAIN = [
    ("cronsim", "Changes by part of an hour", ("52/5 */3 * * *", "Pacific/Chatham", "2026-04-04T09:58")),  # for ever
    ("cronsim", "A day without midnight", ("30 28 1-3 * * 0,5", "America/Sao_Paulo", "2018-11-03T23:08")),
]
"""Second examples, of rules that show in more than one way."""


@pytest.mark.parametrize(
    ("peer", "rule", "example"),
    [*((peer, rule, text) for peer, rules in EXAMPLES.items() for rule, text in rules.items()), *AGAIN],
)
def test_a_rule_has_an_example(peer: str, rule: str, example: str | tuple[str, str, str]) -> None:
    text, zone, start = (example, "UTC", "2026-03-01T00:00") if isinstance(example, str) else example
    question = Question(text, zone, datetime.fromisoformat(start).replace(tzinfo=UTC))
    ask, rules = (of_cronsim, CRONSIM) if peer == "cronsim" else (iter_of_croniter, CRONITER)
    assert rule in (explained(question, ask(question), rules) or ()), "the peers agree with us here by now"


def test_every_rule_has_an_example_and_a_row_on_the_page() -> None:
    for peer, rules in (("cronsim", CRONSIM), ("croniter", CRONITER)):
        assert [rule.name for rule in rules] == list(EXAMPLES[peer])
    page = PAGE.read_text()
    assert [rule.name for rule in (*CRONSIM, *CRONITER) if f"| {rule.name} |" not in page] == []


def test_a_difference_without_a_rule_is_seen() -> None:
    question = Question("0 0 */2 * 1", "UTC", datetime(2026, 3, 1, tzinfo=UTC))
    others = tuple(rule for rule in CRONITER if rule.name != "Stars with steps in day fields")
    assert explained(question, iter_of_croniter(question), others) is None
