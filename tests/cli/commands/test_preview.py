"""preview (docs/commands/preview.md)."""

import pytest

from tests.cli.conftest import Cli, Hands

SHOP = """
[defaults]
task = "shop.clean_up"
zone = "Europe/Amsterdam"

[schedules.tidy]
when = "0 3 * * *"

[schedules.sweep]
when = "0 2 * * *"
zone = "UTC"

[schedules.rest]
when = "10 minutes after completion"

[schedules.idle]
when = "0 3 * * *"
"""
CLOSED = """
[defaults]
task = "shop.clean_up"
when = "@hourly"

[calendars]
night = "daily 22:00-06:00"

[schedules.waits]
closed = "wait during night"

[schedules.skips]
closed = "skip during night"
"""
SUMMER = ("--zone", "Europe/Amsterdam", "--between", "2026-03-28T09:00", "2026-03-30T09:00")


def test_all_moments_between_two_are_listed_both_included(cli: Cli) -> None:
    said = cli("preview", "0 9 * * *", *SUMMER)
    assert [line[:23] for line in said.out.splitlines()[1:]] == [
        "Sat 2026-03-28 09:00:00",
        "Sun 2026-03-29 09:00:00",
        "Mon 2026-03-30 09:00:00",
    ]
    assert ["← the clocks change" in line for line in said.out.splitlines()[1:]] == [False, True, False]
    listed = cli("preview", "0 9 * * *", *SUMMER, "--json").json
    assert [each["utc"] for each in listed["between"]] == [
        "2026-03-28T08:00:00Z",
        "2026-03-29T07:00:00Z",
        "2026-03-30T07:00:00Z",
    ]
    assert listed["complete"] is True


def test_a_window_with_very_many_moments_is_cut_and_says_so(cli: Cli) -> None:
    day = ("--between", "2026-01-01", "2026-01-02")
    assert cli("preview", "* * * * * *", *day).out.splitlines()[-1] == "Only the first 10,000 are shown."
    assert cli("preview", "* * * * * *", *day, "--json").json["complete"] is False


def test_a_window_that_ends_before_it_begins_is_refused(cli: Cli) -> None:
    refused = cli("preview", "@daily", "--between", "2026-01-02", "2026-01-01")
    assert (refused.code, "lies before the first" in refused.error) == (2, True)


def test_a_moment_is_one_of_them_or_not_and_the_exit_code_says_it(cli: Cli) -> None:
    cli.sync(SHOP)
    yes = cli("preview", "tidy", "--matches", "2026-11-24T03:00")
    assert yes.code == 0
    assert yes.out.splitlines() == [
        "2026-11-24 03:00:00 CET: yes; every field matches 03:00:00 in Europe/Amsterdam.",
        "before: 2026-11-23 03:00:00 CET (24h ago)",
        "after: 2026-11-25 03:00:00 CET (in 24h)",
    ]
    no = cli("preview", "tidy", "--matches", "2026-11-24T03:30", "--json")
    assert no.code == 1
    assert no.json == {
        "moment": "2026-11-24T02:30:00Z",
        "matches": False,
        "why": "minute 30 is not among 0",
        "previous": "2026-11-24T02:00:00Z",
        "next": "2026-11-25T02:00:00Z",
        "dismissed": False,
        "waits_until": None,
    }


def test_what_a_closing_makes_of_a_moment_stands_beside_it(cli: Cli) -> None:
    cli.sync(CLOSED)
    out = cli("preview", "waits", "--from", "2026-11-24T01:30", "-n", "1").out.splitlines()
    assert out[1].endswith("closed (night): waits until 2026-11-24 06:00:00 UTC")
    matches = ("preview", "skips", "--matches", "2026-11-24T02:00")
    assert cli(*matches).out.splitlines()[1] == "closed (night): is dismissed."
    assert cli(*matches, "--json").json["dismissed"] is True
    [first] = cli("preview", "waits", "--from", "2026-11-24T01:30", "-n", "1", "--json").json["next"]
    assert (first["dismissed"], first["waits_until"]) == (False, "2026-11-24T06:00:00Z")


def test_the_reason_is_told_in_the_language_that_is_asked_for(cli: Cli) -> None:
    cli.sync(SHOP)
    told = cli("preview", "tidy", "--matches", "2026-11-24T03:30", "--lang", "nl").out.splitlines()
    assert told == [
        "2026-11-24 03:30:00 CET: nee; minuut 30 hoort niet bij 0.",
        "ervoor: 2026-11-24 03:00:00 CET (30m eerder)",
        "erna: 2026-11-25 03:00:00 CET (23h 30m later)",
    ]
    refused = cli("preview", "tidy", "--matches", "2026-11-24T03:30", "--lang", "xx")
    assert (refused.code, "en, nl, nb" in refused.error) == (cli("explain", "tidy", "--lang", "xx").code, True)


def test_the_fleet_is_asked_who_fires_at_a_moment(cli: Cli) -> None:
    cli.sync(SHOP)
    assert cli("pause", "idle", "--reason", "holidays").code == 0
    asked = ("preview", "--zone", "Europe/Amsterdam", "--matches", "2026-11-24T03:00")
    assert [each["name"] for each in cli(*asked, "--json").json["schedules"]] == ["sweep", "tidy"]
    assert cli(*asked).out.splitlines()[1].split()[:4] == ["sweep", "2026-11-24", "02:00:00", "UTC"]
    nobody = cli("preview", "--matches", "2026-11-24T03:01")
    assert (nobody.code, nobody.out) == (1, "No active schedule has an occurrence at this moment.\n")


@pytest.mark.parametrize("more", [("--between", "2026-01-01", "2026-01-02"), ("--matches", "2026-01-01")])
def test_what_follows_its_runs_has_no_windows_and_matches_nothing(cli: Cli, more: tuple[str, ...]) -> None:
    cli.sync(SHOP)
    refused = cli("preview", "rest", *more)
    assert refused.code == 4
    assert "its moments follow from when runs end" in refused.error


def test_nobody_is_previewed_without_a_name(cli: Cli) -> None:
    refused = cli("preview")
    assert (refused.code, "only --matches goes without" in refused.error) == (2, True)


def test_what_follows_its_runs_is_shown_from_the_moment_that_is_asked_for(cli: Cli, hands: Hands) -> None:
    del hands
    cli.sync(SHOP)
    for which in ("rest", "10 minutes after completion"):
        said = cli("preview", which)
        assert said.code == 0, said.err
        assert "2026-11-21 03:10:00" in said.out
        assert "if a run ends" in said.out
        shown = cli("preview", which, "--json").json
        assert [each["utc"] for each in shown["next"]] == ["2026-11-21T03:10:00Z"]
        assert shown["previous"] == []


def test_a_timetable_may_be_typed_without_quotes(cli: Cli) -> None:
    quoted, unquoted = cli("preview", "at 2030-01-01T03:00"), cli("preview", "at", "2030-01-01T03:00")
    assert quoted.code == unquoted.code == 0
    assert "2030-01-01 03:00:00" in unquoted.out


def test_where_the_shell_put_names_of_files_it_says_to_write_quotes(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(cli.folder)
    cli.file("", "notes.txt")
    refused = cli("preview", "0", "3", "notes.txt", "notes.txt", "notes.txt")
    assert refused.code == 2
    assert "in quotes" in refused.error
    assert "notes.txt" in refused.error


@pytest.mark.parametrize(
    "window", [("--from", "0001-01-01"), ("--from", "9999-12-31T23:59:59"), ("--between", "0001-01-01", "0001-01-02")]
)
def test_at_the_borders_of_the_calendar_there_is_just_less_to_show(cli: Cli, window: tuple[str, ...]) -> None:
    shown = cli("preview", "every 1 hour", *window)
    assert shown.code == 0, shown.err
    assert shown.out


@pytest.mark.parametrize(
    ("text", "zone", "shown"),
    [
        ("at 9999-12-31T23:59:59Z", "Asia/Tokyo", "9999-12-31 23:59:59  9999-12-31 23:59:59  +0000"),
        ("at 0001-01-01T00:00:00Z", "America/New_York", "00:00:00  +0000"),
    ],
)
def test_a_moment_that_no_clock_there_can_show_is_shown_in_utc(cli: Cli, text: str, zone: str, shown: str) -> None:
    assert shown in cli("preview", text, "--zone", zone).out
    assert cli("explain", text, "--zone", zone).code == 0
    assert cli("preview", text, "--zone", zone, "--matches", text[3:]).code == 0


@pytest.mark.parametrize("text", ["RRULE:FREQ=DAILY;COUNT=0", "rrule:FREQ=FORTNIGHTLY", "@dialy"])
def test_what_begins_as_a_timetable_of_one_word_is_no_name_with_a_slip(cli: Cli, text: str) -> None:
    for command in ("preview", "explain"):
        refused = cli(command, text)
        assert (refused.code, "at position" in refused.error) == (2, True)


def test_a_timetable_longer_than_any_name_of_a_file_is_read(cli: Cli) -> None:
    moments = ", ".join(f"2030-01-{day:02}T03:00" for day in range(1, 29))
    assert "2030-01-28 03:00:00" in cli("preview", f"at {moments}", "-n", "28").out


def test_a_language_that_is_not_there_is_refused_whatever_is_asked_for(cli: Cli) -> None:
    refused = cli("preview", "@daily", "--lang", "de")
    assert (refused.code, "en, nl, nb" in refused.error) == (2, True)
