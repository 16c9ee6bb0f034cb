"""backfill (docs/commands/backfill.md)."""

from pathlib import Path

from klokker.django.models import Run
from tests.cli.conftest import Cli, Hands

SHOP = """
[schedules.write]
task = "shop.write_down"
when = "0 3 * * *"
zone = "Europe/Amsterdam"
kwargs = {{ file = "{file}" }}
"""
WEEK = ("--after", "2026-10-23T03:00", "--until", "2026-10-30T03:00")


def test_a_window_is_run_oldest_first_and_what_succeeded_is_skipped(cli: Cli, hands: Hands, tmp_path: Path) -> None:
    written = tmp_path / "written"
    cli.sync(SHOP.format(file=written))
    dry = cli("backfill", "write", *WEEK, "--dry-run")
    assert (dry.out, Run.objects.count()) == ("write\n  7 runs would be made\n", 0)
    assert cli("backfill", "write", *WEEK, "--json").json["starts"] == 7
    assert cli("tick").code == 0
    moments = Run.objects.order_by("started").values_list("for_nominal", flat=True)
    assert [f"{moment:%m-%dT%H}" for moment in moments if moment] == [
        # Summer time ends on the 25th: three in the night stays three in the night.
        "10-24T01",
        *(f"10-{day}T02" for day in range(25, 31)),
    ]
    again = cli("backfill", "write", *WEEK)
    assert "nothing changes" in again.out
    assert cli("backfill", "write", *WEEK, "--again", "--json").json["starts"] == 7
    assert cli("account").code == 0
    assert hands.at.hour == 3


def test_more_than_a_hundred_runs_need_a_yes(anywhere: Cli, tmp_path: Path) -> None:
    anywhere.sync(SHOP.format(file=tmp_path / "written"))
    year = ("--after", "2025-01-01", "--until", "2026-01-01T00:00")
    refused = anywhere("backfill", "write", *year)
    assert refused.code == 4
    assert "would make 365 runs; over 100 are made only with an explicit yes" in refused.error
    assert not Run.objects.exists()
    assert anywhere("backfill", "write", *year, "--yes", "--json").json["starts"] == 365
