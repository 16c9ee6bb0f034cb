"""lane (docs/commands/lane.md)."""

import pytest

from klokker.django.models import Lane
from tests.cli.conftest import Cli

SHOP = """
[schedules.clean-up]
task = "shop.clean_up"
when = "0 * * * *"
lane = "heavy"
"""


def test_by_itself_it_is_the_list(anywhere: Cli) -> None:
    assert anywhere("lane").out == anywhere("lane", "list").out
    assert [line.split() for line in anywhere("lane").out.splitlines()[1:]] == [
        ["default", "none", "open", "0", "0", "0"]
    ]


def test_a_limit_is_set_changed_and_taken_back_and_the_description_stays(anywhere: Cli) -> None:
    made = anywhere("lane", "set", "heavy", "--limit", "2", "--description", "big ones")
    assert (made.code, made.out) == (0, "lane heavy: at most 2 at once, open\n")
    assert anywhere("lane", "set", "heavy", "--limit", "5").out == "lane heavy: at most 5 at once, open\n"
    assert anywhere("lane").out.splitlines()[-1].split() == ["heavy", "5", "open", "0", "0", "0", "big", "ones"]
    assert anywhere("lane", "set", "heavy", "--unlimited").out == "lane heavy: no limit, open\n"
    assert Lane.objects.get().description == "big ones"
    assert anywhere("lane", "set", "heavy", "--description", "").code == 0
    assert Lane.objects.get().description == ""


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--unlimited", "--limit", "1"], "lane set: say --limit or --unlimited, not both"),
        ([], "lane set: say what is to be: --limit N, --unlimited, or --description TEXT"),
        (["--limit", "0"], "limit must be"),
        (["--limit", "many"], "'many' is not a valid int"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_set(anywhere: Cli, options: list[str], says: str) -> None:
    refused = anywhere("lane", "set", "heavy", *options)
    assert refused.code == 2
    assert says in refused.error
    assert not Lane.objects.exists()


def test_a_name_that_no_lane_can_have_is_refused(anywhere: Cli) -> None:
    refused = anywhere("lane", "set", "a\tb", "--limit", "1")
    assert (refused.code, "name must be 1 to 200 printable characters" in refused.error) == (2, True)


def test_a_paused_lane_starts_nothing_until_it_is_resumed(anywhere: Cli) -> None:
    anywhere.sync(SHOP)
    assert anywhere("lane", "pause", "heavy").out == "lane heavy: no limit, paused\n"
    assert anywhere("run", "clean-up", "--queue").code == 0
    assert anywhere("tick", "--json").json["ran"] == []
    (default, heavy) = anywhere("lane", "list", "--json").json["lanes"]
    assert default["name"] == "default"
    assert heavy == {"name": "heavy", "limit": None, "paused": True, "queued": 1, "running": 0, "slots": 0}
    assert anywhere("lane", "resume", "heavy").out == "lane heavy: no limit, open\n"
    (ran,) = anywhere("tick", "--json").json["ran"]
    assert ran["outcome"] == "succeeded"


@pytest.mark.parametrize("what", ["pause", "resume"])
def test_a_slip_in_the_name_makes_no_lane(anywhere: Cli, what: str) -> None:
    anywhere.sync(SHOP)
    slip = anywhere("lane", what, "haevy")
    assert (slip.code, slip.error) == (3, "there is no lane 'haevy'; did you mean heavy?")
    other = anywhere("lane", what, "quite-another")
    assert (other.code, other.error) == (3, "there is no lane 'quite-another'; there are default, heavy")
    assert not Lane.objects.exists()
