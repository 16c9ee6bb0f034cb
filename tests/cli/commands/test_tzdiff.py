"""`klokker tzdiff`: which schedules would run at other moments under other time zone data."""

import shutil
from importlib.resources import as_file, files
from pathlib import Path

import pytest

from klokker.core.timetables.zones import wall_clock
from klokker.django.models import Schedule
from tests.cli.conftest import Cli

FLEET = """
[schedules.morning]
task = "shop.clean_up"
when = "0 6 * * *"
zone = "Europe/Amsterdam"

[schedules.hourly]
task = "shop.clean_up"
when = "0 * * * *"
zone = "Europe/Amsterdam"

[schedules.elsewhere]
task = "shop.clean_up"
when = "0 6 * * *"
zone = "Asia/Tokyo"
"""

YEAR = ("--from", "2026-01-01T00:00", "--for", "365d")


@pytest.fixture
def without_summer(tmp_path: Path) -> str:
    """Time zone data in which Amsterdam has given up changing its clocks."""
    folder = tmp_path / "zoneinfo"
    (folder / "Europe").mkdir(parents=True)
    with as_file(files("tzdata") / "zoneinfo") as data:
        shutil.copy(data / "UTC", folder / "UTC")
        shutil.copy(data / "Africa" / "Algiers", folder / "Europe" / "Amsterdam")
    return str(folder)


def test_schedules_that_move_are_listed_with_their_first_moments(cli: Cli, without_summer: str) -> None:
    cli.sync(FLEET)
    said = cli("tzdiff", without_summer, *YEAR)
    assert said.code == 1
    lines = said.out.splitlines()
    assert lines[0].endswith(f"beside {without_summer}: 1 of 2 zones in use differ")
    # An hourly schedule fires at the same moments, whatever the clocks show.
    [row] = [line for line in lines if line.startswith(("morning", "hourly", "elsewhere"))]
    assert row.split()[:4] == ["morning", "Europe/Amsterdam", "210", "210"]
    assert "gone 2026-03-29 04:00:00 UTC, new 2026-03-29 05:00:00 UTC" in row


def test_it_is_the_same_for_programs(cli: Cli, without_summer: str) -> None:
    cli.sync(FLEET)
    told = cli("tzdiff", without_summer, *YEAR, "--json").json
    assert list(told["zones"]) == ["Europe/Amsterdam"]
    [schedule] = told["schedules"]
    assert (schedule["name"], schedule["gone"][0], len(schedule["new"])) == ("morning", "2026-03-29T04:00:00Z", 210)


def test_the_same_data_moves_nothing_and_stays_in_use(cli: Cli, without_summer: str) -> None:
    cli.sync(FLEET)
    with as_file(files("tzdata") / "zoneinfo") as data:
        said = cli("tzdiff", str(data), *YEAR)
    assert (said.code, said.out.splitlines()[-1]) == (0, "No schedule moves.")
    cli("tzdiff", without_summer, *YEAR)
    summer = 1_783_000_000
    assert wall_clock("Europe/Amsterdam").offset_at(summer) == 7200


def test_one_that_cannot_be_evaluated_is_named_and_hinders_nobody(cli: Cli, without_summer: str) -> None:
    cli.sync(FLEET)
    row = Schedule.objects.get(name="elsewhere")
    newest = row.revisions.get(number=1)
    newest.definition = {**newest.definition, "zone": "Asia/Nowhere"}
    newest.save()
    said = cli("tzdiff", without_summer, *YEAR)
    assert "elsewhere cannot be compared; `klokker show elsewhere` says what is wrong with it." in said.err
    assert "morning" in said.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("/nowhere",), "FOLDER holds no time zone data: /nowhere has no zone UTC"),
        ((".", "--for", "1h"), "--for must be from 24h to 3660d, got 1h"),
        ((".", "--from", "soon"), "'soon' names no moment"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(cli: Cli, arguments: tuple[str, ...], said: str) -> None:
    answer = cli("tzdiff", *arguments)
    assert answer.code == 2
    assert said in answer.error


def test_a_zone_whose_file_is_cut_short_is_not_compared_and_its_schedules_are_named(
    cli: Cli, without_summer: str
) -> None:
    cli.sync(FLEET)
    file = Path(without_summer, "Europe", "Amsterdam")
    file.write_bytes(file.read_bytes()[:60])
    said = cli("tzdiff", without_summer, *YEAR)
    assert said.code == 0
    assert "morning cannot be compared" in said.err
    assert "elsewhere" not in said.err


def test_a_span_that_goes_beyond_the_calendar_is_refused(cli: Cli, without_summer: str) -> None:
    refused = cli("tzdiff", without_summer, "--from", "9999-12-01")
    assert (refused.code, "go beyond the year 9999" in refused.error) == (2, True)


def test_what_keeps_to_a_calendar_of_another_zone_moves_with_that_zones_clocks(cli: Cli, without_summer: str) -> None:
    cli.sync("""
        [calendars]
        office = "zone Europe/Amsterdam\\ndaily 09:00-17:00"
        [schedules.desk]
        task = "shop.clean_up"
        when = "0 * * * * only calendar office"
        zone = "UTC"
    """)
    said = cli("tzdiff", without_summer, *YEAR)
    assert said.code == 1
    [row] = [line for line in said.out.splitlines() if line.startswith("desk")]
    assert "gone 2026-03-29 07:00:00 UTC, new 2026-03-29 15:00:00 UTC" in row
