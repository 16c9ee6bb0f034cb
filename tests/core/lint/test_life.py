"""Schedules that can never run, or never again (docs/lint/never-fires.md, unreadable.md)."""

from dataclasses import replace
from typing import Any

import pytest

from klokker.core.known import Known
from klokker.core.lint.case import Subject
from klokker.core.lint.finding import Code, Severity
from tests.core.lint.looking import codes, looked, only, subject


@pytest.mark.parametrize(
    ("when", "fields", "sentence"),
    [
        # The 20th and later are never the last Monday of a month and before the 22nd.
        ("0 0 1-7 * &1L", {}, "never fires: no moment has all that it asks for"),
        ("at 2026-01-01", {}, "fires no more: its last moment was 2026-01-01 00:00 UTC"),
        ("@daily", {"ends": "2026-02-01"}, "fires no more: its last moment was 2026-02-01 00:00 UTC"),
        ("0 9 * * * only 0 10 * * *", {}, "no moment was found"),
    ],
)
def test_what_never_comes_is_an_error(when: str, fields: dict[str, Any], sentence: str) -> None:
    found = only(Code.NEVER_FIRES, subject(when, **fields))
    assert sentence in found.sentence
    assert found.severity is Severity.ERROR


KNOWN = Known({"night": "daily 22:00-06:00", "always": "weekly MON-SUN"})


@pytest.mark.parametrize(
    ("when", "closed"), [("0 3 * * *", "skip during night"), ("10 minutes after completion", "skip during always")]
)
def test_what_is_closed_at_each_of_its_moments_is_an_error(when: str, closed: str) -> None:
    assert "while calendar" in only(Code.NEVER_FIRES, subject(when, closed=closed, known_names=KNOWN)).sentence


def test_closings_that_cannot_be_evaluated_are_an_error() -> None:
    for_ever = subject("0 3 * * *", closed="wait during always", known_names=KNOWN)
    assert "closes for ever" in only(Code.UNREADABLE, for_ever).sentence
    lost = replace(for_ever, definition=replace(for_ever.definition, calendars={}))
    assert "its closings cannot be evaluated" in only(Code.UNREADABLE, lost).sentence


def test_what_is_open_at_some_of_its_moments_is_no_error() -> None:
    found = codes(looked(subject("0 3,12 * * *", closed="skip during night", known_names=KNOWN)))
    assert {Code.NEVER_FIRES, Code.UNREADABLE}.isdisjoint(found)


@pytest.mark.parametrize("when", ["@yearly", "10 minutes after completion", "at 2026-12-24", "0 0 29 2 *"])
def test_what_comes_some_day_is_no_error(when: str) -> None:
    assert Code.NEVER_FIRES not in codes(looked(subject(when)))


def test_of_what_cannot_be_read_nothing_else_is_said() -> None:
    stand_in = subject("* * 1 * *", owner="")
    broken = Subject(stand_in.definition, fault="the stored definition cannot be read: when is missing")
    [found] = looked(broken)
    assert (found.code, found.severity) == (Code.UNREADABLE, Severity.ERROR)
    assert "when is missing" in found.sentence
