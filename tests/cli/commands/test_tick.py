"""tick, for the system's cron (docs/commands/tick.md)."""

import os
import sqlite3
import subprocess
from pathlib import Path

from klokker.django.models import Node, Run
from tests.cli.conftest import Cli, Hands, Klokker, clean_environment
from tests.waiting import until

HOURLY = """
[schedules.clean-up]
task = "shop.clean_up"
when = "17 * * * *"
"""

PRICES = """
[schedules.prices]
task = "shop.import_prices"
when = "*/5 * * * *"
kwargs = {{ file = "{file}" }}
retry = {{ until_success = true, wait = "next tick" }}
"""


def contents(path: Path) -> str:
    """All that an SQLite file holds, as text."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        whole = "\n".join(database.iterdump())
    database.close()
    return whole


def test_an_hourly_schedule_under_a_cron_of_five_minutes_runs_24_times_a_day(cli: Cli, hands: Hands) -> None:
    """S1.2: 288 calls, one at each reading of the clock."""
    hands.at = hands.at.replace(hour=0)
    cli.sync(HOURLY)
    for _ in range(288):
        hands.on(minutes=5)
        said = cli("tick", "-c")
        assert (said.code, said.out, said.err) == (0, "", "")
    runs = Run.objects.order_by("nominal")
    assert [(run.nominal.hour, run.nominal.minute) for run in runs if run.nominal] == [(h, 17) for h in range(24)]
    assert {run.outcome for run in runs} == {"succeeded"}
    (account,) = cli("account", "--json").json["accounts"]
    assert (account["exact"], account["expected"], account["runs"], account["dismissed"]) == (True, 24, 24, 0)


def test_a_schedule_finer_than_the_cron_entry_runs_once_a_call(cli: Cli, hands: Hands) -> None:
    """S1.6: every two minutes, called every five."""
    cli.sync(HOURLY.replace("17 *", "*/2 *"))
    made = []
    for _ in range(6):
        hands.on(minutes=5)
        made.append(len(cli("tick", "--json").json["ran"]))
    assert made == [1] * 6
    assert cli("account").code == 0


def test_what_fails_is_tried_at_each_call_until_it_succeeds(cli: Cli, hands: Hands, tmp_path: Path) -> None:
    """S1.4: a failed run is not counted as a run; the next call tries it again."""
    prices = tmp_path / "prices"
    cli.sync(PRICES.format(file=prices))
    hands.on(minutes=5)
    for _ in range(3):
        failed = cli("tick", "-c")
        assert (failed.code, failed.out) == (1, "")
        assert failed.err.startswith("klokker: run 1 of prices failed: FileNotFoundError")
        assert failed.err.count("\n") == 1, "one line is mailed, not the same thing twice"
        hands.on(minutes=5)
    prices.write_text("1 2 3")
    assert cli("tick", "-c").code == 0
    assert Run.objects.get(pk=1).attempt == 4


def test_a_call_that_finds_nothing_to_do_says_so_and_is_well(cli: Cli, hands: Hands) -> None:
    cli.sync(HOURLY)
    said = cli("tick")
    assert (said.code, said.out) == (0, "0 runs made, 0 dismissals, 0 ran here\n")
    assert hands.at.minute == 0


def test_a_dry_run_lists_what_is_due_and_queued_and_writes_nothing(cli: Cli, hands: Hands) -> None:
    cli.sync(HOURLY)
    assert cli("run", "clean-up", "--queue").code == 0
    hands.on(hours=1)
    before = contents(cli.database.path)
    listed = cli("tick", "-d")
    assert listed.code == 0
    assert [line.split()[:2] for line in listed.out.splitlines()] == [
        ["WHAT", "SCHEDULE"],
        ["due", "clean-up"],
        ["queued", "clean-up"],
    ]
    shown = cli("tick", "-d", "--json").json
    assert shown["due"] == [{"schedule": "clean-up", "node": None, "since": "2026-11-21T03:17:00Z"}]
    assert [each["task"] for each in shown["queued"]] == ["shop.clean_up"]
    assert contents(cli.database.path) == before
    assert cli("tick").code == 0
    assert contents(cli.database.path) != before


def test_what_is_placed_on_nodes_runs_on_those_alone(cli: Cli, hands: Hands) -> None:
    """S1.3: two nodes, each with its own last run; a third runs nothing of it."""
    for node in ("a", "b", "c"):
        assert cli("node", "enrol", node).code == 0
    cli.sync(HOURLY + 'placement = ["a", "b"]\n')
    hands.on(hours=1)
    ran = [(node, len(cli("tick", "-n", node, "--json").json["ran"])) for node in ("c", "b", "a", "a")]
    assert ran == [("c", 0), ("b", 1), ("a", 1), ("a", 0)]
    assert sorted(Run.objects.values_list("node", flat=True)) == ["a", "b"]


def test_a_node_that_nobody_knows_is_a_slip_until_it_is_enrolled(cli: Cli) -> None:
    cli("tick")
    slip = cli("tick", "-n", "heer")
    assert slip.code == 4
    assert slip.error == "there is no node 'heer'; enrolled are here. Say --enrol to make it one"
    assert not Node.objects.filter(name="heer").exists()
    assert cli("tick", "-n", "heer", "-d").code == 4
    assert cli("tick", "-n", "heer", "--enrol").code == 0


def test_a_broken_schedule_stops_no_other(cli: Cli, hands: Hands) -> None:
    """S1.5: what cannot be read is reported, and the others run."""
    cli.sync(HOURLY + HOURLY.replace("clean-up", "wrong"))
    with sqlite3.connect(cli.database.path) as database:
        database.execute(
            "UPDATE klokker_revision SET definition = replace(definition, '17 * * * *', '17 99 * * *') "
            "WHERE schedule_id = (SELECT id FROM klokker_schedule WHERE name = 'wrong')"
        )
    database.close()
    hands.on(hours=1)
    assert [each["schedule"] for each in cli("tick", "--json").json["ran"]] == ["clean-up"]
    listed = cli("list", "--state", "broken")
    assert listed.out.splitlines()[1].startswith("wrong ")
    assert "1 broken; `klokker show NAME` says why." in listed.err


def test_the_printed_cron_entry_works_as_cron_would_run_it(klokker: Klokker, tmp_path: Path) -> None:
    (tmp_path / "chores.py").write_text(
        "from klokker import task\n@task('touch')\ndef touch(file: str) -> None:\n    open(file, 'a').close()\n"
    )
    (tmp_path / "shop.toml").write_text(
        f'[schedules.touch]\ntask = "touch"\nwhen = "* * * * * *"\nkwargs = {{ file = "{tmp_path / "touched"}" }}\n'
    )
    told = {"KLOKKER_TASKS": "chores", "PYTHONPATH": str(tmp_path), "KLOKKER_EXECUTOR": "inline"}
    klokker("migrate")
    assert klokker("sync", "shop.toml", "--yes", **told).returncode == 0
    printed = klokker("tick", "--print-cron", **told).stdout.splitlines()
    settings = dict(line.split("=", 1) for line in printed if line[0] not in "#*")
    entry = printed[-1].split(maxsplit=6)
    assert entry[:5] == ["*/5", "*", "*", "*", "*"]
    cron = {"PATH": "/usr/bin:/bin", "SHELL": "/bin/sh", "HOME": os.environ.get("HOME", "/"), **settings}

    def ran() -> bool:
        called = subprocess.run(["/bin/sh", "-c", entry[6]], env=cron, capture_output=True, text=True, check=False)
        assert (called.returncode, called.stdout, called.stderr) == (0, "", "")
        return (tmp_path / "touched").exists()

    assert "KLOKKER_HOME" in settings
    assert clean_environment().get("KLOKKER_HOME") is None
    until(ran, "the occurrence of the second after it was made", within=30)
