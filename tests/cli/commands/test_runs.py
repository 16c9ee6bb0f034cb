"""list, show, runs, logs, cancel, retry: looking at runs and acting on them (docs/commands/runs.md and its neighbours)."""

import pytest

from klokker.django.models import Run
from tests.cli.conftest import Cli

SHOP = """
[schedules.clean-up]
task = "shop.clean_up"
when = "0 3 * * *"
owner = "storekeeping"

[schedules.foreign]
task = "elsewhere.work"
when = "every 2 hours"
zone = "Asia/Tokyo"
"""


def lines(text: str) -> list[str]:
    return text.splitlines()


def test_an_empty_installation_says_what_to_do(anywhere: Cli) -> None:
    assert anywhere("list").out == "No schedules yet: `klokker sync FILE` makes those that a file declares.\n"
    assert anywhere("runs").out == "No run fits. Pruned runs live on in `klokker account`.\n"
    assert anywhere("account").out == "No schedules, so nothing was expected.\n"
    assert anywhere("node").out == "No node has enrolled yet: `klokker serve` enrols this one.\n"
    assert lines(anywhere("lane").out)[1].split() == ["default", "none", "open", "0", "0", "0"]
    assert anywhere("rewind", "--all").out == "Nothing was decided past now.\n"


def test_list_narrows_down(anywhere: Cli) -> None:
    anywhere.sync(SHOP)
    assert len(lines(anywhere("list").out)) == 3
    for option in (["clean"], ["--owner", "storekeeping"], ["--task", "shop.clean_up"]):
        found = anywhere("list", *option, "--json").json["schedules"]
        assert [each["name"] for each in found] == ["clean-up"], option
    assert anywhere("list", "nothing like it").out == "No schedule fits.\n"
    assert "every 2 hours (Asia/Tokyo)" in anywhere("list").out


def test_show_tells_all_of_one_schedule(anywhere: Cli) -> None:
    anywhere.sync(SHOP)
    anywhere("run", "clean-up")
    shown = anywhere("show", "clean-up").out
    for part in ("Remove carts that nobody came back for.", "storekeeping", "30 removed", "sync of shop.toml"):
        assert part in shown
    foreign = anywhere("show", "foreign")
    assert foreign.code == 0
    assert "elsewhere.work (task not found in registry)" in foreign.out
    assert anywhere("show", "clean-up", "-n", "0").code == 0


def test_a_name_that_nobody_bears_is_told_what_was_meant(cli: Cli) -> None:
    cli.sync(SHOP)
    for command in ("show", "pause", "resume", "retire", "rewind", "logs", "cancel", "account"):
        options = {"pause": ["-r", "x"], "retire": ["-y"]}.get(command, [])
        missing = cli(command, "clean-upp", *options)
        assert (missing.code, missing.error) == (3, "there is no schedule 'clean-upp'; did you mean clean-up?"), command


def test_runs_are_the_newest_first_and_narrow_down(anywhere: Cli) -> None:
    anywhere.sync(SHOP)
    anywhere("run", "clean-up")
    anywhere("run", "shop.import_prices", "-a", "file=/nowhere")
    anywhere("run", "foreign", "--queue")
    newest = anywhere("runs", "--json").json["runs"]
    assert [run["outcome"] or run["state"] for run in newest] == ["queued", "failed", "succeeded"]
    for option, tasks in {
        ("clean-up",): ["shop.clean_up"],
        ("--outcome", "failed"): ["shop.import_prices"],
        ("--state", "queued"): ["elsewhere.work"],
        ("--task", "shop.clean_up"): ["shop.clean_up"],
        ("--limit", "1"): ["elsewhere.work"],
        ("--lane", "nobody's"): [],
        ("--since", "+1h"): [],
    }.items():
        assert [run["task"] for run in anywhere("runs", *option, "--json").json["runs"]] == tasks, option


def test_values_out_of_reason_are_refused_in_one_line(cli: Cli) -> None:
    cli.sync(SHOP)
    for command in (
        ["runs", "--limit", "0"],
        ["runs", "--limit", "-1"],
        ["runs", "--limit", "9999999999999999999999"],
        ["runs", "--limit", "many"],
        ["runs", "--state", "sleeping"],
        ["runs", "--since", "yesterday"],
        ["show", "clean-up", "-n", "-1"],
        ["retry", "one"],
        ["lane", "set", "heavy", "--limit", "0"],
        ["lane", "set", "heavy", "--limit", "-5"],
        ["lane", "set", "heavy"],
        ["lane", "set", "heavy", "--limit", "1", "--unlimited"],
        ["lane", "set", "x" * 300, "--limit", "1"],
        ["node", "enrol", ""],
        ["node", "enrol", " a "],
        ["node", "enrol", "x" * 300],
        ["preview", "@daily", "-n", "0"],
        ["backfill", "clean-up", "--after", "-2d", "--until", "-3d"],
        ["backfill", "clean-up", "--after", "whenever"],
        ["rewind"],
        ["rewind", "clean-up", "--all"],
    ):
        refused = cli(*command)
        assert refused.code == 2, (command, refused)
        assert len(lines(refused.error)) == 1, command


def test_run_numbers_that_do_not_exist_are_named(cli: Cli) -> None:
    for command in (["logs", "17"], ["cancel", "17"], ["retry", "17"], ["cancel", "9" * 40], ["logs", "9" * 40]):
        missing = cli(*command)
        assert missing.code == 3, command
        assert missing.error.startswith(f"there is no run {command[1]}; it may have been pruned"), command


def test_logs_show_what_the_newest_run_said(anywhere: Cli) -> None:
    anywhere.sync(SHOP)
    assert anywhere("logs", "clean-up").error == "'clean-up' has no run yet, or they have been pruned"
    anywhere("run", "clean-up")
    log = anywhere("logs", "clean-up", "--follow")
    assert log.code == 0
    assert log.out.rstrip().endswith("looking for carts that are over 30 days old")
    assert log.err.startswith("run ")


def test_what_has_not_begun_is_cancelled_at_once(anywhere: Cli) -> None:
    anywhere.sync(SHOP)
    assert anywhere("cancel", "clean-up").error == "'clean-up' has no unfinished run"
    anywhere("run", "clean-up", "--queue")
    cancelled = anywhere("cancel", "clean-up", "--why", "not today")
    assert cancelled.out.endswith(" had not begun: cancelled\n")
    assert Run.objects.get().outcome == "cancelled"
    again = anywhere("cancel", str(Run.objects.get().pk))
    assert (again.code, again.out.endswith(" was over already: left as it ended\n")) == (0, True)


def test_a_retry_is_a_new_run_that_says_what_it_repeats(anywhere: Cli) -> None:
    anywhere.sync(SHOP)
    anywhere("run", "clean-up", "-a", "days=5")
    first = Run.objects.get().pk
    answer = anywhere("retry", str(first), "--json").json
    assert answer["retry_of"] == first
    assert Run.objects.get(pk=answer["run"]).kwargs == {"days": 5}
    waits = anywhere("retry", str(answer["run"]))
    assert waits.code == 2
    assert "is queued still; cancel it first, or wait for its end" in waits.error


@pytest.mark.parametrize("command", ["logs", "cancel", "show", "retry"])
def test_a_number_that_no_run_can_have_is_named_as_unknown(cli: Cli, command: str) -> None:
    for number in ("9" * 18, "9" * 5000, f"clean-up#{'9' * 5000}", "٣"):
        refused = cli(command, number)
        assert refused.code in (2, 3), number
        assert refused.error
