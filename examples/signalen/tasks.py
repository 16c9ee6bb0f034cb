"""The chores of the reports, as plain tasks: each in small batches, counted, with progress, safe to run again."""

import csv
import os
import time
import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from uuid import uuid4

from annotated_types import Ge
from django.conf import settings
from django.db import connection, models, transaction
from django.utils import timezone

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
from klokker import Counts, RunContext, task

Row = TypeVar("Row", bound=models.Model)

BATCH = 500
PAUSE = 0.05
"""Seconds between two batches, in which others get to write: SQLite has one writer, and who waits looks only ten times a second."""
MAP_VIEW = "public_signals_geography_feature_collection"


@task("signals.clean_up_reaction_request_task", repeatable=True)
def clean_up_reaction_request_task(run: RunContext) -> Counts:
    """Reports that waited over 5 days for a reaction count as reacted to."""
    return _move(run, State.REACTION_REQUESTED, 5, State.REACTION_RECEIVED, "No reaction was given within 5 days.")


@task("signals.clean_up_forward_to_external_task", repeatable=True)
def clean_up_forward_to_external_task(run: RunContext) -> Counts:
    """Reports that lay over 14 days with an external party are put up for closure."""
    note = "No answer from the external party within 14 days."
    return _move(run, State.FORWARDED_TO_EXTERNAL, 14, State.CLOSURE_REQUESTED, note)


@task("signals.update_status_children_based_on_parent", repeatable=True)
def update_status_children_based_on_parent(run: RunContext) -> Counts:
    """Children of a handled report are cancelled."""
    over = (State.HANDLED, State.CANCELLED, State.SPLIT)
    found = Report.objects.filter(parent__state=State.HANDLED).exclude(state__in=over)
    return _change(run, found, State.CANCELLED, "The report that this one belongs to was handled.")


@task("signals.anonymize_reporters", repeatable=True, destructive=True)
def anonymize_reporters(run: RunContext, days: Annotated[int, Ge(1)] = 365) -> Counts:
    """Remove e-mail address and telephone number of the reporters of closed reports.

    Args:
        days: how many days after a report came in.
    """
    now = timezone.now()
    found = Reporter.objects.filter(
        anonymized=False,
        report__created_at__lt=now - timedelta(days=days),
        report__state__in=(State.HANDLED, State.CANCELLED, State.SPLIT, State.CLOSURE_REQUESTED),
    )
    total, done = found.count(), 0
    if run.dry_run:
        return Counts(found=total)
    for keys in _batches(found, run):
        with transaction.atomic():
            reporters = list(_locked(found, keys))
            _add_notes({each.report_id: _removed(each) for each in reporters}, now)
            Reporter.objects.filter(pk__in=[each.pk for each in reporters]).update(email="", phone="", anonymized=True)
            run.check()
        done += len(reporters)
        # Reports that other tasks close meanwhile come on top of those that were counted.
        total = max(total, done)
        run.progress(done, total)
    run.logger.info("%s of %s reporters anonymised", done, total)
    return Counts(found=total, anonymized=done)


def _removed(reporter: Reporter) -> str:
    held = [word for word, value in (("e-mail address", reporter.email), ("telephone number", reporter.phone)) if value]
    return f"Anonymised: {' and '.join(held) or 'nothing was held'}."


@task("signals.delete_signals_in_state_for_x_days", repeatable=True, destructive=True)
def delete_signals_in_state_for_x_days(
    run: RunContext, state: Literal["o", "a", "s"], days: Annotated[int, Ge(365)]
) -> Counts:
    """Delete reports of a state whose last change of any kind is long ago; children before parents, attachments too.

    A report whose children stay, stays: nothing is deleted that something else still belongs to.

    Args:
        state: o (handled), a (cancelled) or s (split).
        days: how many days since the last change; at least 365.
    """
    now = timezone.now()
    found = Report.objects.filter(state=state, updated_at__lt=now - timedelta(days=days))
    total = found.count()
    if run.dry_run:
        return Counts(found=total)
    note = f"in state {State(state).label} for over {days} days"
    batch = str(uuid4())
    deleted = attachments = 0
    childless = found.filter(children__isnull=True)
    # The second pass finds the parents whose children went in the first.
    for keys in chain(_batches(childless, run), _batches(childless, run)):
        with transaction.atomic():
            doomed = list(_locked(childless, keys))
            DeletedReport.objects.bulk_create(
                DeletedReport(
                    report=each.pk,
                    parent=each.parent_id,
                    category=each.category,
                    state=each.state,
                    batch=batch,
                    note=note,
                    deleted_at=now,
                )
                for each in doomed
            )
            attachments += Attachment.objects.filter(report__in=doomed).delete()[0]
            Report.objects.filter(pk__in=[each.pk for each in doomed]).delete()
            run.check()
        deleted += len(doomed)
        run.progress(deleted, total)
    run.logger.info("%s of %s reports deleted, batch %s", deleted, total, batch)
    return Counts(found=total, deleted=deleted, attachments=attachments)


@task("signals.delete_expired_tokens", repeatable=True, destructive=True)
def delete_expired_tokens(run: RunContext) -> Counts:
    """Delete the links with which reporters saw their own reports, once they are past their term."""
    return _delete(run, Token.objects.filter(expires_at__lt=timezone.now()))


@task("signals.backend_cleanup", repeatable=True, destructive=True)
def backend_cleanup(run: RunContext) -> Counts:
    """Delete what background tasks left behind over 24 hours ago."""
    return _delete(run, BackgroundResult.objects.filter(created_at__lt=timezone.now() - timedelta(hours=24)))


@task("signals.save_and_zip_csv_files_endpoint", repeatable=True)
def save_and_zip_csv_files_endpoint(run: RunContext, keep: Annotated[int, Ge(1)] = 30) -> Counts:
    """Write the reports and their reporters as CSV files into one archive; the newest 30 archives are kept.

    Args:
        keep: how many archives stay.
    """
    warehouse = _warehouse()
    total = Report.objects.count() + Reporter.objects.count()
    if run.dry_run:
        return Counts(rows=total)
    stamp = (run.nominal_at or timezone.now()).strftime("%Y%m%dT%H%M%SZ")
    # Written aside and renamed: whoever fetches archives never sees half of one.
    aside = warehouse / f".{stamp}.{os.getpid()}.part"
    rows = 0
    try:
        with zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, found, columns in (
                (
                    "reports.csv",
                    Report.objects.all(),
                    ("id", "category", "state", "created_at", "updated_at", "parent_id"),
                ),
                ("reporters.csv", Reporter.objects.all(), ("id", "report_id", "anonymized")),
            ):
                rows = _write_csv(run, archive, name, found.order_by("pk").values_list(*columns), columns, rows, total)
        aside.replace(warehouse / f"signals-{stamp}.zip")
    finally:
        aside.unlink(missing_ok=True)
    archives = sorted(warehouse.glob("signals-*.zip"), reverse=True)
    for old in archives[keep:]:
        old.unlink(missing_ok=True)
    run.logger.info("%s rows exported, %s archives kept", rows, min(keep, len(archives)))
    return Counts(rows=rows, archives_removed=len(archives[keep:]))


def _write_csv(
    run: RunContext,
    archive: zipfile.ZipFile,
    name: str,
    found: "models.QuerySet[Any, tuple[Any, ...]]",
    columns: tuple[str, ...],
    done: int,
    total: int,
) -> int:
    with archive.open(name, "w") as raw:
        lines = csv.writer(_Utf8(raw))
        lines.writerow(columns)
        for row in found.iterator(chunk_size=2000):
            lines.writerow(row)
            done += 1
            if not done % 1000:
                run.progress(done, total)
    return done


class _Utf8:
    """Lets csv, which writes text, write into an archive, which takes bytes."""

    def __init__(self, raw: Any) -> None:
        self.raw = raw

    def write(self, text: str) -> int:
        """Write `text` as UTF-8."""
        return int(self.raw.write(text.encode()))


@task("signals.task_clean_datawarehouse_disk", repeatable=True, destructive=True)
def task_clean_datawarehouse_disk(run: RunContext, days: Annotated[int, Ge(1)] = 30) -> Counts:
    """Remove exports of the datawarehouse that are over 30 days old.

    Args:
        days: how many days an export stays.
    """
    limit = (timezone.now() - timedelta(days=days)).timestamp()
    old = [file for file in _warehouse().glob("*.zip") if file.stat().st_mtime < limit]
    if not run.dry_run:
        for file in old:
            file.unlink(missing_ok=True)
    return Counts(found=len(old), removed=0 if run.dry_run else len(old))


@task(f"signals.refresh_materialized_view_{MAP_VIEW}", repeatable=True)
def refresh_materialized_view_public_signals_geography_feature_collection(run: RunContext) -> Counts:
    """Refresh the public map. A failure is a failure: the run fails, and the old map stays.

    On PostgreSQL the map is a materialised view, elsewhere a table that is rebuilt.
    """
    shown = Report.objects.exclude(state__in=(State.HANDLED, State.CANCELLED, State.SPLIT))
    if run.dry_run:
        return Counts(points=shown.count())
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"REFRESH MATERIALIZED VIEW CONCURRENTLY {MAP_VIEW}")
            cursor.execute(f"SELECT count(*) FROM {MAP_VIEW}")
            return Counts(points=cursor.fetchone()[0])
    with transaction.atomic():
        PublicReport.objects.all().delete()
        points = PublicReport.objects.bulk_create(
            (
                PublicReport(report=key, category=category, latitude=latitude, longitude=longitude)
                for key, category, latitude, longitude in shown.values_list("pk", "category", "latitude", "longitude")
            ),
            batch_size=1000,
        )
        run.check()
    return Counts(points=len(points))


def _move(run: RunContext, old: State, days: int, new: State, note: str) -> Counts:
    """Reports that are in state `old` for over `days` days go to `new`."""
    found = Report.objects.filter(state=old, state_since__lt=timezone.now() - timedelta(days=days))
    return _change(run, found, new, note)


def _change(run: RunContext, found: "models.QuerySet[Report]", new: State, note: str) -> Counts:
    total, done = found.count(), 0
    if run.dry_run:
        return Counts(found=total)
    for keys in _batches(found, run):
        now = timezone.now()
        with transaction.atomic():
            moved = [each.pk for each in _locked(found, keys)]
            Report.objects.filter(pk__in=moved).update(state=new, state_since=now)
            _add_notes(dict.fromkeys(moved, note), now)
            run.check()
        done += len(moved)
        run.progress(done, total)
    return Counts(found=total, changed=done)


def _add_notes(notes: Mapping[int, str], now: datetime) -> None:
    """Write a note on each of these reports. A note is a change: it counts for `updated_at`."""
    Note.objects.bulk_create(Note(report_id=report, text=text, created_at=now) for report, text in notes.items())
    Report.objects.filter(pk__in=notes).update(updated_at=now)


def _delete(run: RunContext, found: "models.QuerySet[Any]") -> Counts:
    total, done = found.count(), 0
    if run.dry_run:
        return Counts(found=total)
    for keys in _batches(found, run):
        found.model._default_manager.filter(pk__in=keys).delete()
        done += len(keys)
        run.progress(done, total)
    return Counts(found=total, deleted=done)


def _batches(found: "models.QuerySet[Any]", run: RunContext) -> Iterator[list[int]]:
    """The keys of `found`, in order, some hundred at a time, until all were given or the run is asked to stop."""
    after = 0
    while not run.cancelled:
        keys = list(found.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:BATCH])
        if not keys:
            return
        yield keys
        after = keys[-1]
        time.sleep(PAUSE)


def _locked(found: "models.QuerySet[Row]", keys: list[int]) -> "models.QuerySet[Row]":
    """Of these keys, the rows that are still looked for: what changed since the batch was read is left alone."""
    return found.filter(pk__in=keys).select_for_update(of=("self",))


def _warehouse() -> Path:
    folder = Path(settings.DATAWAREHOUSE)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
