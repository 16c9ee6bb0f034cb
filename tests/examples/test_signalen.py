"""Do the chores of the reports keep their rules? On real tables, on each kind of database."""

import csv
import io
import os
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.db.utils import Error as AnyDatabaseError

from examples.signalen import tasks
from examples.signalen.data import fill
from examples.signalen.models import (
    Attachment,
    BackgroundResult,
    DeletedReport,
    Note,
    PublicReport,
    Report,
    Reporter,
    State,
    Token,
)
from klokker import Counts
from klokker.core.definition import Definition, InvalidDefinition
from klokker.core.json_values import Json
from klokker.django.store import DjangoStore
from klokker.engine.clock import MACHINE
from klokker.operations.asking import Asked
from klokker.operations.catalogue import RegisteredTasks
from klokker.operations.create import Create, create
from klokker.tasks.arguments import InvalidArguments
from klokker.tasks.context import RunContext, RunNotMine
from klokker.tasks.registry import registry

FRIDAY = datetime(2026, 11, 13, 17, tzinfo=UTC)
DELETE = "signals.delete_signals_in_state_for_x_days"
ANONYMIZE = "signals.anonymize_reporters"

MakeReport = Callable[..., Report]


@pytest.fixture
def a_run() -> RunContext:
    return RunContext.by_hand("by.test")


@pytest.fixture
def report(tables: str) -> MakeReport:  # noqa: ARG001 - on these tables
    """Makes a report that came in, got its state and was last changed so many days ago."""

    def make(
        state: State, *, created: float = 0, since: float = 0, updated: float = 0, parent: Report | None = None
    ) -> Report:
        now = MACHINE.wall()
        made = Report.objects.create(
            text="a test's",
            category="litter",
            latitude=52.37,
            longitude=4.90,
            state=state,
            created_at=now - timedelta(days=created),
            state_since=now - timedelta(days=since),
            updated_at=now - timedelta(days=updated),
            parent=parent,
        )
        Reporter.objects.create(report=made, email=f"reporter-{made.pk}@example.org", phone="+31 20 555 0017")
        return made

    return make


def states() -> list[str]:
    return list(Report.objects.order_by("pk").values_list("state", flat=True))


def left() -> set[int]:
    return set(Report.objects.values_list("pk", flat=True))


# the data


@pytest.mark.usefixtures("sqlite_tables")
def test_the_reports_are_the_same_every_time() -> None:
    def seen() -> list[tuple[object, ...]]:
        reports = Report.objects.order_by("pk").values_list("text", "state", "created_at", "updated_at", "latitude")
        return [*reports, *Reporter.objects.order_by("pk").values_list("email", "anonymized")]

    fill(FRIDAY, 500)
    first = seen()
    with transaction.atomic():
        for model in (Attachment, Note, Reporter, Token, BackgroundResult):
            model._default_manager.all().delete()
        Report.objects.update(parent=None)
        Report.objects.all().delete()
    fill(FRIDAY, 500)
    assert seen() == first


@pytest.mark.usefixtures("sqlite_tables")
def test_there_are_twenty_thousand_reports_with_reporters_who_do_not_exist() -> None:
    fill(FRIDAY)
    assert Report.objects.count() == Reporter.objects.count() == 20_000
    assert Reporter.objects.filter(email="reporter-17@example.org").count() == 1
    assert not Reporter.objects.exclude(email="").exclude(email__endswith="@example.org").exists()
    assert set(states()) == set(State) - {State.REACTION_RECEIVED}


# what waits too long


def test_a_reaction_that_was_asked_for_over_five_days_ago_counts_as_given(
    report: MakeReport, a_run: RunContext
) -> None:
    """S0.5."""
    report(State.REACTION_REQUESTED, since=5.01)
    report(State.REACTION_REQUESTED, since=4.99)
    report(State.REPORTED, since=30)
    assert tasks.clean_up_reaction_request_task(a_run) == Counts(found=1, changed=1)
    assert states() == [State.REACTION_RECEIVED, State.REACTION_REQUESTED, State.REPORTED]
    assert "5 days" in Note.objects.get().text


def test_what_lies_with_others_for_over_fourteen_days_is_put_up_for_closure(
    report: MakeReport, a_run: RunContext
) -> None:
    """S0.6."""
    report(State.FORWARDED_TO_EXTERNAL, since=14.01)
    report(State.FORWARDED_TO_EXTERNAL, since=13.99)
    tasks.clean_up_forward_to_external_task(a_run)
    assert states() == [State.CLOSURE_REQUESTED, State.FORWARDED_TO_EXTERNAL]


def test_children_of_a_handled_report_are_cancelled(report: MakeReport, a_run: RunContext) -> None:
    """S0.6."""
    handled, split = report(State.HANDLED), report(State.SPLIT)
    for parent in (handled, split):
        report(State.REPORTED, parent=parent)
    report(State.HANDLED, parent=handled)
    assert tasks.update_status_children_based_on_parent(a_run) == Counts(found=1, changed=1)
    assert states()[2:] == [State.CANCELLED, State.REPORTED, State.HANDLED]


def test_a_change_by_a_chore_is_a_change_of_the_report(report: MakeReport, a_run: RunContext) -> None:
    changed = report(State.REACTION_REQUESTED, since=400, updated=400)
    tasks.clean_up_reaction_request_task(a_run)
    changed.refresh_from_db()
    assert MACHINE.wall() - changed.updated_at < timedelta(minutes=5)


# anonymising


@pytest.mark.parametrize("state", [State.HANDLED, State.CANCELLED, State.SPLIT, State.CLOSURE_REQUESTED])
def test_reporters_of_closed_reports_are_anonymised_a_year_after_entry(
    report: MakeReport, a_run: RunContext, state: State
) -> None:
    """S0.6: counted from the report's entry, whatever happened to it since; a note says what was removed."""
    old, young = report(state, created=365.01), report(state, created=364.99, updated=364)
    assert tasks.anonymize_reporters(a_run) == Counts(found=1, anonymized=1)
    assert list(Reporter.objects.order_by("pk").values_list("email", "phone", "anonymized")) == [
        ("", "", True),
        (f"reporter-{young.pk}@example.org", "+31 20 555 0017", False),
    ]
    note = Note.objects.get()
    assert (note.report_id, note.text) == (old.pk, "Anonymised: e-mail address and telephone number.")


def test_reporters_of_open_reports_stay(report: MakeReport, a_run: RunContext) -> None:
    """S0.6."""
    report(State.REPORTED, created=3000)
    assert tasks.anonymize_reporters(a_run) == Counts(found=0, anonymized=0)


def test_the_days_until_a_reporter_is_anonymised_are_an_argument(report: MakeReport, a_run: RunContext) -> None:
    """S0.3, S0.6."""
    report(State.HANDLED, created=700)
    assert tasks.anonymize_reporters(a_run, 730) == Counts(found=0, anonymized=0)
    assert tasks.anonymize_reporters(a_run, 100) == Counts(found=1, anonymized=1)


def test_a_second_run_anonymises_nobody_twice(report: MakeReport, a_run: RunContext) -> None:
    report(State.HANDLED, created=700)
    tasks.anonymize_reporters(a_run)
    assert tasks.anonymize_reporters(a_run) == Counts(found=0, anonymized=0)
    assert Note.objects.count() == 1


# deleting


def test_deletion_counts_from_the_last_change_of_any_kind_and_not_from_entry(
    report: MakeReport, a_run: RunContext
) -> None:
    """S0.6: a report whose status is 400 days old, and whose last note is ten days old, stays."""
    gone = report(State.CANCELLED, created=500, since=400, updated=400)
    stays = report(State.CANCELLED, created=500, since=400, updated=10)
    other = report(State.HANDLED, created=500, since=400, updated=400)
    assert tasks.delete_signals_in_state_for_x_days(a_run, "a", 365) == Counts(found=1, deleted=1, attachments=0)
    assert left() == {stays.pk, other.pk}
    assert gone.pk not in left()


def test_children_go_before_their_parents_and_attachments_with_them(report: MakeReport, a_run: RunContext) -> None:
    """S0.6."""
    parent = report(State.SPLIT, updated=400)
    child = report(State.SPLIT, updated=400, parent=parent)
    Attachment.objects.create(report=child, file="photographs/1.jpg")
    assert tasks.delete_signals_in_state_for_x_days(a_run, "s", 365) == Counts(found=2, deleted=2, attachments=1)
    assert not left()
    assert list(DeletedReport.objects.order_by("pk").values_list("report", "parent")) == [
        (child.pk, parent.pk),
        (parent.pk, None),
    ]


def test_a_report_whose_child_stays_stays(report: MakeReport, a_run: RunContext) -> None:
    """S0.6."""
    parent = report(State.HANDLED, updated=400)
    child = report(State.REPORTED, updated=400, parent=parent)
    tasks.delete_signals_in_state_for_x_days(a_run, "o", 365)
    assert left() == {parent.pk, child.pk}


def test_what_was_deleted_is_recorded_with_a_batch_and_a_note(report: MakeReport, a_run: RunContext) -> None:
    """S0.6."""
    first, second = report(State.HANDLED, updated=400), report(State.HANDLED, updated=500)
    tasks.delete_signals_in_state_for_x_days(a_run, "o", 365)
    records = list(DeletedReport.objects.order_by("pk"))
    assert [each.report for each in records] == [first.pk, second.pk]
    assert len({each.batch for each in records}) == 1
    assert {each.note for each in records} == {"in state handled for over 365 days"}


def test_the_record_and_the_deletion_are_one_transaction(report: MakeReport) -> None:
    """S0.6: a run that was taken back before its commit leaves neither."""
    report(State.HANDLED, updated=400)

    class TakenBack(RunContext):
        def check(self) -> None:
            raise RunNotMine(self.run_id)

    run = TakenBack(RunContext.by_hand(DELETE).reporter, run_id=1, task=DELETE)
    with pytest.raises(RunNotMine):
        tasks.delete_signals_in_state_for_x_days(run, "o", 365)
    assert (Report.objects.count(), DeletedReport.objects.count()) == (1, 0)


def test_a_report_that_was_touched_after_its_batch_was_read_stays(report: MakeReport, a_run: RunContext) -> None:
    touched = report(State.HANDLED, updated=400)
    found = Report.objects.filter(state=State.HANDLED, updated_at__lt=MACHINE.wall() - timedelta(days=365))
    (keys,) = tasks._batches(found, a_run)
    Report.objects.update(updated_at=MACHINE.wall())
    with transaction.atomic():
        assert keys == [touched.pk]
        assert not tasks._locked(found, keys)


# arguments


@pytest.mark.parametrize(
    ("task", "args"),
    [
        (DELETE, ["x", 365]),
        (DELETE, ["a"]),
        (DELETE, ["a", 100]),
        (ANONYMIZE, [0]),
        (ANONYMIZE, [-1]),
        (ANONYMIZE, ["730"]),
    ],
)
@pytest.mark.usefixtures("sqlite_tables")
def test_arguments_that_make_no_sense_are_refused_when_saved_and_again_when_run(task: str, args: list[Json]) -> None:
    """S0.7."""
    definition = Definition.read({"name": "refused", "task": task, "when": "0 3 * * *", "args": args})
    store = DjangoStore()
    with pytest.raises(InvalidDefinition):
        create(store, Create(Asked(by="test", now=FRIDAY), definition, RegisteredTasks(registry)))
    assert not store.schedules()
    with pytest.raises(InvalidArguments):
        registry.find(task).bind(args, {})(RunContext.by_hand(task))


@pytest.mark.parametrize(("task", "args"), [(ANONYMIZE, [100]), (ANONYMIZE, []), (DELETE, ["o", 1825])])
@pytest.mark.usefixtures("sqlite_tables")
def test_arguments_that_make_sense_are_accepted(task: str, args: list[Json]) -> None:
    """S0.3, S0.7."""
    definition = Definition.read({"name": "accepted", "task": task, "when": "0 3 * * *", "args": args})
    store = DjangoStore()
    create(store, Create(Asked(by="test", now=FRIDAY), definition, RegisteredTasks(registry)))
    assert len(store.schedules()) == 1


# what is left over


@pytest.mark.usefixtures("tables")
def test_tokens_go_when_their_term_is_over(a_run: RunContext) -> None:
    """S0.6."""
    for hours in (-1, 1):
        Token.objects.create(key=f"{hours}", expires_at=MACHINE.wall() + timedelta(hours=hours))
    assert tasks.delete_expired_tokens(a_run) == Counts(found=1, deleted=1)
    assert Token.objects.get().key == "1"


@pytest.mark.usefixtures("tables")
def test_results_of_background_tasks_stay_for_a_day(a_run: RunContext) -> None:
    """S0.5."""
    for hours in (23, 25):
        BackgroundResult.objects.create(task=f"{hours}", created_at=MACHINE.wall() - timedelta(hours=hours))
    assert tasks.backend_cleanup(a_run) == Counts(found=1, deleted=1)
    assert BackgroundResult.objects.get().task == "23"


# the datawarehouse


@pytest.fixture
def warehouse(settings: object, tmp_path: Path) -> Path:
    settings.DATAWAREHOUSE = tmp_path / "datawarehouse"  # type: ignore[attr-defined] # pytest-django's settings take any name
    return tmp_path / "datawarehouse"


def test_an_export_holds_every_row_as_csv_and_nobody_s_address(
    report: MakeReport, a_run: RunContext, warehouse: Path
) -> None:
    """S0.5."""
    reports = [report(State.HANDLED), report(State.REPORTED)]
    assert tasks.save_and_zip_csv_files_endpoint(a_run) == Counts(rows=4, archives_removed=0)
    (archive,) = warehouse.iterdir()
    with zipfile.ZipFile(archive) as opened:
        rows = list(csv.DictReader(io.TextIOWrapper(opened.open("reports.csv"), "utf-8")))
        assert "@" not in opened.read("reporters.csv").decode()
    assert [int(row["id"]) for row in rows] == [each.pk for each in reports]


@pytest.mark.usefixtures("sqlite_tables")
def test_of_the_exports_the_newest_stay(a_run: RunContext, warehouse: Path) -> None:
    """S0.5: thirty of them, if nothing else is said."""
    warehouse.mkdir()
    for day in range(1, 33):
        (warehouse / f"signals-{datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day):%Y%m%dT%H%M%SZ}.zip").touch()
    assert tasks.save_and_zip_csv_files_endpoint(a_run) == Counts(rows=0, archives_removed=3)
    names = sorted(file.name for file in warehouse.iterdir())
    assert (len(names), names[0]) == (30, "signals-20260105T000000Z.zip")


@pytest.mark.usefixtures("sqlite_tables")
def test_exports_are_removed_after_thirty_days(a_run: RunContext, warehouse: Path) -> None:
    """S0.6."""
    warehouse.mkdir()
    for days in (29, 31):
        file = warehouse / f"signals-{days}.zip"
        file.touch()
        then = (MACHINE.wall() - timedelta(days=days)).timestamp()
        os.utime(file, (then, then))
    assert tasks.task_clean_datawarehouse_disk(a_run) == Counts(found=1, removed=1)
    assert [file.name for file in warehouse.iterdir()] == ["signals-29.zip"]


# the public map


def on_the_map() -> set[int]:
    if connection.vendor != "postgresql":
        return set(PublicReport.objects.values_list("report", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT report FROM {tasks.MAP_VIEW}")
        return {row[0] for row in cursor.fetchall()}


def test_the_public_map_shows_the_open_reports_after_a_refresh(report: MakeReport, a_run: RunContext) -> None:
    """S0.5."""
    refresh = tasks.refresh_materialized_view_public_signals_geography_feature_collection
    shown = report(State.REPORTED)
    report(State.HANDLED)
    refresh(a_run)
    assert on_the_map() == {shown.pk}
    Report.objects.update(state=State.CANCELLED)
    assert on_the_map() == {shown.pk}
    assert refresh(a_run) == Counts(points=0)
    assert not on_the_map()


@pytest.mark.usefixtures("postgres_tables")
def test_the_map_is_refreshed_while_others_read_it_and_a_failure_is_a_failure(a_run: RunContext) -> None:
    """S0.5: without a unique index PostgreSQL refuses CONCURRENTLY, and the task says so."""
    index = f"{tasks.MAP_VIEW}_report"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX {index}")
        try:
            with pytest.raises(AnyDatabaseError, match="concurrently"):
                tasks.refresh_materialized_view_public_signals_geography_feature_collection(a_run)
        finally:
            cursor.execute(f"CREATE UNIQUE INDEX {index} ON {tasks.MAP_VIEW} (report)")


# dry runs


@pytest.mark.parametrize(
    "chore",
    [
        tasks.clean_up_reaction_request_task,
        tasks.clean_up_forward_to_external_task,
        tasks.update_status_children_based_on_parent,
        tasks.anonymize_reporters,
        tasks.delete_expired_tokens,
        tasks.backend_cleanup,
        lambda run: tasks.delete_signals_in_state_for_x_days(run, "a", 365),
    ],
)
@pytest.mark.usefixtures("sqlite_tables")
def test_a_dry_run_counts_what_would_be_done_and_changes_nothing(chore: Callable[[RunContext], Counts]) -> None:
    fill(MACHINE.wall(), 1500)

    def rows() -> list[object]:
        models = (Report, Reporter, Note, Attachment, Token, BackgroundResult, DeletedReport)
        return [list(model._default_manager.order_by("pk").values()) for model in models]

    before = rows()
    told = chore(RunContext.by_hand("by.test", dry_run=True))
    assert rows() == before
    done = chore(RunContext.by_hand("by.test"))
    assert told == Counts(found=done["found"])
    assert done["found"] > 0
