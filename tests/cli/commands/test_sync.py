"""sync (docs/commands/sync.md)."""

import pytest

from klokker.core.lifecycle import ScheduleState
from klokker.django.models import Revision, Schedule
from tests.cli.conftest import Cli

SHOP = """
[schedules.clean-up]
task = "shop.clean_up"
when = "0 3 * * *"

[schedules.foreign]
task = "elsewhere.work"
when = "@daily"
"""


def standing() -> dict[str, str]:
    return dict(Schedule.objects.exclude(state=ScheduleState.RETIRED).values_list("name", "when"))


def test_the_plan_is_shown_and_done_only_with_a_yes(anywhere: Cli) -> None:
    file = anywhere.file(SHOP)
    asked = anywhere("sync", file)
    assert asked.code == 4
    assert asked.out.splitlines() == [
        "+ clean-up  0 3 * * *  shop.clean_up",
        "+ foreign  @daily  elsewhere.work (task not found in registry)",
    ]
    assert asked.error == "nothing was changed: the sync needs a yes; look at what is said above and say --yes"
    assert standing() == {}
    done = anywhere("sync", file, "--yes")
    assert done.out.splitlines()[-1] == "done: 2 created, 0 edited, 0 retired, 0 unchanged"
    assert standing() == {"clean-up": "0 3 * * *", "foreign": "@daily"}


def test_what_vanished_from_the_file_is_retired_and_others_are_left_alone(cli: Cli) -> None:
    cli.sync(SHOP)
    cli.sync('[schedules.theirs]\ntask = "x"\nwhen = "@daily"\n', "theirs.toml")
    Schedule.objects.filter(name="foreign").update(origin="managed")
    said = cli.sync('[schedules.foreign]\ntask = "shop.clean_up"\nwhen = "@hourly"\n')
    assert said.out.splitlines() == [
        "- clean-up",
        "  foreign: left alone, it was made by hand, or taken over",
        "done: 0 created, 0 edited, 1 retired, 0 unchanged",
    ]
    assert standing() == {"foreign": "@daily", "theirs": "@daily"}


def test_a_second_sync_has_nothing_to_do(cli: Cli) -> None:
    cli.sync(SHOP)
    again = cli("sync", cli.file(SHOP))
    assert (again.code, again.out) == (0, "Nothing to do: 2 schedules of shop stand as declared.\n")
    assert Revision.objects.count() == 2


def test_check_changes_nothing_and_says_whether_there_is_something_to_do(cli: Cli) -> None:
    cli.sync(SHOP)
    assert cli("sync", cli.file(SHOP), "--check").code == 0
    edited = cli("sync", cli.file(SHOP.replace("0 3", "0 4")), "--check")
    assert edited.code == 1
    assert edited.out.splitlines() == ["~ clean-up", "    when: 0 3 * * * → 0 4 * * *"]
    assert standing()["clean-up"] == "0 3 * * *"


def test_the_plan_as_json(cli: Cli) -> None:
    no_calendars: dict[str, list[str]] = {"create": [], "edit": [], "remove": [], "leave": []}
    plan = {
        "source": "shop",
        "edit": [],
        "retire": [],
        "leave": [],
        "unchanged": 0,
        "calendars": no_calendars,
    }
    file = cli.file(SHOP)
    assert cli("sync", file, "--check", "--json").json == {**plan, "create": ["clean-up", "foreign"], "done": False}
    assert cli("sync", file, "--yes", "--json").json == {**plan, "create": ["clean-up", "foreign"], "done": True}


def test_every_fault_of_a_file_is_named_at_once_and_nothing_is_written(anywhere: Cli) -> None:
    wrong = anywhere.file(
        """
sauce = "shop"

[schedules.fine]
task = "shop.clean_up"
when = "@daily"

[schedules.odd]
tsk = "shop.clean_up"
when = "0 25 * * *"
zone = "Europe/Amsterdm"

[schedules.Fine]
task = "shop.clean_up"
when = "@daily"
"""
    )
    refused = anywhere("sync", wrong, "--yes")
    assert refused.code == 2
    assert refused.out == ""
    first, *faults = refused.error.splitlines()
    assert first == f"{wrong} is refused, and nothing was changed:"
    assert [fault.partition(": ")[0].strip() for fault in faults if fault.partition(": ")[1]] == [
        "sauce",
        "schedules.odd.tsk",
        "schedules.odd.zone",
        "schedules.odd.task",
        "schedules.odd.when",
        "schedules.Fine",
    ]
    assert faults[0] == "  sauce: has no meaning here; did you mean source?"
    assert "not in the time zone data; did you mean Europe/Amsterdam" in refused.error
    assert faults[-1].endswith("differs from 'fine' only in case; names are one whatever their case")
    assert standing() == {}


def test_a_bad_timetable_is_shown_with_a_mark_where_it_is_bad(cli: Cli) -> None:
    refused = cli("sync", cli.file('[schedules.odd]\ntask = "shop.clean_up"\nwhen = "0 25 * * *"\n'), "--yes")
    assert refused.error.splitlines()[1:] == [
        "  schedules.odd.when: is wrong: hour '25' at position 2: write 0 to 23",
        "    0 25 * * *",
        "      ^",
    ]


def test_all_arguments_that_do_not_fit_their_tasks_are_named_before_anything_is_shown(cli: Cli) -> None:
    refused = cli(
        "sync",
        cli.file(
            '[schedules.a]\ntask = "shop.clean_up"\nwhen = "@daily"\nkwargs = { dayz = 3 }\n'
            '[schedules.b]\ntask = "shop.clean_up"\nwhen = "@daily"\nkwargs = { days = "x" }\n'
        ),
        "--yes",
    )
    assert (refused.code, refused.out) == (2, "")
    assert refused.error.splitlines()[1:] == [
        "  schedules.a.kwargs.dayz: is no parameter; did you mean days?",
        '  schedules.b.kwargs.days: must be a valid integer, got "x"',
    ]
    assert standing() == {}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[schedules.a\n", "  it is no TOML: Expected ']' at the end of a table declaration (at line 1, column 13)"),
        ("schedules = 3\n", "  schedules: must be a table, got 3"),
        ("[schedules]\na = 1\n", "  schedules.a: must be a table of fields, got 1"),
        (
            "",
            "  schedules: is missing: without it, all schedules of this source would be retired; if so, write [schedules]",
        ),
        ("source = ''\n[schedules]\n", "  source: must be 1 to 200 printable characters without blanks around, got ''"),
        ("a = " + "[" * 5000, "  its tables and lists are nested too deeply; 100 within each other is the most"),
        (
            '[schedules."a#3"]\ntask = "t"\nwhen = "@daily"\n',
            "  schedules.a#3.name: must not end in # and digits, which is how a retired schedule is named, got 'a#3'",
        ),
        (
            f'[schedules.{"a" * 201}]\ntask = "t"\nwhen = "@daily"\n',
            f"  schedules.{'a' * 201}.name: must be 1 to 200 printable characters without blanks around",
        ),
        (
            '[schedules.a]\ntask = "t"\nwhen = "@daily"\ngrace = "-5s"\n',
            "  schedules.a.grace: is wrong: '-5s' is not a duration",
        ),
        (
            '[schedules.a]\ntask = "t"\nwhen = "@daily"\nmax_runs = -1\n',
            "  schedules.a.max_runs: must be from 1 to 2147483647, got -1",
        ),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_with_what_would(cli: Cli, text: str, fault: str) -> None:
    refused = cli("sync", cli.file(text), "--yes")
    assert refused.code == 2
    assert refused.error.splitlines()[0].endswith("is refused, and nothing was changed:")
    assert refused.error.splitlines()[1].startswith(fault)


def test_a_file_that_cannot_be_read_is_named(cli: Cli) -> None:
    missing = cli("sync", "nowhere.toml")
    assert (missing.code, missing.error) == (3, "there is no file nowhere.toml")
    assert cli("sync", str(cli.folder)).error.endswith("\n  Is a directory")
    latin = cli.folder / "latin.toml"
    latin.write_bytes(b'source = "caf\xe9"')
    assert cli("sync", str(latin)).error.endswith("\n  it is no UTF-8 text: byte 13 is 0xe9")
    assert cli("sync", "/dev/zero").error.endswith("\n  it is too long; it may hold 16,777,216 bytes")
