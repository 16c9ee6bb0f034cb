"""A run is tried again later: how does it wait, and what is kept of the attempt that ended?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from klokker.core.lifecycle import Outcome
from klokker.core.verdict import Ending
from klokker.django.store.database import Database
from klokker.django.store.dialect import Kind
from klokker.django.store.holding import HeldRun
from klokker.django.store.making import json_or_null, json_text


@dataclass(frozen=True, slots=True)
class Rewaiting:
    """A held run that begins again, not before `at`. `outcome` None: it snoozed, and that costs no attempt."""

    run: HeldRun
    at: datetime
    ended: datetime
    outcome: Outcome | None
    started: datetime | None
    ending: Ending
    next_tick: bool = False
    ended_token: int | None = None


_REWAITING = {
    "run": Kind.INTEGER,
    "its_planned": Kind.MOMENT,
    "its_started": Kind.MOMENT,
    "its_failed": Kind.INTEGER,
    "its_lost": Kind.INTEGER,
    "its_result": Kind.JSON,
    "its_counts": Kind.JSON,
    "its_error": Kind.TEXT,
    "its_next_tick": Kind.MOMENT,
    "its_ended_token": Kind.INTEGER,
}


def wait_again(db: Database, waits: Sequence[Rewaiting]) -> None:
    """These runs are tried again later. They keep their turns."""
    if not waits:
        return
    waits = sorted(waits, key=lambda each: each.run.id)
    rows = [
        (
            each.run.id,
            each.at,
            each.started,
            each.run.failed + (each.outcome is not None and each.outcome is not Outcome.LOST),
            each.run.lost + (each.outcome is Outcome.LOST),
            json_or_null(each.ending.result),
            json_text(dict(each.ending.counts)),
            each.ending.error,
            each.ended if each.next_tick else None,
            each.ended_token,
        )
        for each in waits
    ]
    table = db.table("again", _REWAITING, rows)
    db.do(
        f"""
        UPDATE klokker_run SET
            state = 'waiting', planned = again.its_planned, claimed_by = '', lease_until = NULL, started = NULL,
            first_started = COALESCE(first_started, again.its_started),
            failed = again.its_failed, lost = again.its_lost,
            result = again.its_result, counts = again.its_counts, error = again.its_error,
            next_tick_after = again.its_next_tick, ended_token = COALESCE(again.its_ended_token, ended_token)
        FROM {table.sql}
        WHERE klokker_run.id = again.run
        """,
        None,
        table,
    )
    _remember_attempts(db, [each for each in waits if each.outcome is not None])


def _remember_attempts(db: Database, waits: Sequence[Rewaiting]) -> None:
    if not waits:
        return
    table = db.table(
        "tried",
        {
            "run": Kind.INTEGER,
            "its_token": Kind.INTEGER,
            "its_number": Kind.INTEGER,
            "its_process": Kind.TEXT,
            "its_start": Kind.MOMENT,
            "its_end": Kind.MOMENT,
            "its_outcome": Kind.TEXT,
            "its_error": Kind.TEXT,
        },
        [
            (
                each.run.id,
                each.run.token,
                each.run.failed + each.run.lost + 1,
                each.run.process,
                each.started or each.run.started or each.ended,
                each.ended,
                each.outcome or "",
                each.ending.error,
            )
            for each in waits
        ],
    )
    db.do(
        f"""
        INSERT INTO klokker_attempt (run_id, token, number, process, started, finished, outcome, error)
        SELECT run, its_token, its_number, its_process, its_start, its_end, its_outcome, its_error FROM {table.sql}
        """,
        None,
        table,
    )
