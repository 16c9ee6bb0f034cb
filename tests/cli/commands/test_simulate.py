"""`klokker simulate`: a file of schedules, played in memory; what would run, what would be caught up or dismissed, and why."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Klokker

ROOT = Path(__file__).parents[3]

FILE = """
[defaults]
zone = "Europe/Amsterdam"

[schedules.nightly]
task = "shop.clean_up"
when = "30 2 * * *"

[schedules.hourly]
task = "shop.count"
when = "0 * * * *"
timeout = "2h"
"""


@pytest.fixture
def simulate(klokker: Klokker, tmp_path: Path) -> Klokker:
    (tmp_path / "shop.toml").write_text(FILE)
    return lambda *options, **more: klokker("simulate", "shop.toml", *options, **more)


def test_it_needs_no_database_and_leaves_none(simulate: Klokker, tmp_path: Path) -> None:
    ended = simulate("--from", "2026-03-28T00:00", "--for", "2d")
    assert ended.returncode == 0, ended.stderr
    assert "50 due = 50 runs + 0 dismissed: exact" in ended.stdout
    assert not list(tmp_path.rglob("*.sqlite3*"))


def test_an_outage_shows_what_is_caught_up_and_what_dismissed(simulate: Klokker) -> None:
    ended = simulate("--from", "2026-03-28T00:00", "--for", "2d", "--down", "+20h..+30h", "--json")
    data = json.loads(ended.stdout)
    nightly, hourly = data["schedules"]
    assert (nightly["runs"], nightly["caught_up"], nightly["longest_wait"]) == (2, 1, 5 * 3600)
    assert (hourly["due"], hourly["runs"], hourly["dismissed"]) == (48, 39, {"superseded": 9})
    assert data["exact"]


def test_each_is_told_by_time_in_the_schedules_own_zone(simulate: Klokker) -> None:
    ended = simulate("--from", "2026-03-28T22:00", "--for", "4h", "--down", "+1h30m..+3h20m", "--each")
    told = [line for line in ended.stdout.splitlines() if line.startswith("2026-03-29") and "  " in line]
    assert told == [
        "2026-03-29 00:00:00 CET  hourly  succeeded",
        "2026-03-29 01:00:00 CET  hourly  1 dismissed since 2026-03-29 00:00:00 CET: superseded",
        "2026-03-29 03:00:00 CEST  hourly  succeeded, 20m late, caught up",
        "2026-03-29 03:00:00 CEST  nightly  succeeded, 20m late, caught up",
        "2026-03-29 04:00:00 CEST  hourly  succeeded",
    ]
    each = json.loads(simulate("--from", "2026-03-28T00:00", "--for", "2h", "--each", "--json").stdout)["each"]
    assert [(one["name"], one["nominal"]) for one in each] == [
        ("hourly", "2026-03-28T01:00:00Z"),
        ("nightly", "2026-03-28T01:30:00Z"),
        ("hourly", "2026-03-28T02:00:00Z"),
    ]


def test_a_two_minute_schedule_under_a_five_minute_tick(klokker: Klokker, tmp_path: Path) -> None:
    """S1: what a coarse tick makes of it, before it is saved."""
    (tmp_path / "fine.toml").write_text('[schedules.fine]\ntask = "any.task"\nwhen = "*/2 * * * *"\n')
    hour = ("simulate", "fine.toml", "--from", "2026-03-28T00:00", "--for", "1h", "--json")
    [served] = json.loads(klokker(*hour).stdout)["schedules"]
    [ticked] = json.loads(klokker(*hour, "--tick-every", "5m").stdout)["schedules"]
    assert (served["due"], served["runs"]) == (30, 30)
    assert (ticked["due"], ticked["runs"], ticked["dismissed"]) == (30, 12, {"superseded": 18})


def test_moments_that_lie_before_the_play_are_left_out_and_told(klokker: Klokker, tmp_path: Path) -> None:
    whens = {"over": "at 2026-12-01", "several": "at 2026-12-01, 2027-01-02T10:00", "daily": "@daily"}
    file = "".join(f'[schedules.{name}]\ntask = "any.task"\nwhen = "{when}"\n' for name, when in whens.items())
    (tmp_path / "past.toml").write_text(file)
    ended = klokker("simulate", "past.toml", "--from", "2027-01-01", "--for", "7d", "--json")
    assert {one["name"]: one["runs"] for one in json.loads(ended.stdout)["schedules"]} == {"several": 1, "daily": 7}
    assert "over: 1 of the moments of its `at` lie before the play, and none in it: it is left out." in ended.stderr


def test_what_waits_for_an_opening_at_the_end_is_told(klokker: Klokker, tmp_path: Path) -> None:
    (tmp_path / "closed.toml").write_text(
        '[calendars]\nnight = "daily 22:00-06:00"\n'
        '[schedules.tidy]\ntask = "any.task"\nwhen = "@hourly"\nclosed = "wait during night"\n'
    )
    day = ("simulate", "closed.toml", "--from", "2026-03-02T12:00", "--for", "12h")
    [one] = json.loads(klokker(*day, "--json").stdout)["schedules"]
    assert (one["due"], one["runs"], one["undecided"], one["waiting"]) == (9, 9, 0, 3)
    assert "3 waiting" in klokker(*day).stdout


def test_slow_runs_overlap(simulate: Klokker) -> None:
    ended = simulate(
        "--from", "2026-03-28T00:00", "--for", "6h", "--runs-take", "hourly=90m", "--runs-take", "5m", "--json"
    )
    nightly, hourly = json.loads(ended.stdout)["schedules"]
    assert nightly["outcomes"] == {"succeeded": 1}
    assert (hourly["runs"], hourly["dismissed"]) == (3, {"overlapped": 3})


def test_the_schedules_of_the_five_systems_play_for_a_day(klokker: Klokker) -> None:
    files = sorted((ROOT / "examples").glob("*/schedules.toml"))
    assert len(files) == 5
    for file in files:
        ended = klokker("simulate", str(file), "--from", "2026-03-28T12:00", "--for", "1d", "--down", "+10h..+16h")
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert ended.stdout.rstrip().endswith("exact")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--down", "5"), "--down must be two moments with two dots between them, as in +1d..+2d; got '5'"),
        (("--down", "+2d..+1d"), "and go forward; got '+2d..+1d'"),
        (("--down", "+1d..+9d"), "--down must lie between"),
        (("--down", "+1d..+3d", "--down", "+2d..+4d"), "--down must not overlap: the machines are off already"),
        (("--runs-take", "nightyl=5m"), "--runs-take names 'nightyl', which the file does not declare"),
        (("--runs-take", "-5m"), "'-5m' is not a duration"),
        (("--for", "400d"), "--for must be from 1.0s to 366d, got 400d"),
        (("--tick-every", "1s"), "--tick-every must be from 1m to 366d, got 1s"),
        (("--from", "9999-12-01"), "7d from 9999-12-01 go beyond the year 9999, less 73050d for what follows"),
        (("--from", "yesterday"), "'yesterday' names no moment"),
    ],
)
def test_what_cannot_be_played_is_refused_in_words(simulate: Klokker, options: tuple[str, ...], said: str) -> None:
    ended = simulate(*options)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert said in ended.stderr


def test_a_file_that_is_refused_is_refused_as_in_a_sync(klokker: Klokker, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text('[schedules.x]\ntask = "a.b"\nwhen = "61 * * * *"\n')
    ended = klokker("simulate", "bad.toml")
    assert ended.returncode == 2
    assert "schedules.x.when" in ended.stderr
    assert "^" in ended.stderr


def test_calendars_of_the_file_hold_in_the_simulation(klokker: Klokker, tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text(
        """
        [calendars]
        night = "daily 22:00-06:00"
        [schedules.by-day]
        task = "shop.count"
        when = "0 * * * * except calendar night"
        [schedules.skips]
        task = "shop.count"
        when = "0 * * * *"
        closed = "skip during night"
        """
    )
    ended = klokker("simulate", "shop.toml", "--from", "2026-03-30T00:00", "--for", "24h", "--json")
    assert ended.returncode == 0, ended.stderr
    by_day, skips = json.loads(ended.stdout)["schedules"]
    assert (by_day["due"], by_day["runs"]) == (16, 16)
    assert (skips["due"], skips["runs"], skips["dismissed"]) == (24, 16, {"closed": 8})
