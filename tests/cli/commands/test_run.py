"""run (docs/commands/run.md)."""

from pathlib import Path

from klokker.django.models import Run
from tests.cli.conftest import Cli, Hands

SHOP = """
[schedules.clean-up]
task = "shop.clean_up"
when = "0 3 * * *"
kwargs = { days = 60 }

[schedules.foreign]
task = "elsewhere.work"
when = "0 3 * * *"

[schedules.prices]
task = "shop.import_prices"
when = "0 3 * * *"
kwargs = { file = "/nowhere" }
"""


def test_a_schedule_runs_here_and_says_what_it_did(anywhere: Cli) -> None:
    anywhere.sync(SHOP)
    said = anywhere("run", "Clean-Up")
    assert (said.code, said.err) == (0, "")
    assert said.out.endswith(" of clean-up succeeded: 60 removed\n")


def test_an_argument_takes_the_place_of_those_of_the_schedule(cli: Cli) -> None:
    cli.sync(SHOP)
    assert cli("run", "clean-up", "--arg", "days=7").out == "run 1 of clean-up succeeded: 7 removed\n"
    assert cli("run", "clean-up", "-a", "days=7", "--dry-run").out == "run 2 of clean-up succeeded: 0 removed\n"
    (run,) = cli("run", "clean-up", "--json").json["runs"]
    assert (run["kind"], run["kwargs"], run["outcome"]) == ("manual", {"days": 60}, "succeeded")


def test_arguments_that_do_not_fit_are_refused_and_no_run_is_made(cli: Cli) -> None:
    cli.sync(SHOP)
    for argument, fault in {
        "days=x": 'run now: kwargs.days must be a valid integer, got "x"',
        "dayz=1": "run now: kwargs.dayz is no parameter; did you mean days?",
        "days": "run: 'days' is not NAME=VALUE; write for example --arg days=30",
        "=3": "run: '=3' is not NAME=VALUE; write for example --arg days=30",
    }.items():
        refused = cli("run", "clean-up", "--arg", argument)
        assert (refused.code, refused.error) == (2, fault)
    assert not Run.objects.exists()


def test_a_run_that_fails_exits_1_and_its_log_shows_where(cli: Cli) -> None:
    cli.sync(SHOP)
    failed = cli("run", "prices")
    assert failed.code == 1
    assert failed.out == (
        "run 1 of prices failed: FileNotFoundError: [Errno 2] No such file or directory: '/nowhere'; "
        "`klokker logs 1` shows what it said\n"
    )
    assert failed.err == "", "said once"
    log = cli("logs", "1")
    assert "chores.py" in log.out
    assert log.out.endswith("FileNotFoundError: [Errno 2] No such file or directory: '/nowhere'\n")


def test_a_task_runs_without_a_schedule(cli: Cli) -> None:
    assert cli("run", "shop.clean_up", "-a", "days=3").out == "run 1 of shop.clean_up succeeded: 3 removed\n"


def test_a_dry_run_of_a_task_that_cannot_tell_is_refused(cli: Cli, tmp_path: Path) -> None:
    cli.sync(SHOP)
    for name in ("prices", "shop.import_prices"):
        refused = cli("run", name, "--dry-run", "-a", f"file={tmp_path}")
        assert refused.code == 2
        assert "would do its work for real" in refused.error
    assert not Run.objects.exists()


def test_a_task_that_is_not_known_here_is_refused_unless_it_is_left_to_others(cli: Cli) -> None:
    cli.sync(SHOP)
    refused = cli("run", "foreign")
    assert refused.code == 4
    assert refused.error.startswith("task not found in registry: elsewhere.work. Name its module in KLOKKER_TASKS")
    assert not Run.objects.exists()
    assert cli("run", "foreign", "--queue").out == "queued: run 1\n"


def test_a_slip_in_a_name_is_told_what_was_meant(cli: Cli) -> None:
    cli.sync(SHOP)
    refused = cli("run", "cleanup")
    assert (refused.code, refused.error) == (
        3,
        "there is neither a schedule nor a task 'cleanup'; did you mean clean-up or shop.clean_up?",
    )


def test_odd_names_are_names_that_nobody_bears(anywhere: Cli) -> None:
    anywhere.sync(SHOP)
    for odd in (
        "",
        " ",
        "x" * 5000,
        "☃",
        "clean-up#1",
        "clean-up#99999999999999999999",
        "#",
        "' OR 1=1 --",
    ):
        for command in ("run", "show", "account"):
            refused = anywhere(command, odd)
            assert refused.code == (0 if (command, odd) == ("account", "") else 3), (command, odd, refused)


def test_an_argument_that_is_no_text_is_refused(cli: Cli) -> None:
    refused = cli("show", "caf\udce9")
    assert (refused.code, refused.error) == (2, r"the argument 'caf\udce9' is no UTF-8 text")


def test_a_node_that_is_not_enrolled_is_refused(cli: Cli) -> None:
    cli.sync(SHOP)
    refused = cli("run", "clean-up", "-n", "nowhere")
    assert refused.code == 2
    assert "node is not enrolled: 'nowhere'" in refused.error


def test_a_run_that_asks_for_later_says_when_it_goes_on(cli: Cli, hands: Hands) -> None:
    del hands
    said = cli("run", "shop.later")
    assert (said.code, said.out) == (1, "")
    assert said.err == "run 1 of shop.later asked to be called again; a worker begins it at 2026-11-21 04:00:00 UTC\n"


def test_the_next_moments_stand_one_below_the_other(cli: Cli, hands: Hands) -> None:
    del hands
    cli.sync(SHOP)
    shown = cli("show", "prices", "-n", "2").out.splitlines()
    at = shown.index("next")
    assert shown[at + 1 : at + 3] == [
        "Sun 2026-11-22 03:00:00 UTC  in 24h",
        "Mon 2026-11-23 03:00:00 UTC  in 2d",
    ]


def test_a_lane_that_only_a_schedule_names_is_listed(cli: Cli) -> None:
    cli.sync(SHOP + 'lane = "heavy"\n')
    lanes = {lane["name"]: lane for lane in cli("lane", "list", "--json").json["lanes"]}
    assert lanes["heavy"]["slots"] == 0
    assert cli("retire", "prices", "--yes").code == 0
    assert "heavy" not in cli("lane").out


def test_a_value_that_is_nested_too_deeply_is_refused(cli: Cli) -> None:
    refused = cli("run", "shop.clean_up", "--arg", f"days={'[' * 5000}")
    assert (refused.code, refused.error) == (2, "run: the value of days is nested too deeply")
