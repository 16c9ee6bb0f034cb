"""`klokker forecast`: how much will start, and how busy it will be, by step, lane, node and schedule, in words, JSON and a picture."""

from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest

from klokker.django.models import Run, Schedule
from klokker.engine.clock import MACHINE
from tests.cli.conftest import Cli

SHOP = """
[schedules.clean-up]
task = "shop.clean_up"
when = "*/10 * * * *"

[schedules.prices]
task = "shop.import_prices"
when = "30 6 * * *"
lane = "imports"
kwargs = { file = "prices.csv" }

[schedules.twice]
task = "shop.clean_up"
when = "0 * * * *"
max_runs = 2
"""

FROM = ("--from", "2026-12-01T00:00")


def ran(schedule: str, *minutes: int) -> None:
    """Runs of this schedule that took so long and ended lately."""
    row = Schedule.objects.get(name=schedule)
    for number, length in enumerate(minutes):
        finished = MACHINE.wall() - timedelta(hours=number)
        Run.objects.create(
            schedule=row,
            revision=1,
            kind="scheduled",
            nominal=finished - timedelta(days=1 + number),
            planned=finished,
            state="done",
            outcome="succeeded",
            task=row.task,
            started=finished - timedelta(minutes=length),
            finished=finished,
        )


def test_starts_and_busy_time_by_day_lane_and_schedule(anywhere: Cli) -> None:
    anywhere.sync(SHOP)
    ran("clean-up", 2, 4)
    told = anywhere("forecast", "--for", "2d", "--step", "1d", *FROM, "--json").json
    assert (told["from"], told["step"]) == ("2026-12-01T00:00:00Z", 86400.0)
    # 144 of clean-up, one of prices, and the two that "twice" still has.
    assert told["steps"] == [{"starts": 147, "busy": 144 * 180.0}, {"starts": 145, "busy": 144 * 180.0}]
    assert {lane: [step["starts"] for step in steps] for lane, steps in told["lanes"].items()} == {
        "default": [146, 144],
        "imports": [1, 1],
    }
    assert [(each["name"], each["starts"], each["known"]) for each in told["schedules"]] == [
        ("clean-up", 288, True),
        ("prices", 2, False),
        ("twice", 2, False),
    ]
    assert told["nodes"][0]["node"] is None


def test_people_read_what_keeps_a_lane_busy(cli: Cli) -> None:
    cli.sync(SHOP)
    ran("clean-up", 5)
    said = cli("forecast", "--for", "1d", *FROM)
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[0] == "3 schedules, 147 starts, 12h of work"
    assert lines[2].split() == ["Tue", "2026-12-01", "00:00", "7", "30m", "0.50"]
    assert "Not known yet is how long runs of 2 schedules take: they count as no time at all." in said.out
    assert len([line for line in lines if line.startswith(("Tue", "Wed"))]) == 24


def test_paused_ones_are_left_out_and_broken_ones_are_named(cli: Cli) -> None:
    cli.sync(SHOP)
    assert cli("pause", "clean-up", "-r", "for the move").code == 0
    Schedule.objects.filter(name="twice").update(state="broken", reason="its zone is gone")
    said = cli("forecast", *FROM)
    assert "Left out: 1 paused schedule." in said.out
    assert said.err == "twice cannot be foreseen: its zone is gone\n"
    assert said.out.startswith("1 schedule, 7 starts")


def test_nothing_will_start_in_an_empty_installation(cli: Cli) -> None:
    said = cli("forecast", *FROM)
    assert said.code == 0
    assert "Nothing will start." in said.out
    assert "No schedule is active." in said.out


def test_the_picture_shows_what_the_table_says(cli: Cli, tmp_path: Path) -> None:
    cli.sync(SHOP)
    ran("clean-up", 5)
    file = tmp_path / "load.svg"
    said = cli("forecast", "--for", "1d", *FROM, "--zone", "Europe/Amsterdam", "--svg", str(file))
    assert said.out.endswith(f"drawn into {file}\n")
    drawn = ElementTree.parse(file).getroot()
    bars = [title.text for title in drawn.iter("{http://www.w3.org/2000/svg}title")]
    assert len(bars) == 24
    assert bars[0] == "Tue 01 00:00, default: 30 minutes of work"
    labels = [text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert {"default", "imports", "minutes of work"} <= set(labels)


def test_what_the_next_clock_changes_do_is_said_of_each_schedule_that_they_touch(cli: Cli) -> None:
    cli.sync(
        """
        [defaults]
        task = "shop.clean_up"
        zone = "Europe/Amsterdam"
        [schedules]
        nightly.when = "30 2 * * *"
        morning.when = "0 6 * * *"
        hourly.when = "0 * * * *"
        """
    )
    said = cli("forecast", "--clocks", *FROM)
    rows = said.out.splitlines()[1:]
    assert [row.split()[0] for row in rows] == ["nightly", "nightly"]
    assert "28 March 2027 the clocks of Europe/Amsterdam skip 02:00 to 03:00" in rows[0]
    assert "31 October 2027 the clocks of Europe/Amsterdam show 02:00 to 03:00 twice" in rows[1]
    told = cli("forecast", "--clocks", *FROM, "--json").json["clock_changes"]
    assert [(each["schedule"], each["code"], each["on"]) for each in told] == [
        ("nightly", "in-gap", "2027-03-28"),
        ("nightly", "in-fold", "2027-10-31"),
    ]
    cli.sync("[schedules]")
    assert cli("forecast", "--clocks").out == "No clock change touches a schedule.\n"


def test_asking_writes_nothing(cli: Cli) -> None:
    cli.sync(SHOP)
    before = cli.database.path.read_bytes()
    assert cli("forecast", *FROM).code == 0
    assert cli.database.path.read_bytes() == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--for", "3000d"), "--for must be from 1m to 366d, got 3000d"),
        (("--for", "366d", "--step", "1m"), "--step makes 527,040 lines of the span; 2,000 are the most"),
        (("--for", "1h", "--step", "2h"), "--step must be from 1m to 1h, got 2h"),
        (("--zone", "Mars/Olympus"), "Mars/Olympus"),
        (("--from", "9999-12-31"), "7d from 9999-12-31 go beyond the year 9999"),
        (("--from", "soon"), "'soon' names no moment"),
        (("--svg", "/nowhere/there/load.svg"), "/nowhere/there/load.svg"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(cli: Cli, options: tuple[str, ...], said: str) -> None:
    answer = cli("forecast", *options)
    assert answer.code != 0
    assert said in answer.error


def test_large_figures_are_written_as_people_write_them(cli: Cli, tmp_path: Path) -> None:
    cli.sync('[schedules.seconds]\ntask = "shop.clean_up"\nwhen = "* * * * * *"\n')
    told = cli("forecast", "--for", "1d", "--step", "1d", *FROM, "--svg", str(tmp_path / "load.svg"))
    # Of work nothing is known yet.
    assert told.out.splitlines()[0] == "1 schedule, 86,400 starts"
    drawn = (tmp_path / "load.svg").read_text()
    assert "100,000</text>" in drawn
    assert "e+" not in drawn
