"""Definitions: read with all faults at once, stored, compared (docs/concepts/edits.md)."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klokker.core.catchup import CatchUp, CatchUpKind
from klokker.core.closed import Closed, WhenClosed
from klokker.core.definition import (
    AfterSuccess,
    Definition,
    IfLost,
    InvalidDefinition,
    UnreadableDefinition,
    difference,
)
from klokker.core.errors import InvalidPolicy, TimetableError
from klokker.core.jitter import Jitter
from klokker.core.known import Known
from klokker.core.overlap import Overlap
from klokker.core.placement import Placement, PlacementKind
from klokker.core.retention import Retention
from klokker.core.retry import Retry
from klokker.core.timeout import Timeout

LEAST = {"name": "sweep", "task": "chores.sweep", "when": "0 3 * * *"}

WHOLE: dict[str, object] = {
    "name": "Sweep the floors",
    "task": "chores.sweep",
    "when": "30 2 * * *",
    "args": [1, "two", [3.5, None]],
    "kwargs": {"deep": {"er": True}},
    "description": "Every night.",
    "zone": "Europe/Amsterdam",
    "gap": "skip",
    "fold": "second",
    "starts": "2026-03-01T00:00:00+00:00",
    "ends": "2027-03-01T00:00:00+00:00",
    "max_runs": 500,
    "order": -3,
    "lane": "heavy",
    "placement": ["north", "south"],
    "catch_up": "within 2h",
    "grace": "5m",
    "overlap": "queue one",
    "closed": "wait during office",
    "jitter": "1m30s",
    "after_success": "delete",
    "retention": {"keep": "2d", "last": 3, "failures": "60d", "dismissals": "7d"},
    "retry": {"attempts": 5, "first": "30s", "factor": 2.0, "cap": "1h", "jitter": 0.1},
    "if_lost": "retry",
    "timeout": "none",
    "executor": "threads",
    "owner": "night shift",
    "runbook": "https://runbooks.example.org/sweep",
    "review_by": "2026-12-31T23:00:00+00:00",
    "labels": {"team": "night"},
    "silence": {"no-timeout": "it ends itself"},
    "engine_options": {"queue": "slow"},
    "declared_in": "chores.toml",
}

KNOWN = Known({"office": "daily 22:00-06:00", "other": "daily 01:00-02:00"}, {"home": "52.37,4.90"})
NAMED = {"calendars": {"office": "daily 22:00-06:00"}}


def faults(**fields: object) -> dict[str, str]:
    with pytest.raises(InvalidDefinition) as refused:
        Definition.read(LEAST | fields)
    return refused.value.faults


def test_the_least_definition_has_the_defaults() -> None:
    assert Definition.read(LEAST) == Definition(name="sweep", task="chores.sweep", when="0 3 * * *")


def test_every_field_is_read() -> None:
    assert set(WHOLE) | {"calendars", "places"} == set(Definition.__slots__)
    read = Definition.read(WHOLE, KNOWN)
    assert read == Definition(
        name="Sweep the floors",
        task="chores.sweep",
        when="30 2 * * *",
        args=(1, "two", [3.5, None]),
        kwargs={"deep": {"er": True}},
        description="Every night.",
        zone="Europe/Amsterdam",
        gap="skip",
        fold="second",
        starts=datetime(2026, 3, 1, tzinfo=UTC),
        ends=datetime(2027, 3, 1, tzinfo=UTC),
        max_runs=500,
        order=-3,
        lane="heavy",
        placement=Placement(PlacementKind.NAMED, ("north", "south")),
        catch_up=CatchUp(CatchUpKind.WITHIN, span=timedelta(hours=2)),
        grace=timedelta(minutes=5),
        overlap=Overlap.QUEUE_ONE,
        closed=Closed("office", WhenClosed.WAIT),
        jitter=Jitter(timedelta(seconds=90)),
        after_success=AfterSuccess.DELETE,
        retention=Retention(timedelta(days=2), 3, timedelta(days=60), timedelta(days=7)),
        retry=Retry(5),
        if_lost=IfLost.RETRY,
        timeout=Timeout(None),
        executor="threads",
        owner="night shift",
        runbook="https://runbooks.example.org/sweep",
        review_by=datetime(2026, 12, 31, 23, tzinfo=UTC),
        labels={"team": "night"},
        silence={"no-timeout": "it ends itself"},
        engine_options={"queue": "slow"},
        declared_in="chores.toml",
        calendars=NAMED["calendars"],
    )


def test_what_is_written_for_people_leaves_out_the_defaults_and_reads_back() -> None:
    assert Definition.read(LEAST).written() == LEAST
    assert Definition.read(WHOLE, KNOWN).written() == WHOLE


def test_a_definition_carries_the_texts_of_what_it_names_and_of_nothing_else() -> None:
    named = {"when": "sunset at home except calendar other", "closed": "skip during calendar office"}
    read = Definition.read(LEAST | named, KNOWN)
    assert (read.calendars, read.places) == (KNOWN.calendars, KNOWN.places)
    assert read.knowing(KNOWN) == read
    later = Known({**KNOWN.calendars, "office": "weekly SUN"}, KNOWN.places)
    assert read.knowing(later).calendars["office"] == "weekly SUN"
    assert Definition.read(LEAST, KNOWN).calendars == {}


def test_with_a_zone_that_does_not_exist_the_timetable_is_read_all_the_same() -> None:
    assert faults(when="0 25 * * *", zone="Europe/Amsterdm").keys() == {"when", "zone"}
    assert faults(when="0 3 * * *", zone="Europe/Amsterdm").keys() == {"zone"}


@pytest.mark.parametrize("field", ["calendars", "places"])
def test_what_names_stand_for_is_not_written_with_a_schedule(field: str) -> None:
    assert faults(**{field: {"office": "weekly SUN"}}).keys() == {field}


def test_a_name_that_is_not_known_is_told_with_those_that_are() -> None:
    with pytest.raises(InvalidDefinition) as refused:
        Definition.read(LEAST | {"when": "@daily except calendar othr", "closed": "skip during ofice"}, KNOWN)
    assert "did you mean other" in refused.value.faults["when"]
    assert "did you mean office" in refused.value.faults["closed"]


@pytest.mark.parametrize("fields", [LEAST, WHOLE])
def test_what_is_stored_has_every_field_and_reads_back(fields: dict[str, object]) -> None:
    definition = Definition.read(fields, KNOWN)
    assert set(definition.to_json()) == set(Definition.__slots__)
    assert Definition.from_json(definition.to_json()) == definition
    assert Definition.from_text(definition.to_text()) == definition


texts = st.text(max_size=20)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@settings(derandomize=True, deadline=None, max_examples=100)
@given(args=st.lists(json_values, max_size=3), kwargs=st.dictionaries(texts, json_values, max_size=3), owner=texts)
def test_whatever_arguments_are_json_come_back_from_the_store(
    args: list[Any], kwargs: dict[str, Any], owner: str
) -> None:
    definition = Definition.read({**LEAST, "args": args, "kwargs": kwargs, "owner": owner})
    assert Definition.from_text(definition.to_text()) == definition
    assert Definition.read(definition.written()) == definition


def test_all_faults_are_named_at_once_each_with_its_field() -> None:
    assert faults(
        name=" sweep",
        zone="Europe/Amsterdan",
        catch_up="newest",
        grace="-5m",
        max_runs=0,
        order=2**40,
        overlap=True,
        retry={"attempts": 0},
        executor="rockets",
        whn="0 4 * * *",
        labels={"team": 3},
        args={"days": 3},
    ) == {
        "whn": "is unknown; did you mean when?",
        "zone": "is wrong: zone 'Europe/Amsterdan': not in the time zone data; did you mean Europe/Amsterdam?",
        "name": "must be 1 to 200 printable characters without blanks around, got ' sweep'",
        "args": "must be a list, got {'days': 3}",
        "max_runs": "must be from 1 to 2147483647, got 0",
        "order": "must be from -2147483647 to 2147483647, got 1099511627776",
        "catch_up": "must be latest, all, all N, none or within SPAN, got 'newest'",
        "grace": faults(grace="-5m")["grace"],
        "overlap": "must be skip, queue one, queue all, replace or allow, got True",
        "retry": faults(retry={"attempts": 0})["retry"],
        "executor": "must be processes or threads or inline, got 'rockets'",
        "labels": "must be a text, got 3",
    }


def test_the_message_names_the_schedule_and_every_fault() -> None:
    with pytest.raises(InvalidDefinition) as refused:
        Definition.read(LEAST | {"lane": "", "max_runs": "many"})
    assert str(refused.value) == (
        "schedule 'sweep': max_runs must be a whole number, got 'many'; "
        "lane must be 1 to 200 printable characters without blanks around, got ''"
    )


def test_name_task_and_timetable_are_needed() -> None:
    with pytest.raises(InvalidDefinition) as refused:
        Definition.read({})
    assert refused.value.faults == {"name": "is missing", "task": "is missing", "when": "is missing"}


def test_a_timetable_that_cannot_be_read_is_a_fault_of_when() -> None:
    assert "hour" in faults(when="0 24 * * *")["when"]


@pytest.mark.parametrize("name", ["sweep#12", "", "a" * 201, "tab\there", 7])
def test_a_name_that_could_not_be_told_apart_is_refused(name: object) -> None:
    assert set(faults(name=name)) == {"name"}


def test_ends_before_starts_is_refused() -> None:
    assert "must not lie before starts" in faults(starts="2026-05-02", ends="2026-05-01")["ends"]


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-05-01T12:00", datetime(2026, 5, 1, 10, tzinfo=UTC)),
        ("2026-05-01T12:00Z", datetime(2026, 5, 1, 12, tzinfo=UTC)),
        ("2026-05-01", datetime(2026, 4, 30, 22, tzinfo=UTC)),
        (date(2026, 5, 1), datetime(2026, 4, 30, 22, tzinfo=UTC)),
        (datetime(2026, 5, 1, 12), datetime(2026, 5, 1, 10, tzinfo=UTC)),  # noqa: DTZ001 - as TOML gives it
        ("2026-03-29T02:30", datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),  # in the gap: its end
        ("2026-10-25T02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # in the fold: the first
    ],
)
def test_a_time_without_an_offset_is_read_on_the_clocks_of_the_zone(written: object, moment: datetime) -> None:
    assert Definition.read(LEAST | {"zone": "Europe/Amsterdam", "starts": written}).starts == moment


@pytest.mark.parametrize("written", ["tomorrow", 20260501, "9999-12-31T23:59-10:00", "0001-01-01T00:00+10:00"])
def test_what_is_no_moment_is_refused(written: object) -> None:
    assert set(faults(starts=written)) == {"starts"}


@pytest.mark.parametrize("value", [float("nan"), b"bytes", {3: "three"}, datetime(2026, 1, 1, tzinfo=UTC)])
def test_arguments_that_are_no_json_are_refused(value: object) -> None:
    assert set(faults(kwargs={"value": value})) == {"kwargs"}


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "[]",
        "null",
        "{",
        '{"name": "sweep"}',
        json.dumps(LEAST | {"overlap": "sometimes"}),
        json.dumps(LEAST | {"grace": 60}),
        json.dumps(LEAST | {"new_field": 1}),
        json.dumps(LEAST | {"starts": "2026-05-02", "ends": "2026-05-01"}),
        "[" * 100_000,
        "\x00",
    ],
)
def test_a_stored_definition_that_makes_no_sense_is_one_clear_error(stored: str) -> None:
    with pytest.raises(UnreadableDefinition, match=r"the stored definition cannot be read: .*; edit the schedule"):
        Definition.from_text(stored)


def test_a_stored_timetable_that_cannot_be_evaluated_is_found_when_it_is_asked_for() -> None:
    stored = Definition.from_json({**LEAST, "when": "61 * * * *", "zone": "Mars/Olympus"})
    with pytest.raises(TimetableError):
        stored.timetable()
    with pytest.raises(TimetableError):
        stored.rest()


def test_fields_that_a_later_version_added_have_their_defaults() -> None:
    old = {name: value for name, value in Definition.read(LEAST).to_json().items() if name not in ("jitter", "labels")}
    assert Definition.from_json(old) == Definition.read(LEAST)


def test_the_same_text_is_read_once() -> None:
    text = Definition.read(WHOLE, KNOWN).to_text()
    assert Definition.from_text(text) is Definition.from_text(text)


def test_an_edit_is_told_field_by_field_in_the_words_of_the_definition() -> None:
    old, new = Definition.read(LEAST), Definition.read(LEAST | {"when": "0 4 * * *", "retry": {"attempts": 3}})
    changes = difference(old, new)
    assert set(changes) == {"when", "retry"}
    assert changes["when"] == ["0 3 * * *", "0 4 * * *"]
    assert difference(new, new) == {}


def test_a_definition_made_in_code_refuses_nonsense_too() -> None:
    with pytest.raises(InvalidPolicy) as refused:
        Definition(name="a", task="b", when="@daily", max_runs=0, starts=datetime(2026, 1, 1))  # noqa: DTZ001 - on purpose
    assert set(refused.value.faults) == {"max_runs", "starts"}


def test_h_spreads_by_the_name_of_the_schedule() -> None:
    one, other = (Definition.read(LEAST | {"name": name, "when": "H H * * *"}).timetable() for name in ("a", "b"))
    moment = datetime(2026, 5, 1, tzinfo=UTC)
    assert one.after(moment) != other.after(moment)


def test_only_after_completion_rests() -> None:
    assert Definition.read(LEAST).rest() is None
    assert Definition.read(LEAST | {"when": "10 minutes after completion"}).rest() == timedelta(minutes=10)
