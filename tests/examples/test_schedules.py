"""Are the schedules of the five texts all there, as the texts have them? Each loads, has a next time, and runs."""

import csv
import re
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest

from examples.demo.prepare import SYSTEMS, declarations
from klokker.core.definition import AfterSuccess, Definition
from klokker.core.retry import Retry
from klokker.django.store import DjangoStore
from klokker.moving.sync import apply_sync, plan_sync
from klokker.operations.asking import Asked
from klokker.operations.catalogue import RegisteredTasks
from klokker.operations.occurrences import following
from klokker.tasks.context import RunContext
from klokker.tasks.registry import registry
from klokker.wiring.project import find_tasks, read_settings

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 13, 17, tzinfo=UTC)
NOT_FOUND = "Task not found in registry"


@pytest.fixture(scope="module", autouse=True)
def _found_tasks() -> None:
    find_tasks(read_settings())


def schedules(system: str) -> dict[str, Definition]:
    """What the example of `system` declares, in its order."""
    (declared,) = (each for each in declarations() if each.source == system)
    return {definition.name: definition for definition in declared.definitions}


def waldur_jobs() -> list[dict[str, str]]:
    """The table of the text: job, task, schedule in words, and the mark of those that nothing registers."""
    with (Path(__file__).parent / "waldur_jobs.tsv").open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def in_words(when: str) -> str:
    """A timetable as the text words it."""
    if when == "0 0 1 * *":
        return "Monthly (1st day of month at midnight)"
    if when.startswith("every "):
        return when.removeprefix("every ")
    return f"Cron: {when} (m/h/dM/MY/d)"


def test_waldur_has_all_jobs_of_the_text_in_its_order() -> None:
    """S4.1, S4.2: 80 jobs with their names, tasks and timetables, character for character."""
    jobs = waldur_jobs()
    assert len(jobs) == 80
    told = [(name, each.task, in_words(each.when)) for name, each in schedules("waldur").items()]
    assert told == [(job["job"], job["task"], job["schedule"]) for job in jobs]


def test_just_the_fourteen_tasks_that_the_text_does_not_find_are_registered_nowhere() -> None:
    """S4.1, S4.2."""
    marked = {job["task"] for job in waldur_jobs() if job["mark"] == NOT_FOUND}
    assert len(marked) == 14
    assert {each.task for each in schedules("waldur").values() if each.task not in registry} == marked


def test_signalen_has_its_ten_tasks_by_crontab_in_the_zone_of_amsterdam() -> None:
    """S0.1, S0.2, S0.5, S0.6: four configured by default, six by the functional administrator."""
    standing = schedules("signalen").values()
    assert {each.zone for each in standing} == {"Europe/Amsterdam"}
    assert all(len(each.when.split()) == 5 for each in standing)
    assert {each.task.removeprefix("signals.") for each in standing} == {
        "clean_up_reaction_request_task",
        "save_and_zip_csv_files_endpoint",
        "backend_cleanup",
        "refresh_materialized_view_public_signals_geography_feature_collection",
        "delete_expired_tokens",
        "clean_up_forward_to_external_task",
        "task_clean_datawarehouse_disk",
        "anonymize_reporters",
        "update_status_children_based_on_parent",
        "delete_signals_in_state_for_x_days",
    }


def test_one_task_of_signalen_is_scheduled_with_several_arguments() -> None:
    """S0.3."""
    standing = schedules("signalen")
    assert standing["anonymize_reporters"].args == (730,)
    deletions = [each.args for each in standing.values() if each.task.endswith("delete_signals_in_state_for_x_days")]
    assert [list(args) for args in deletions] == [["a", 365], ["o", 1825], ["s", 730]]


def test_signalen_refreshes_the_public_map_every_half_hour() -> None:
    """S0.5."""
    (refresh,) = (each for name, each in schedules("signalen").items() if name.startswith("refresh_materialized_view"))
    first = following(refresh, NOW)[:2]
    assert first == (NOW + timedelta(minutes=30), NOW + timedelta(hours=1))


def test_signalen_keeps_results_for_exactly_a_day() -> None:
    """S0.4."""
    for each in schedules("signalen").values():
        kept = each.retention
        assert kept is not None
        assert (kept.keep, kept.last, kept.failures) == (timedelta(hours=24), 0, timedelta(hours=24))


def test_privacyidea_runs_on_one_node_or_on_each_and_in_its_order() -> None:
    """S1.1, S1.3, S1.6: what touches the database runs on one node; one schedule is finer than the system's cron."""
    standing = schedules("privacyidea")
    placed = {name: sorted(each.placement.nodes) for name, each in standing.items()}
    assert placed == {
        "token statistics": ["pinode1"],
        "failed logins": ["pinode1"],
        "tokens at a glance": ["pinode1", "pinode2"],
    }
    assert standing["failed logins"].order < standing["token statistics"].order
    assert standing["tokens at a glance"].when == "*/2 * * * *"


def test_privacyidea_retries_until_success_at_the_next_tick() -> None:
    """S1.4."""
    assert schedules("privacyidea")["failed logins"].retry == Retry.until_success()


def test_a_users_job_goes_once_it_succeeded_and_an_interval_job_stays() -> None:
    """S2.1, S2.3: the schedule is named by job type, user and number; `user_id` is an argument and a label."""
    standing = schedules("ddid")
    of_users = {name: each for name, each in standing.items() if re.fullmatch(r"\w+:\d+:\d+", name)}
    for_all = {name: each for name, each in standing.items() if re.fullmatch(r"\w+:all:\d+", name)}
    assert {name.partition(":")[0] for name in standing if ":" in name} == {
        "Noop",
        "InvalidateResetPasswordCode",
        "InvalidatePendingRegistration",
    }
    for name, each in of_users.items():
        user = name.split(":")[1]
        assert (each.kwargs, each.labels) == ({"user_id": int(user)}, {"user_id": user})
        assert each.after_success is AfterSuccess.DELETE
        assert each.retry == Retry.until_success()
    assert of_users
    assert {each.after_success for each in for_all.values()} == {AfterSuccess.KEEP}


def test_lepton_tidies_its_log_at_noon() -> None:
    """S3.2, S3.3."""
    (schedule,) = schedules("lepton").values()
    assert (schedule.name, schedule.task) == ("delete_log_entries", "app.common.tasks.delete_old_log_entries")
    assert schedule.when == "0 12 * * *"


def test_the_pages_say_how_many_schedules_there_are() -> None:
    count = sum(len(declared.definitions) for declared in declarations())
    for page in ("docs/commands/demo.md", "src/klokker/cli/commands/demo.py"):
        assert f"with {count} schedules" in (ROOT / page).read_text()


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_schedule_has_times_to_come(system: str) -> None:
    """S4.2: each can be previewed."""
    for definition in schedules(system).values():
        times = following(definition, NOW)
        assert times
        assert times[0] > NOW


@pytest.mark.usefixtures("tables")
def test_every_schedule_is_accepted_and_a_second_time_nothing_is_left_to_do() -> None:
    """S4.2: each loads, those of unknown tasks too."""
    store = DjangoStore()
    asked = Asked(by="test", now=NOW)
    for declared in declarations():
        apply_sync(store, plan_sync(declared, store.schedules()), asked, RegisteredTasks(registry))
    for declared in declarations():
        again = plan_sync(declared, store.schedules())
        assert (again.changes, again.leave) == (0, ())


@pytest.mark.usefixtures("tables")
def test_every_schedule_whose_task_is_there_runs(settings: object, tmp_path: Path) -> None:
    """S4.2: each runs with its own arguments, twice, and as a dry run."""
    settings.DATAWAREHOUSE = tmp_path  # type: ignore[attr-defined] # pytest-django's settings take any name
    for system in SYSTEMS:
        data = import_module(f"examples.{system}.data")
        data.fill(NOW, 300) if system == "signalen" else data.fill(NOW)
    for declared in declarations():
        for each in declared.definitions:
            if each.task in registry:
                for _ in range(2):
                    registry.find(each.task).bind(each.args, each.kwargs)(RunContext.by_hand(each.task))
                registry.find(each.task).bind(each.args, each.kwargs)(RunContext.by_hand(each.task, dry_run=True))
