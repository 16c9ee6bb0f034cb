"""node (docs/commands/node.md)."""

from klokker.django.models import Dismissal, Node, Run
from tests.cli.conftest import Cli, Hands

SHOP = """
[schedules.each]
task = "shop.clean_up"
when = "0 * * * *"
placement = "each"
"""


def states(cli: Cli) -> dict[str, str]:
    return {each["name"]: each["state"] for each in cli("node", "list", "--json").json["nodes"]}


def test_by_itself_it_is_the_list_which_says_when_each_was_heard_of(cli: Cli, hands: Hands) -> None:
    assert cli("node").out == "No node has enrolled yet: `klokker serve` enrols this one.\n"
    assert cli("node", "list", "--json").json == {"nodes": []}
    cli("tick")
    hands.on(minutes=5)
    assert cli("node").out == cli("node", "list").out
    (line,) = (line.split() for line in cli("node").out.splitlines()[1:])
    assert (line[:5], line[-1]) == (["here", "quiet", "2026-11-21", "03:00:00", "UTC"], "ago")
    (here,) = cli("node", "list", "--json").json["nodes"]
    assert (here["state"], here["retired"], here["processes"]) == ("quiet", None, [])
    assert here["since"].startswith("2026-11-21T03:00:00")


def test_an_enrolled_node_has_its_own_timers_from_then_on(cli: Cli, hands: Hands) -> None:
    cli.sync(SHOP)
    assert cli("node", "enrol", "there").out == (
        "each\n  begins on there\nnode there is enrolled; on it begin 1 schedule\n"
    )
    assert cli("node", "enrol", "there").out == "node there is enrolled; on it begin 0 schedules\n"
    assert cli("node", "enrol", "elsewhere").code == 0
    hands.on(hours=1)
    cli("tick", "-n", "there")
    assert [run.node for run in Run.objects.all()] == ["there"]
    assert states(cli) == {"elsewhere": "quiet", "there": "quiet"}


def test_a_name_that_no_node_can_have_is_refused(cli: Cli, hands: Hands) -> None:
    del hands
    refused = cli("node", "enrol", "a\tb")
    assert refused.code == 2
    assert refused.error.startswith("enrol: node must be 1 to 200 printable characters")
    assert not Node.objects.exists()


def test_a_node_is_retired_with_a_yes_and_what_it_had_not_decided_is_dismissed(cli: Cli, hands: Hands) -> None:
    cli.sync(SHOP)
    cli("node", "enrol", "there")
    hands.on(hours=2)
    asked = cli("node", "retire", "there")
    assert (asked.code, asked.out) == (
        4,
        "each\n  2 dismissed as paused, after 2026-11-21 03:00:00 UTC, up to 2026-11-21 05:00:00 UTC\n  ends on there\n",
    )
    assert asked.error.startswith("nothing was changed: retiring node there needs a yes")
    assert states(cli) == {"there": "quiet"}
    assert cli("node", "retire", "there", "--yes").out == "node there is retired; on it end 1 schedule\n"
    assert states(cli) == {"there": "retired"}
    assert [(each.reason, each.node, each.count) for each in Dismissal.objects.all()] == [("paused", "there", 2)]
    assert cli("account").code == 0
    assert cli("node", "enrol", "there").code == 0
    assert states(cli) == {"there": "quiet"}


def test_its_runs_that_have_not_begun_are_cancelled_if_that_is_wished(cli: Cli, hands: Hands) -> None:
    cli.sync(SHOP)
    for node, option in (("kept", ()), ("gone", ("--cancel-waiting",))):
        cli("node", "enrol", node)
        hands.on(hours=1)
        cli("lane", "pause", "default")
        cli("tick", "-n", node)
        assert cli("node", "retire", node, "--yes", *option).code == 0
    assert {(run.node, run.state, run.outcome) for run in Run.objects.all()} == {
        ("kept", "queued", ""),
        ("gone", "done", "cancelled"),
    }


def test_a_node_that_is_not_there_is_not_retired(cli: Cli, hands: Hands) -> None:
    del hands
    cli("node", "enrol", "there")
    for options in ((), ("--yes",)):
        refused = cli("node", "retire", "nowhere", *options)
        assert (refused.code, refused.error) == (
            3,
            "retire node: node is not enrolled: 'nowhere'; enrolled are there",
        )
