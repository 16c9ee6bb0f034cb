"""pause, resume, retire (docs/commands/pause.md, resume.md, retire.md)."""

from klokker.core.lifecycle import DismissalReason, ScheduleState
from klokker.django.models import Dismissal, Schedule
from tests.cli.conftest import Cli, Hands

SHOP = """
[schedules.clean-up]
task = "shop.clean_up"
when = "0 * * * *"
zone = "Europe/Amsterdam"
"""


def test_what_a_pause_covers_is_dismissed_and_nothing_is_started_by_resuming(cli: Cli, hands: Hands) -> None:
    cli.sync(SHOP)
    hands.on(minutes=30)
    paused = cli("pause", "Clean-Up", "--reason", "the warehouse is being moved")
    assert paused.out.splitlines()[0] == "clean-up: active → paused"
    hands.on(hours=3)
    assert "paused: the warehouse is being moved" in cli("show", "clean-up").out
    resumed = cli("resume", "clean-up")
    assert resumed.out.splitlines()[0] == "clean-up: paused → active"
    assert "  3 dismissed as paused, " in resumed.out
    assert cli("tick", "--json").json["ran"] == []
    assert [(each.reason, each.count) for each in Dismissal.objects.all()] == [(DismissalReason.PAUSED, 3)]
    assert cli("account").code == 0


def test_a_pause_ends_by_itself_at_the_moment_named_in_the_zone_of_the_schedule(cli: Cli, hands: Hands) -> None:
    cli.sync(SHOP)
    assert cli("pause", "clean-up", "-r", "a holiday", "--until", "2026-11-21T06:30").code == 0
    assert cli("show", "clean-up", "--json").json["paused_until"] == "2026-11-21T05:30:00Z"
    hands.on(hours=2)
    cli("tick")
    assert Schedule.objects.get().state == ScheduleState.PAUSED
    hands.on(hours=1)
    cli("tick")
    assert Schedule.objects.get().state == ScheduleState.ACTIVE


def test_a_pause_needs_a_reason_and_an_end_that_lies_ahead(cli: Cli, hands: Hands) -> None:
    cli.sync(SHOP)
    assert cli("pause", "clean-up").code == 2
    blank = cli("pause", "clean-up", "--reason", "  ")
    assert (blank.code, blank.error) == (2, "pause: a reason is needed: the next person on call will read it")
    past = cli("pause", "clean-up", "-r", "x", "--until", "-2h")
    assert past.code == 2
    assert past.error.startswith("pause: until must lie after now (2026-11-21 03:00:00 UTC), got ")
    for text in ("soon", "2026-13-01", "+2 fortnights", "+99999999999d", "", "+"):
        assert cli("pause", "clean-up", "-r", "x", "--until", text).code == (0 if not text else 2)
    assert hands.at.hour == 3


def test_a_preview_of_a_pause_changes_nothing(cli: Cli) -> None:
    cli.sync(SHOP)
    said = cli("pause", "clean-up", "-r", "x", "--dry-run", "--json").json
    assert (said["state_before"], said["state"], said["done"]) == ("active", "paused", False)
    assert cli("pause", "clean-up", "-r", "x", "--dry-run").out.startswith("clean-up: would be active → paused")
    assert Schedule.objects.get().state == ScheduleState.ACTIVE


def test_what_cannot_be_resumed_says_why(cli: Cli) -> None:
    cli.sync(SHOP)
    refused = cli("resume", "clean-up")
    assert refused.code == 4
    assert "active" in refused.error


def test_a_retired_schedule_frees_its_name_and_stays_to_be_seen(cli: Cli) -> None:
    cli.sync(SHOP)
    number = Schedule.objects.get().pk
    refused = cli("retire", "clean-up")
    assert refused.code == 4
    assert refused.out.startswith("clean-up: would be active → retired")
    assert refused.error.startswith("nothing was changed: retire clean-up needs a yes")
    assert cli("retire", "clean-up", "--yes", "--why", "no longer needed").code == 0
    assert cli("show", "clean-up").code == 3
    assert cli("show", f"clean-up#{number}").out.startswith("name ")
    assert cli("list").out.startswith("No schedules yet")
    assert f"clean-up#{number}" in cli("list", "--retired").out
    again = cli("retire", f"clean-up#{number}", "--yes")
    assert again.code == 4
    cli.sync(SHOP)
    assert cli("show", "clean-up").code == 0


def test_another_reason_and_end_of_a_pause_are_shown(cli: Cli, hands: Hands) -> None:
    del hands
    cli.sync(SHOP)
    assert cli("pause", "clean-up", "-r", "moving", "--until", "+2d").code == 0
    again = cli("pause", "clean-up", "-r", "still moving")
    assert again.out.splitlines() == [
        "clean-up",
        "  reason: moving → still moving",
        "  until: 2026-11-23 03:00:00 UTC → –",
    ]
