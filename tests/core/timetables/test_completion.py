"""After completion: a rest after the last run ended (docs/timetables/completion.md)."""

from datetime import UTC, datetime, timedelta

import pytest

from klokker import timetable
from klokker.core.errors import FollowsCompletion, InvalidTimetable
from klokker.core.timetables.completion import AfterCompletion

ENDED = datetime(2026, 6, 1, 12, 0, 7, 250_000, tzinfo=UTC)


def test_it_is_the_rest_after_the_end_of_the_last_run() -> None:
    assert timetable("10 minutes after completion").after(ENDED) == ENDED + timedelta(minutes=10)


def test_it_is_known_by_its_class_and_tells_its_rest() -> None:
    rule = timetable("2 Hours  after COMPLETION")
    assert isinstance(rule, AfterCompletion)
    assert rule.rest == timedelta(hours=2)
    assert str(rule) == "2 hours after completion"
    assert rule == timetable("120 minutes after completion", zone="Europe/Rome")


def test_beyond_the_calendar_there_is_none() -> None:
    assert timetable("1 week after completion").after(datetime.max.replace(tzinfo=UTC)) is None


@pytest.mark.parametrize("question", ["at_or_before", "between", "count"])
def test_what_only_the_runs_can_tell_is_refused_with_the_reason(question: str) -> None:
    moments = (ENDED,) if question == "at_or_before" else (ENDED, ENDED)
    with pytest.raises(FollowsCompletion, match="when runs end") as refused:
        getattr(timetable("10 minutes after completion"), question)(*moments)
    assert refused.value.asked == question


@pytest.mark.parametrize(
    ("text", "field", "value", "position"),
    [
        ("after completion", "period", "after", 0),
        ("10 after completion", "period", "after", 3),
        ("0 minutes after completion", "period", "0", 0),
        ("1.5 hours after completion", "period", "1.5", 0),
        ("2 months after completion", "period", "months", 2),
        ("10 minutes completion", "text", "completion", 11),
        ("every 10 minutes after completion", "start", "after", 17),
        ("10 minutes after completion from 2026-01-01", "text", "", 0),
    ],
)
def test_it_stands_alone_as_the_whole_text(text: str, field: str, value: str, position: int) -> None:
    with pytest.raises(InvalidTimetable) as refused:
        timetable(text)
    error = refused.value
    assert (error.field, error.position) == (field, position)
    assert str(error.value).startswith(value)
