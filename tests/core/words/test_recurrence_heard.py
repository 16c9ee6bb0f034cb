"""Recurrence rules in words: who hears them in English knows when they come (docs/timetables/words.md)."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import islice

from hypothesis import example, given
from hypothesis import strategies as st

from klokker import timetable
from klokker.core.errors import TooSparse
from klokker.core.words.explain import explain
from tests.core.words.hearing_rules import heard_rule

START = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


@st.composite
def rules(draw: st.DrawFn) -> str:
    """Rules whose words tell all of it: no weeks or days of the year, no positions, no seconds."""
    freq = draw(st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY"]))
    parts = [f"FREQ={freq}", f"INTERVAL={draw(st.sampled_from([1, 1, 2, 3, 7]))}"]

    def listed(name: str, numbers: st.SearchStrategy[object], most: int = 4) -> None:
        if draw(st.booleans()):
            chosen = draw(st.lists(numbers.map(str), min_size=1, max_size=most, unique=True))
            parts.append(f"{name}={','.join(chosen)}")

    if freq == "YEARLY":
        parts.append(f"BYMONTH={draw(st.integers(1, 12))}")
    else:
        listed("BYMONTH", st.integers(1, 12))
    if freq in ("YEARLY", "MONTHLY"):
        nth = st.sampled_from(["", "", "1", "2", "4", "-1", "-2"])
        listed("BYDAY", st.builds("{}{}".format, nth, st.sampled_from(WEEKDAYS)))
    else:
        listed("BYDAY", st.sampled_from(WEEKDAYS), 7)
    if freq != "WEEKLY":
        listed("BYMONTHDAY", st.one_of(st.integers(1, 31), st.integers(-31, -1)))
    listed("BYHOUR", st.integers(0, 23), 8)
    listed("BYMINUTE", st.integers(0, 59))
    return ";".join(parts)


@given(rules(), st.lists(st.integers(0, 1500), min_size=3, max_size=3))
@example("FREQ=MONTHLY;BYDAY=MO,-1FR;BYMONTHDAY=13,-1", [0, 1, 2])
@example("FREQ=DAILY;INTERVAL=3;BYDAY=MO,TU,WE;BYHOUR=8,12", [0, 1, 2])
@example("FREQ=HOURLY;INTERVAL=5;BYHOUR=9,10;BYMINUTE=0,30", [0, 1, 2])
@example("FREQ=MINUTELY;INTERVAL=7;BYMINUTE=0,7,14;BYDAY=SA,SU", [0, 5, 6])
def test_who_hears_a_rule_knows_when_it_comes(rule: str, days: list[int]) -> None:
    asked = timetable(f"DTSTART:{START:%Y%m%dT%H%M%S} RRULE:{rule}")
    words = explain(asked)[0].removesuffix(".")
    claims = heard_rule(words)
    looked_at = {START + timedelta(days=n) for n in days}
    with suppress(TooSparse):
        looked_at |= set(islice(asked.between(START - MINUTE, START + 1500 * DAY), 3))
    for midnight in {day.replace(hour=0, minute=0) for day in looked_at}:
        comes: set[datetime] = set()
        with suppress(TooSparse):
            comes.update(asked.between(midnight - MINUTE, midnight + DAY - MINUTE))
        heard = {at for n in range(1440) if claims((at := midnight + n * MINUTE).replace(tzinfo=None))}
        assert heard == comes, words
