"""lint, and check --lint (docs/commands/lint.md)."""

from datetime import timedelta

import pytest
from django.db.models import F

from klokker.django.models import Revision, Run
from klokker.django.store import DjangoStore
from klokker.engine.clock import MACHINE
from klokker.store.contract import ProcessInfo
from tests.cli.conftest import Cli

SHOP = """
[defaults]
task = "shop.clean_up"
owner = "shop"

[schedules.polices]
when = "* * 1 * *"

[schedules.figures]
when = "*/2 * * * *"

[schedules.calm]
when = "0 9 * * MON"
"""


def found(cli: Cli, *arguments: str) -> dict[str, list[str]]:
    """The codes that lint finds, with the schedules they are found in."""
    codes: dict[str, list[str]] = {}
    for finding in cli("lint", *arguments, "--json").json["findings"]:
        codes.setdefault(finding["code"], []).extend(finding["schedules"])
    return codes


def test_the_fleet_is_looked_at_and_the_exit_code_says_how_bad_it_is(anywhere: Cli) -> None:
    anywhere.sync(SHOP)
    said = anywhere("lint", "--json")
    assert said.code == 1
    assert said.json["well"] is False
    [finding] = said.json["findings"]
    assert finding == {
        "code": "every-minute",
        "severity": "warning",
        "schedules": ["polices"],
        "sentence": "`* * 1 * *` fires 1440 times on each of its days: every minute of the day, on the 1st of the month",
        "fix": "if once a day is meant, write the minute and the hour: `0 0 1 * *`",
        "page": "docs/lint/every-minute.md",
        "silenced": None,
        "details": {"times": 1440},
    }
    assert anywhere("lint", "--fail-on", "error").code == 0


def test_one_schedule_is_looked_at_alone(cli: Cli) -> None:
    cli.sync(SHOP)
    assert (cli("lint", "calm").code, cli("lint", "calm").out) == (0, "Nothing was found.\n")
    assert "every-minute" in cli("lint", "polices").out
    refused = cli("lint", "clam")
    assert (refused.code, "did you mean calm?" in refused.error) == (3, True)


def test_the_pace_of_a_cron_entry_is_told(cli: Cli) -> None:
    cli.sync(SHOP)
    assert found(cli, "--tick-every", "5m")["finer-than-tick"] == ["figures", "polices"]
    for wrong in ("often", "0s"):
        refused = cli("lint", "--tick-every", wrong)
        assert (refused.code, "--tick-every" in refused.error) == (2, True)


def test_what_is_silenced_no_longer_counts(cli: Cli) -> None:
    cli.sync(SHOP.replace("[schedules.figures]", 'silence = { every-minute = "the bank closes" }\n[schedules.figures]'))
    plain, shown = cli("lint"), cli("lint", "--silenced")
    assert (plain.code, "every-minute" in plain.out, "1 silenced" in plain.out) == (0, False, True)
    assert "silenced: the bank closes" in shown.out
    assert cli("lint", "--json").json["findings"][0]["silenced"] == "the bank closes"


def test_a_silence_without_a_reason_is_refused(cli: Cli) -> None:
    file = cli.file(SHOP + 'silence = { every-minute = " " }\n')
    refused = cli("sync", file, "--yes")
    assert (refused.code, "schedules.calm.silence: must say why" in refused.error) == (2, True)


def test_tasks_and_arguments_are_those_of_this_process(cli: Cli) -> None:
    cli.sync(SHOP)
    # A later version of the task takes no such argument any more; a third one is gone.
    for name, change in (("calm", {"kwargs": {"weeks": 3}}), ("figures", {"task": "shop.gone"})):
        revision = Revision.objects.get(schedule__name=name, number=F("schedule__revision"))
        Revision.objects.filter(pk=revision.pk).update(definition={**revision.definition, **change})
    assert found(cli) == {"unfit-arguments": ["calm"], "unknown-task": ["figures"], "every-minute": ["polices"]}


def test_a_damaged_definition_is_one_finding_and_hides_no_other(cli: Cli) -> None:
    cli.sync(SHOP)
    Revision.objects.filter(schedule__name="calm").update(definition={"name": "calm"})
    assert found(cli) == {"unreadable": ["calm"], "every-minute": ["polices"]}


def test_runs_that_take_longer_than_the_period_are_known_from_history(cli: Cli) -> None:
    cli.sync(SHOP)
    assert cli("run", "figures").code == 0
    Run.objects.update(started=F("finished") - timedelta(minutes=3))
    assert found(cli)["shorter-than-run"] == ["figures"]


@pytest.mark.parametrize(("schedules", "code"), [(SHOP, 1), (SHOP.replace("* * 1 * *", "0 0 1 * *"), 0)])
def test_check_looks_too_when_asked(cli: Cli, schedules: str, code: int) -> None:
    cli.sync(schedules)
    # No scheduler runs here, which is not well by itself; what lint adds is told beside it.
    listed = cli("check", "--lint", "--json").json
    assert [finding["code"] for finding in listed["lint"]] == ["every-minute"] * code
    assert ("every-minute" in cli("check", "--lint").out) is bool(code)
    assert "lint" not in cli("check", "--json").json


def test_a_check_is_told_how_often_cron_ticks(cli: Cli) -> None:
    cli.sync(SHOP)
    for pace, finer in (((), []), (("--tick-every", "5m"), ["figures", "polices"])):
        findings = cli("check", "--lint", *pace, "--json").json["lint"]
        assert [each["schedules"][0] for each in findings if each["code"] == "finer-than-tick"] == finer
    for arguments, why in (
        (("--tick-every", "5m"), "goes with --lint"),
        (("--lint", "--tick-every", "0s"), "positive"),
    ):
        refused = cli("check", *arguments)
        assert (refused.code, why in refused.error) == (2, True)


PACES = [
    (("00:00", "00:05", "00:10"), ["figures", "polices"]),
    (("00:00:03", "00:05:01", "00:10:04"), ["figures", "polices"]),  # cron's pace, with what it takes to begin
    (("00:00", "00:01", "09:00"), []),  # an outage is no pace
    (("00:05", "00:10"), []),  # too few to tell
    (("00:00:00", "00:00:10", "00:00:20"), []),  # a scheduler that has left
]


@pytest.mark.parametrize(("ticks", "finer"), PACES)
def test_the_pace_is_known_from_the_ticks_of_the_nodes(cli: Cli, ticks: tuple[str, ...], finer: list[str]) -> None:
    cli.sync(SHOP)
    midnight = MACHINE.wall().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    store = DjangoStore()
    store.enrol("a", midnight - timedelta(days=1))
    for tick in ticks:
        hour, minute, second = [*map(int, tick.split(":")), 0][:3]
        store.ticked("a", midnight + timedelta(hours=hour, minutes=minute, seconds=second))
    assert found(cli).get("finer-than-tick", []) == finer
    assert found(cli, "--tick-every", "30s").get("finer-than-tick", []) == []
    store.retire_node("a", midnight + timedelta(days=1))
    assert "finer-than-tick" not in found(cli)


def test_where_a_scheduler_lives_nothing_is_finer_than_its_pace(cli: Cli) -> None:
    cli.sync(SHOP)
    now = MACHINE.wall()
    store = DjangoStore()
    store.enrol("a", now - timedelta(days=1))
    for minutes in (15, 10, 5):
        store.ticked("a", now - timedelta(minutes=minutes))
    assert "finer-than-tick" in found(cli)
    store.arrive(ProcessInfo("p1", "a", frozenset({"scheduler"}), "h", 1, "0.1", "2026a", frozenset(), {}), now)
    assert "finer-than-tick" not in found(cli)
