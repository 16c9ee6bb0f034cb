"""`klokker calendar`: calendars by name, and the schedules that go by them (docs/commands/calendar.md)."""

import io
import sys
from datetime import timedelta
from types import SimpleNamespace

import pytest

from klokker.django.models import Calendar, CalendarVersion, Revision, Run, Schedule, Timer
from tests.cli.conftest import Cli

NIGHT = "zone Europe/Amsterdam\ndaily 22:00-06:00"
EVER = "daily 00:00-24:00"

SHOP = """
[calendars]
night = "daily 22:00-06:00"

[schedules.by-day]
task = "shop.clean_up"
when = "0 * * * * except calendar night"

[schedules.waiting]
task = "shop.clean_up"
when = "0 * * * *"
closed = "wait during night"
"""


def texts() -> dict[str, list[str]]:
    """Each calendar's texts, oldest first."""
    found: dict[str, list[str]] = {}
    for version in CalendarVersion.objects.order_by("number").select_related("calendar"):
        found.setdefault(version.calendar.name, []).append(version.text)
    return found


def carried(schedule: str) -> dict[str, str]:
    newest = Revision.objects.filter(schedule__name=schedule).latest("number")
    calendars: dict[str, str] = newest.definition["calendars"]
    return calendars


def test_one_is_added_from_words_a_file_or_the_input(anywhere: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    assert anywhere("calendar", "add", "a", "daily", "01:00-02:00").code == 0
    assert (
        anywhere("calendar", "add", "b", "--file", anywhere.file(NIGHT, "night.txt"), "--reason", "why not").code == 0
    )
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"\xef\xbb\xbfdates 12-24\r\ndates 12-25")))
    assert anywhere("calendar", "add", "c", "-", "--description", "Christmas").code == 0
    assert texts() == {"a": ["daily 01:00-02:00"], "b": [NIGHT], "c": ["dates 12-24\ndates 12-25"]}
    assert Calendar.objects.get(name="c").description == "Christmas"
    assert CalendarVersion.objects.get(calendar__name="b").why == "why not"
    listed = anywhere("calendar", "list", "--json").json["calendars"]
    assert [(each["name"], each["version"], each["schedules"], each["fault"]) for each in listed] == [
        ("a", 1, [], None),
        ("b", 1, [], None),
        ("c", 1, [], None),
    ]


def test_an_ics_file_is_a_calendar(cli: Cli) -> None:
    ics = "\r\n".join(
        (
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//test//EN",
            "BEGIN:VEVENT",
            "UID:1",
            "DTSTART;VALUE=DATE:20991224",
            "DTEND;VALUE=DATE:20991227",
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        )
    )
    assert cli("calendar", "add", "c", "--file", cli.file(ics, "c.ics")).code == 0
    shown = cli("calendar", "show", "c", "--json").json
    assert shown["windows"] == [{"from": "2099-12-24T00:00:00Z", "until": "2099-12-27T00:00:00Z"}]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("add", "a b", "holidays NL"), 2, "name must be letters"),
        (("add", "x", "holidas NL"), 2, "write one of: `holidays NL`"),
        (("add", "x"), 2, "say its TEXT, or --file FILE"),
        (("add", "x", "holidays NL", "--file", "y"), 2, "one of them"),
        (("add", "x", "--file", "/nowhere/at/all"), 2, "No such file"),
        (("add", "night", "holidays NL"), 4, "there is a calendar 'night' already"),
        (("edit", "nihgt", "holidays NL"), 3, "did you mean night?"),
        (("edit", "night"), 2, "say what is to be"),
        (("edit", "night", "weekly MON", "--expect", "7"), 4, "began at version 7, and the newest is 1"),
        (("edit", "night", EVER, "--yes"), 2, "under this text\n  by-day: "),
        (("edit", "night", "weekly MON"), 4, "the change of 2 schedules needs a yes"),
        (("remove", "night"), 4, "by-day, waiting name it"),
        (("remove", "x"), 3, "there is no calendar 'x'"),
        (("show", "x"), 3, "there is no calendar 'x'"),
        (("show", "night", "--version", "3"), 3, "has no version 3"),
        (("show", "night", "--zone", "Europe/Atlantis"), 2, "Europe/Atlantis"),
        (("apply", "x"), 3, "there is no calendar"),
        (("edit", "declared", "weekly MON"), 4, "is declared in shop: edit it there and sync"),
    ],
)
def test_what_cannot_be_is_refused_in_one_message_and_nothing_is_written(
    cli: Cli, arguments: tuple[str, ...], code: int, says: str
) -> None:
    cli.sync(SHOP.replace("night =", "declared = 'weekly TUE'\nnight ="))
    Calendar.objects.filter(name="night").update(origin="managed", declared_in="")
    before = texts(), list(Revision.objects.values_list("pk", flat=True))
    said = cli("calendar", *arguments)
    assert (said.code, says in said.error) == (code, True), said
    assert (texts(), list(Revision.objects.values_list("pk", flat=True))) == before


def test_an_edit_shows_what_each_schedule_would_do_and_then_does_it(anywhere: Cli) -> None:
    anywhere("calendar", "add", "night", "daily 22:00-06:00")
    anywhere.sync(SHOP.replace('[calendars]\nnight = "daily 22:00-06:00"', ""))
    shown = anywhere("calendar", "edit", "night", "daily 00:00-12:00", "--dry-run", "--json").json
    assert (shown["done"], shown["version_before"], shown["version"], shown["changes"]) == (False, 1, 2, True)
    assert [(each["name"], len(each["next"])) for each in shown["schedules"]] == [("by-day", 5), ("waiting", 5)]
    assert all(int(at[11:13]) >= 12 for at in shown["schedules"][0]["next"])
    assert texts()["night"] == ["daily 22:00-06:00"]
    told = anywhere("calendar", "edit", "night", "daily 12:00-13:00", "--reason", "lunch", "--yes")
    assert told.code == 0, told
    assert "calendar night: version 1 → 2\n  - daily 22:00-06:00\n  + daily 12:00-13:00\n" in told.out
    assert carried("by-day") == carried("waiting") == {"night": "daily 12:00-13:00"}
    assert set(Revision.objects.filter(number=2).values_list("why", flat=True)) == {"calendar night: lunch"}
    assert not Run.objects.exists()
    again = anywhere("calendar", "edit", "night", "daily 12:00-13:00", "--json").json
    assert (again["changes"], again["version"], again["done"]) == (False, 2, True)
    assert anywhere("calendar", "show", "night", "--version", "1", "--json").json["text"] == "daily 22:00-06:00"


def test_what_waits_is_listed(anywhere: Cli) -> None:
    anywhere.sync(SHOP)
    wide = "from 2020-01-01T00:00Z to 2099-01-01T00:00Z"
    anywhere.sync(
        SHOP.replace("[schedules.by-day]", "[schedules.x]")
        .replace("except calendar night", "")
        .replace("daily 22:00-06:00", wide)
    )
    timer = Timer.objects.get(schedule__name="waiting")
    hour = timer.since.replace(minute=0, second=0, microsecond=0)
    since = hour - timedelta(hours=3)
    Timer.objects.filter(pk=timer.pk).update(since=since, handled_until=since)
    Revision.objects.filter(schedule__name="waiting", number=2).update(holds_from=since)
    Revision.objects.filter(schedule__name="waiting", number=1).update(holds_from=since)
    shown = anywhere("calendar", "show", "night", "--json").json
    first = f"{since + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    (waits,) = shown["waits"]
    assert (waits["schedule"], waits["since"], waits["until"]) == ("waiting", first, "2099-01-01T00:00:00Z")
    assert waits["count"] in (3, 4), "another hour may have begun meanwhile"
    assert anywhere("show", "waiting", "--json").json["waiting"]["since"] == first
    listed = {each["name"]: each for each in anywhere("list", "--json").json["schedules"]}
    assert listed["waiting"]["closed_until"] == "2099-01-01T00:00:00Z"
    assert listed["x"]["closed_until"] is None
    (calendar,) = anywhere("calendar", "list", "--json").json["calendars"]
    assert (calendar["waiting"] in (3, 4), calendar["in_window"]) == (True, True)


def test_a_file_declares_calendars_edits_them_and_removes_them(anywhere: Cli) -> None:
    assert "+ calendar night  daily 22:00-06:00" in anywhere.sync(SHOP).out
    assert anywhere.sync(SHOP).out == "Nothing to do: 2 schedules of shop stand as declared.\n"
    row = Calendar.objects.get()
    assert (row.origin, row.declared_in, row.version) == ("declared", "shop", 1)
    edited = SHOP.replace("22:00", "23:00").replace('"0 * * * *"', '"30 * * * *"')
    told = anywhere.sync(edited).out
    assert "~ calendar night: version 1 → 2" in told
    assert "calendars: 0 made, 1 edited, 0 removed" in told
    assert carried("by-day") == {"night": "daily 23:00-06:00"}
    numbers = dict(Schedule.objects.values_list("name", "revision"))
    assert numbers == {"by-day": 2, "waiting": 2}, "whatever changes of a schedule is one revision"
    plain = '[schedules.by-day]\ntask = "shop.clean_up"\nwhen = "0 * * * *"\n'
    plan = anywhere("sync", anywhere.file(plain), "--check", "--json").json
    assert plan["calendars"] == {"create": [], "edit": [], "remove": ["night"], "leave": []}
    assert "- calendar night" in anywhere.sync(plain).out
    assert Calendar.objects.get().removed
    anywhere.sync(SHOP)
    assert texts() == {"night": ["daily 22:00-06:00", "daily 23:00-06:00", "daily 22:00-06:00"]}


def test_an_edit_in_a_file_reaches_schedules_of_others(cli: Cli) -> None:
    cli.sync(SHOP)
    cli.sync('[schedules.foreign]\ntask = "shop.clean_up"\nwhen = "0 12 * * * except calendar night"\n', "other.toml")
    told = cli.sync(SHOP.replace("22:00", "21:00")).out
    assert "foreign: its next 5 moments stay" in told
    assert carried("foreign") == {"night": "daily 21:00-06:00"}


def test_what_is_refused_for_one_schedule_changes_nothing_of_a_sync(anywhere: Cli) -> None:
    anywhere.sync(SHOP)
    anywhere.sync(
        '[schedules.foreign]\ntask = "shop.clean_up"\nwhen = "0 12 * * * except calendar night"\n', "other.toml"
    )
    before = texts(), dict(Schedule.objects.values_list("name", "revision"))
    wide = SHOP.replace("22:00-06:00", "11:00-13:00").replace("[schedules.waiting]", "[schedules.renamed]")
    said = anywhere("sync", anywhere.file(wide), "--yes")
    assert said.code == 2
    assert "foreign: " in said.error
    assert (texts(), dict(Schedule.objects.values_list("name", "revision"))) == before


def test_a_calendar_that_somebody_else_keeps_is_left_alone_and_gone_by(cli: Cli) -> None:
    cli("calendar", "add", "night", "daily 20:00-21:00")
    told = cli.sync(SHOP).out
    assert "calendar night: left alone, it was made by hand, or taken over" in told
    assert carried("by-day") == carried("waiting") == {"night": "daily 20:00-21:00"}
    assert cli.sync(SHOP).out.endswith("Nothing to do: 2 schedules of shop stand as declared.\n")


def test_a_file_that_drops_a_calendar_which_its_schedules_name_is_refused_with_their_names(cli: Cli) -> None:
    cli.sync(SHOP)
    said = cli("sync", cli.file(SHOP.replace('night = "daily 22:00-06:00"', "")), "--check")
    assert said.code == 2
    assert "schedules.by-day: names calendar 'night', which this source declared" in said.error


def test_names_of_places_come_from_the_settings(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KLOKKER_PLACES", "amsterdam:52.37,4.90")
    lights = '[schedules.lights]\ntask = "shop.clean_up"\nwhen = "sunset at amsterdam"\n'
    cli.sync(lights)
    assert Revision.objects.get().definition["places"] == {"amsterdam": "52.37,4.9"}
    assert cli("preview", "sunset at amsterdam", "-n", "1").code == 0
    monkeypatch.setenv("KLOKKER_PLACES", "amsterdam:52.3676,4.9041")
    assert "~ lights" in cli.sync(lights).out
    monkeypatch.delenv("KLOKKER_PLACES")
    assert cli("show", "lights").code == 0, "what a schedule names, it carries"
    assert "KLOKKER_PLACES names some" in cli("preview", "sunset at amsterdam").error


def test_a_schedule_that_was_left_with_an_older_text_is_found_and_set_right(anywhere: Cli) -> None:
    anywhere.sync(SHOP)
    row = CalendarVersion.objects.get()
    CalendarVersion.objects.filter(pk=row.pk).update(text="daily 20:00-06:00")
    found = {
        each["subject"]: each for each in anywhere("check", "--json").json["findings"] if each["kind"] == "calendar"
    }
    assert found["night"]["details"] == {"schedules": ["by-day", "waiting"]}
    assert "`klokker calendar apply night`" in found["night"]["reason"]
    assert anywhere("calendar", "apply", "night", "--yes").code == 0
    assert carried("by-day") == {"night": "daily 20:00-06:00"}
    assert [each for each in anywhere("check", "--json").json["findings"] if each["kind"] == "calendar"] == []


def test_a_calendar_that_somebody_spoilt_is_named_and_harms_nobody_else(anywhere: Cli) -> None:
    anywhere.sync(SHOP)
    anywhere("calendar", "add", "sound", "daily 01:00-02:00")
    for spoil in (
        lambda: CalendarVersion.objects.filter(calendar__name="night").update(text="what is this"),
        lambda: CalendarVersion.objects.filter(calendar__name="night").delete(),
    ):
        spoil()
        listed = {each["name"]: each["fault"] for each in anywhere("calendar", "list", "--json").json["calendars"]}
        assert listed["sound"] is None
        assert listed["night"]
        assert "cannot be read" in anywhere("calendar", "show", "night").out
        reasons = [
            each["reason"] for each in anywhere("check", "--json").json["findings"] if each["kind"] == "calendar"
        ]
        assert [reason.startswith("calendar night cannot be read") for reason in reasons] == [True]
        said = anywhere("preview", "0 9 * * * except calendar night")
        assert (said.code, "cannot be read" in said.error) == (2, True)
        assert anywhere("preview", "0 9 * * * except calendar sound").code == 0
        assert anywhere("preview", "by-day").code == 0, "it carries its own text"
        assert anywhere("tick").code == 0
    assert anywhere("calendar", "edit", "night", "daily 22:00-06:00", "--take-over", "--yes").code == 0
    assert anywhere("calendar", "show", "night", "--json").json["fault"] is None


def test_a_removed_calendar_is_shown_with_its_versions_and_no_timetable_names_it(cli: Cli) -> None:
    cli("calendar", "add", "night", "daily 22:00-06:00")
    assert "removed; its 1 version is kept" in cli("calendar", "remove", "night", "--yes", "--reason", "lights on").out
    assert cli("calendar", "list", "--json").json == {"calendars": []}
    shown = cli("calendar", "show", "night", "--json").json
    assert (shown["removed"], shown["text"], len(shown["versions"])) == (True, "daily 22:00-06:00", 1)
    assert "no calendars are known here" in cli("preview", "0 * * * * except calendar night").error
    assert cli("calendar", "add", "night", "daily 01:00-02:00").out.startswith("calendar night: made, version 2\n")


def test_a_schedule_that_the_same_sync_retires_hinders_no_edit_of_its_calendar(cli: Cli) -> None:
    cli.sync(SHOP)
    noon = '[schedules.noon]\ntask = "shop.clean_up"\nwhen = "0 12 * * * except calendar night"\n'
    cli.sync(SHOP + noon)
    told = cli.sync(SHOP.replace("22:00-06:00", "11:00-13:00"))
    assert "- noon" in told.out
    assert carried("by-day") == {"night": "daily 11:00-13:00"}
    assert carried("noon") == {"night": "daily 22:00-06:00"}
