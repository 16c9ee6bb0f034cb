"""All findings together: their order, and what schedules silence (docs/lint/README.md)."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klokker.core.definition import InvalidDefinition
from klokker.core.lint.finding import Code, Severity
from tests.core.lint.looking import codes, looked, only, subject
from tests.core.timetables.strategies import ZONES, all_texts, completion_texts, folds, gaps

PAGES = Path(__file__).parents[3]


def test_the_gravest_come_first() -> None:
    found = looked(
        subject("0 9 * * 1", name="a", owner=""),
        subject("* * 1 * *", name="b"),
        subject("0 9 * * *", name="c", known=False),
    )
    assert codes(found) == [Code.UNKNOWN_TASK, Code.EVERY_MINUTE, Code.NO_OWNER, Code.NUMERIC_WEEKDAY]


def test_what_is_silenced_stays_known_with_its_reason() -> None:
    found = looked(subject("* * 1 * *", silence={"every-minute": "polls on the day of the closing"}))
    assert [(finding.code, finding.silenced) for finding in found] == [
        (Code.EVERY_MINUTE, "polls on the day of the closing")
    ]


def test_a_silence_hides_no_other_finding_and_no_other_schedule() -> None:
    quiet = subject("* * 1 * 1", name="quiet", silence={"every-minute": "meant so"})
    loud = subject("* * 1 * *", name="loud")
    counting = [finding for finding in looked(quiet, loud) if not finding.silenced]
    assert [(finding.code, finding.schedules) for finding in counting] == [
        (Code.EVERY_MINUTE, ("loud",)),
        (Code.BOTH_DAY_FIELDS, ("quiet",)),
        (Code.NUMERIC_WEEKDAY, ("quiet",)),
    ]


def test_a_silence_without_need_is_found() -> None:
    idle = only(Code.IDLE_SILENCE, subject("0 9 * * *", silence={"every-minute": "once it did"}))
    assert idle.sentence == "it silences every-minute, which is not found in it"
    slip = only(Code.IDLE_SILENCE, subject("* * 1 * *", silence={"every-minutes": "meant so"}))
    assert slip.sentence.startswith("it silences every-minutes, which is no finding; did you mean every-minute")


def test_a_crowd_is_silent_when_too_few_are_left_of_it() -> None:
    calm = [subject("0 3 * * *", name=f"calm-{place}", silence={"crowded": "they are short"}) for place in range(5)]
    rest = [subject("0 3 * * *", name=f"rest-{place:02}") for place in range(10)]
    assert [finding.silenced for finding in looked(*calm, *rest)] == [""]
    assert [finding.silenced for finding in looked(*calm, *rest[:9])] == ["they are short"]


@pytest.mark.parametrize("code", Code)
def test_every_finding_has_its_page(code: Code) -> None:
    page = (PAGES / code.page).read_text()
    assert page.startswith(f"# {code.value}\n")
    assert f"**{code.severity.value}**" in page
    assert f"({code.value}.md)" in (PAGES / "docs/lint/README.md").read_text()


def test_no_page_is_left_of_a_finding_that_is_gone() -> None:
    pages = {page.stem for page in (PAGES / "docs/lint").glob("*.md")} - {"README"}
    assert pages == {code.value for code in Code}


def test_every_gravity_is_used() -> None:
    assert {code.severity for code in Code} == set(Severity)


@settings(max_examples=settings().max_examples // 3)
@given(st.one_of(all_texts, completion_texts), st.sampled_from(ZONES), gaps, folds)
def test_whatever_can_be_read_can_be_looked_at(text: str, zone: str, gap: str | None, fold: str | None) -> None:
    try:
        policies: dict[str, Any] = {name: policy for name, policy in (("gap", gap), ("fold", fold)) if policy}
        looked_at = subject(text, zone=zone, **policies)
    except InvalidDefinition:
        return
    for finding in looked(looked_at, tick=timedelta(minutes=5)):
        assert finding.sentence
        assert finding.fix
