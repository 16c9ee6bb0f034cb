"""Cron expressions that hardly mean what they seem to (docs/lint/)."""

import pytest

from klokker.core.lint.finding import Code
from tests.core.lint.looking import codes, looked, only, subject

DOUBTFUL = [
    ("* * 1 * *", Code.EVERY_MINUTE, "fires 1440 times on each of its days", "`0 0 1 * *`"),
    ("* * * * MON", Code.EVERY_MINUTE, "every minute of the day, every Monday", "`0 0 * * MON`"),
    ("* 3 * * *", Code.EVERY_MINUTE, "fires 60 times a day: every minute from 03:00 to 03:59", "`0 3 * * *`"),
    ("0 0 31 * *", Code.DAY_29_TO_31, "only 7 of 12 months have a day 31", "write L"),
    ("0 0 15,30 * *", Code.DAY_29_TO_31, "only 11 of 12 months have a day 30", "write L"),
    ("0 0 31W * *", Code.DAY_29_TO_31, "only 7 of 12 months have a day 31", "write L"),
    ("RRULE:FREQ=MONTHLY;BYMONTHDAY=31", Code.DAY_29_TO_31, "only 7 of 12 months", "BYMONTHDAY=-1"),
    (
        "0 0 13 * FRI",
        Code.BOTH_DAY_FIELDS,
        "when either day field matches, on 62 days of a year; both match on 2",
        "`0 0 13 * &FRI`",
    ),
    (
        "0 0 */2 * FRI",
        Code.BOTH_DAY_FIELDS,
        "when both day fields match, for one begins with a star",
        "`0 0 */2 * &FRI`",
    ),
    ("*/7 * * * *", Code.UNEVEN_STEP, "after minute 56 comes 0, 4 minutes later", "`every 7 minutes`"),
    ("0 */5 * * *", Code.UNEVEN_STEP, "after hour 20 comes 0, 4 hours later", "`every 5 hours`"),
    ("0 0 */3 * *", Code.UNEVEN_STEP, "after day 31 comes day 1", "`every 3 days from`"),
    ("*/90 * * * *", Code.STEP_TOO_LARGE, "larger than the minute field: it matches once", "`every 90 minutes`"),
    ("0 9 * * 1-5", Code.NUMERIC_WEEKDAY, "weekday `1-5` is from Monday to Friday here", "`MON-FRI`"),
    ("0 9 * * 0,6", Code.NUMERIC_WEEKDAY, "is every Saturday and Sunday here", "`SUN,SAT`"),
    ("0 9 * * 5#2", Code.NUMERIC_WEEKDAY, "weekday `5#2` is FRI#2 here", "`FRI#2`"),
    ("0 9 * * * | * * 1 * *", Code.EVERY_MINUTE, "`* * 1 * *` fires 1440 times", "`0 0 1 * *`"),
]


@pytest.mark.parametrize(("when", "code", "sentence", "fix"), DOUBTFUL)
def test_what_is_doubtful_is_found_with_what_would_be_right(when: str, code: Code, sentence: str, fix: str) -> None:
    found = only(code, subject(when))
    assert sentence in found.sentence
    assert fix in found.fix


@pytest.mark.parametrize(
    "when",
    [
        "* * * * *",
        "*/5 * * * *",
        "* 9-17 * * *",
        "*/10 3 * * *",
        "0,7,14 * * * *",
        "0 0 L * *",
        "0 0 15-31 * *",
        "0 0 13 * &FRI",
        "0 0 1-31 * *",
        "0 9 * * MON-FRI",
        "0 9 * * *",
        "0 9 * * 0-7",
        "@weekly",
        "every 90 minutes",
        "RRULE:FREQ=MONTHLY;BYMONTHDAY=-1",
        "0 9 * * * except * * 1 * *",
    ],
)
def test_what_is_plain_is_left_alone(when: str) -> None:
    assert codes(looked(subject(when))) == []
