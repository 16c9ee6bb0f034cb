"""check (docs/commands/check.md)."""

import pytest

from klokker.django.models import Incident, Schedule
from tests.cli.conftest import Cli, Hands

SHOP = """
[schedules.clean-up]
task = "shop.clean_up"
when = "0 * * * *"
"""


def test_when_all_is_well_it_says_so_or_nothing(cli: Cli, hands: Hands) -> None:
    del hands
    for options in ((), ("-q",), ("--quiet",)):
        said = cli("check", *options)
        assert (said.code, said.out, said.err) == (0, "" if options else "All is well.\n", "")
    assert cli("check", "--json").json == {"well": True, "findings": [], "closed": [], "task_modules": []}
    assert not Incident.objects.exists()


def test_an_incident_is_told_with_its_beginning_until_it_is_over(cli: Cli, hands: Hands) -> None:
    cli.sync(SHOP)
    Schedule.objects.update(state="broken", reason="no such zone")
    first = cli("check")
    assert first.code == 1
    assert first.out.splitlines()[1].split(maxsplit=2) == ["broken", "now", "clean-up is broken: no such zone"]
    hands.on(minutes=20)
    assert cli("check", "-q").out.splitlines()[1].split()[:3] == ["broken", "20m", "ago"]
    told = cli("check", "--json")
    assert told.code == 1
    assert told.json == {
        "well": False,
        "findings": [
            {
                "kind": "broken",
                "subject": "clean-up",
                "reason": "clean-up is broken: no such zone",
                "since": "2026-11-21T03:00:00Z",
                "details": {},
            }
        ],
        "closed": [],
        "task_modules": [],
    }
    Schedule.objects.update(state="active")
    over = cli("check")
    assert (over.code, over.out) == (0, "All is well.\nover: broken clean-up, since 20m ago\n")
    assert cli("check").out == "All is well.\n"


def test_what_closes_is_in_the_json_once(cli: Cli, hands: Hands) -> None:
    del hands
    cli.sync(SHOP)
    Schedule.objects.update(state="broken")
    cli("check")
    Schedule.objects.update(state="active")
    assert cli("check", "--json").json["closed"] == [{"kind": "broken", "subject": "clean-up"}]
    assert cli("check", "--json").json["closed"] == []


def test_an_incident_that_is_about_nothing_by_name_is_told_without_one(cli: Cli, hands: Hands) -> None:
    cli.sync(SHOP)
    hands.on(hours=2)
    assert cli("check").out.splitlines()[1].startswith("no scheduler  now    1 timers are due and undecided, the first")
    cli("tick")
    assert cli("check").out == "All is well.\nover: no scheduler, since now\n"


def test_a_module_of_tasks_that_cannot_be_imported_is_named(
    cli: Cli, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    del hands
    (cli.folder / "ill_chores.py").write_text("raise RuntimeError('no broom')\n")
    monkeypatch.syspath_prepend(str(cli.folder))
    monkeypatch.setenv("KLOKKER_TASKS", "ill_chores")
    said = cli("check")
    assert said.code == 1
    assert "ill_chores" in said.err
    assert "no broom" in said.err
    assert "All is well" not in said.out
    (module,) = cli("check", "--json").json["task_modules"]
    assert module["module"] == "ill_chores"
    assert "no broom" in module["reason"]


def test_an_option_that_it_has_not_is_refused(cli: Cli) -> None:
    refused = cli("check", "--loud")
    assert refused.code == 2
    assert "--loud" in refused.error


def test_a_cause_is_not_lost_among_what_follows_from_it(cli: Cli) -> None:
    """Of one kind fifteen rows at the most; programs are told everything."""
    schedules = (f'[schedules.s{number}]\ntask = "elsewhere.work{number}"\nwhen = "@yearly"\n' for number in range(30))
    cli.sync("\n".join(schedules))
    rows = [line for line in cli("check").out.splitlines() if line.startswith("unknown task")]
    assert len(rows) == 15
    assert "and 16 more; `klokker check --json` lists them all" in rows[-1]
    assert len(cli("check", "--json").json["findings"]) == 30
