"""account (docs/commands/account.md)."""

from datetime import timedelta

from klokker.django.models import Dismissal, Run, Schedule
from tests.cli.conftest import Cli, Hands

SHOP = """
[schedules.clean-up]
task = "shop.clean_up"
when = "0 * * * *"

[schedules.over]
task = "shop.clean_up"
when = "0 * * * *"
"""


def test_the_sum_holds_retired_schedules_that_the_table_leaves_out(cli: Cli, hands: Hands) -> None:
    cli.sync(SHOP)
    for _ in range(3):
        hands.on(hours=1)
        cli("tick")
    assert cli("retire", "over", "--yes").code == 0
    over = str(Schedule.objects.get(state="retired"))

    proof = cli("account")
    assert proof.code == 0
    assert over not in proof.out
    lines = proof.out.splitlines()
    assert lines[-2:] == [
        "6 expected = 6 runs + 0 dismissed + 0 in the tally: exact",
        "1 retired schedule is in the sum and not shown; --retired shows them.",
    ]
    assert [each["schedule"] for each in cli("account", "--json").json["accounts"]] == ["clean-up"]

    whole = cli("account", "--retired")
    assert over in whole.out
    assert whole.out.splitlines()[-1] == lines[-2]
    whole_json = cli("account", "--retired", "--json").json
    assert whole_json["sum"] == cli("account", "--json").json["sum"]
    assert whole_json["sum"] == {"expected": 6, "runs": 6, "dismissed": 0, "tallied": 0}
    assert len(whole_json["accounts"]) == 2
    assert cli("account", "over").out.splitlines()[-1].startswith("3 expected = 3 runs")


def test_a_retired_schedule_that_is_not_exact_is_shown_unasked(cli: Cli, hands: Hands) -> None:
    cli.sync(SHOP)
    hands.on(hours=1)
    cli("tick")
    assert cli("retire", "over", "--yes").code == 0
    over = Schedule.objects.get(state="retired")
    Run.objects.filter(schedule=over).delete()
    proof = cli("account")
    assert proof.code == 1
    assert f"{over}: " in proof.out
    assert proof.out.splitlines()[-1] == "2 expected = 1 runs + 0 dismissed + 0 in the tally: NOT EXACT for 1 schedules"
    assert [each["schedule"] for each in cli("account", "--json").json["accounts"]] == ["clean-up", str(over)]


def test_a_dismissal_is_counted_with_its_reason(cli: Cli, hands: Hands) -> None:
    cli.sync(SHOP)
    hands.on(hours=5)
    cli("tick")
    assert [each.count for each in Dismissal.objects.all()] == [4, 4]
    said = cli("account", "clean-up").out
    assert "1 succeeded, 4 superseded" in said
    assert said.splitlines()[-1] == "5 expected = 1 runs + 4 dismissed + 0 in the tally: exact"
    assert hands.now() - timedelta(hours=5) == Schedule.objects.get(name="clean-up").since


def test_a_name_that_nobody_bore_is_answered_with_those_that_come_near(cli: Cli, hands: Hands) -> None:
    del hands
    assert cli("account").out == "No schedules, so nothing was expected.\n"
    cli.sync(SHOP)
    refused = cli("account", "cleanup")
    assert refused.code == 3
    assert refused.error == "there is no schedule 'cleanup'; did you mean clean-up?"
