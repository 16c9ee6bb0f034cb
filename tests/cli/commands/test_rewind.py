"""rewind (docs/commands/rewind.md)."""

import pytest

from klokker.django.models import Revision, Timer
from tests.cli.conftest import Cli, Hands

SHOP = """
[schedules.clean-up]
task = "shop.clean_up"
when = "0 * * * *"

[schedules.yearly]
task = "shop.clean_up"
when = "@yearly"
"""


def decided_ahead(cli: Cli, hands: Hands) -> None:
    """The clock was three hours ahead when `clean-up` was decided, and has been set right."""
    cli.sync(SHOP)
    hands.on(hours=3)
    cli("tick")
    hands.on(hours=-3)


def handled(name: str = "clean-up") -> int:
    return Timer.objects.get(schedule__name=name).handled_until.hour


def test_a_dry_run_says_what_it_would_come_to_and_changes_nothing(cli: Cli, hands: Hands) -> None:
    decided_ahead(cli, hands)
    one = cli("rewind", "clean-up", "--dry-run")
    assert one.code == 0
    assert "  next: 2026-11-21 04:00:00 UTC, " in one.out
    assert cli("rewind", "clean-up", "--dry-run", "--json").json["done"] is False
    every = cli("rewind", "--all", "--dry-run")
    assert every.code == 0
    assert every.out.splitlines()[-1] == "1 schedule would be rewound."
    told = cli("rewind", "--all", "--dry-run", "--json").json
    assert ([each["name"] for each in told["schedules"]], told["refused"]) == (["clean-up"], {})
    assert [each["done"] for each in told["schedules"]] == [False]
    assert handled() == 6
    assert Revision.objects.count() == 2


def test_one_schedule_is_rewound_and_its_new_revision_says_why(cli: Cli, hands: Hands) -> None:
    decided_ahead(cli, hands)
    done = cli("rewind", "clean-up", "--why", "the clock was ahead", "--json").json
    assert (done["name"], done["done"], done["next"][0]) == ("clean-up", True, "2026-11-21T04:00:00Z")
    assert handled() == 3
    assert Revision.objects.latest("pk").why == "the clock was ahead"
    assert cli("account").code == 0
    assert "  nothing changes" in cli("rewind", "clean-up").out


def test_all_that_lies_ahead_is_rewound_and_nothing_else(cli: Cli, hands: Hands) -> None:
    decided_ahead(cli, hands)
    assert cli("check").code == 1
    done = cli("rewind", "--all")
    assert (done.code, done.out.splitlines()[-1]) == (0, "1 schedule rewound.")
    assert handled() == handled("yearly") == 3
    assert cli("rewind", "--all").out == "Nothing was decided past now.\n"
    assert cli("rewind", "--all", "--json").json == {"schedules": [], "refused": {}}
    assert cli("check").out.startswith("All is well.\nover: wrong clock timers, since ")


@pytest.mark.parametrize("arguments", [(), ("--all", "clean-up")])
def test_it_is_one_or_all(cli: Cli, hands: Hands, arguments: tuple[str, ...]) -> None:
    decided_ahead(cli, hands)
    refused = cli("rewind", *arguments)
    assert (refused.code, refused.error) == (2, "rewind: name one schedule, or say --all")
    assert handled() == 6


def test_what_is_not_there_or_retired_is_not_rewound(cli: Cli, hands: Hands) -> None:
    decided_ahead(cli, hands)
    assert cli("rewind", "cleanup").error == "there is no schedule 'cleanup'; did you mean clean-up?"
    assert cli("rewind", "cleanup").code == 3
    (retired,) = {each["id"] for each in cli("list", "--json").json["schedules"] if each["name"] == "clean-up"}
    cli("retire", "clean-up", "--yes")
    refused = cli("rewind", f"clean-up#{retired}")
    assert refused.code == 4
    assert "'clean-up' is retired" in refused.error
