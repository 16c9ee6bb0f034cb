"""What lint finds in the schedules of real systems (docs/lint/README.md)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from klokker.core.lint.case import Ground, Subject, TaskFacts
from klokker.core.lint.finding import Code, Finding
from klokker.core.lint.linting import lint
from klokker.moving.declared import read_file

EXAMPLES = Path(__file__).parents[2] / "examples"
NOW = datetime(2026, 11, 21, 18, tzinfo=UTC)


def look(system: str, tick: timedelta | None = None) -> list[Finding]:
    declared = read_file(EXAMPLES / system / "schedules.toml")
    return lint([Subject(each, TaskFacts()) for each in declared.definitions], Ground(NOW, tick))


def test_a_job_meant_for_the_first_of_the_month_fires_all_day() -> None:
    [found] = [finding for finding in look("waldur") if finding.code is Code.EVERY_MINUTE]
    assert found.schedules == ("check-polices",)
    assert "`* * 1 * *` fires 1440 times" in found.sentence
    assert "`0 0 1 * *`" in found.fix


def test_most_jobs_of_the_marketplace_meet_at_midnight() -> None:
    [found] = [finding for finding in look("waldur") if finding.code is Code.CROWDED]
    assert "next at 2026-11-22 00:00 UTC" in found.sentence


def test_two_minutes_under_a_cron_entry_of_five() -> None:
    [found] = [finding for finding in look("privacyidea", timedelta(minutes=5)) if finding.code is Code.FINER_THAN_TICK]
    assert found.schedules == ("tokens at a glance",)
    assert "it comes every 2m, and is looked at every 5m" in found.sentence
