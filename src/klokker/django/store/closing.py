"""A run is done: what becomes of it, of the last runs of its schedule, and of its timer?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from klokker.core.lifecycle import Outcome, RunKind
from klokker.core.verdict import Ending
from klokker.django.store import policies, schedules
from klokker.django.store.database import Database
from klokker.django.store.dialect import Kind
from klokker.django.store.holding import HeldRun
from klokker.django.store.making import json_or_null, json_text
from klokker.store.completion import due_after_completion


@dataclass(frozen=True, slots=True)
class Closing:
    """A held run that is done now. `ending` None leaves result, counts and error as they are."""

    run: HeldRun
    outcome: Outcome
    finished: datetime
    started: datetime | None = None
    ending: Ending | None = None
    ended_token: int | None = None


_CLOSING = {
    "run": Kind.INTEGER,
    "its_outcome": Kind.TEXT,
    "its_finished": Kind.MOMENT,
    "its_started": Kind.MOMENT,
    "has_ending": Kind.YES_NO,
    "its_result": Kind.JSON,
    "its_counts": Kind.JSON,
    "its_error": Kind.TEXT,
    "its_ended_token": Kind.INTEGER,
    "its_keep_until": Kind.MOMENT,
    "its_prune_after": Kind.MOMENT,
}


def close(db: Database, closings: Sequence[Closing]) -> None:
    """These runs are done: their turns are free, their timers remember them, and what rests after completion begins to."""
    if not closings:
        return
    table = db.table("ends", _CLOSING, [_closing_row(each) for each in sorted(closings, key=lambda c: c.run.id)])
    db.do(
        f"""
        UPDATE klokker_run SET
            state = 'done', turn = NULL, outcome = ends.its_outcome, finished = ends.its_finished, lease_until = NULL,
            started = COALESCE(ends.its_started, started), first_started = COALESCE(first_started, ends.its_started),
            result = CASE WHEN ends.has_ending THEN ends.its_result ELSE result END,
            counts = CASE WHEN ends.has_ending THEN ends.its_counts ELSE counts END,
            error = CASE WHEN ends.has_ending THEN ends.its_error ELSE error END,
            ended_token = COALESCE(ends.its_ended_token, ended_token),
            keep_until = ends.its_keep_until, prune_after = ends.its_prune_after
        FROM {table.sql}
        WHERE klokker_run.id = ends.run
        """,
        None,
        table,
    )
    protected = [each for each in closings if _protects(each.run)]
    if protected:
        _push_out(db, protected)
    scheduled = [each for each in closings if each.run.kind is RunKind.SCHEDULED]
    if scheduled:
        _remember(db, scheduled)
    succeeded = {
        each.run.schedule
        for each in closings
        if each.outcome is Outcome.SUCCEEDED and each.run.schedule is not None and each.run.kind is not RunKind.DRY
    }
    if succeeded:
        db.do(
            f"""
            UPDATE klokker_schedule SET succeeded = TRUE
            WHERE id {db.dialect.among("schedules", Kind.INTEGER)} AND succeeded = FALSE
            """,
            {"schedules": sorted(succeeded)},
        )


def _protects(run: HeldRun) -> bool:
    """Does it count among the last ones of its schedule and node?"""
    return run.schedule is not None and policies.retention(run.policies).protects(run.kind, retired=run.retired)


def _closing_row(closing: Closing) -> tuple[None | bool | int | str | datetime, ...]:
    keep_until = policies.retention(closing.run.policies).prune_after(closing.outcome, closing.finished)
    ending = closing.ending
    return (
        closing.run.id,
        closing.outcome,
        closing.finished,
        closing.started,
        ending is not None,
        json_or_null(ending.result) if ending else None,
        json_text(dict(ending.counts)) if ending else "{}",
        ending.error if ending else "",
        closing.ended_token,
        keep_until,
        None if _protects(closing.run) else keep_until,
    )


def _push_out(db: Database, protected: Sequence[Closing]) -> None:
    """Who is no longer among the last runs of its schedule and node may go once its time is over."""
    last: dict[tuple[int, str], int] = {}
    for closing in sorted(protected, key=lambda each: (each.finished, each.run.id)):
        if closing.run.schedule is not None:
            # The newest run's word: an edit of the retention holds for those before it too.
            last[closing.run.schedule, closing.run.node] = policies.retention(closing.run.policies).last
    table = db.table(
        "place",
        {"its_schedule": Kind.INTEGER, "its_node": Kind.TEXT, "its_last": Kind.INTEGER},
        [(schedule, node, number) for (schedule, node), number in last.items()],
    )
    db.do(
        f"""
        UPDATE klokker_run SET prune_after = keep_until
        WHERE id IN (
            SELECT ranked.id FROM (
                SELECT r.id, place.its_last,
                       row_number() OVER (
                           PARTITION BY r.schedule_id, r.node ORDER BY r.finished DESC, r.id DESC) AS rank_
                FROM {table.sql} CROSS JOIN klokker_run r
                WHERE r.schedule_id = place.its_schedule AND r.node = place.its_node
                  AND r.state = 'done' AND r.prune_after IS NULL
            ) ranked WHERE ranked.rank_ > ranked.its_last)
        """,
        None,
        table,
    )


class _TimerRow(NamedTuple):
    """An open timer of which a run ended, and what says whether it rests now."""

    id: int
    schedule: int
    node: str
    handled_until: datetime
    last_finished: datetime | None
    revision: int
    starts_after_completion: datetime | None
    may_rest: bool
    """Its schedule is active, may rest after completion, and no other run of it is unfinished."""


def _remember(db: Database, scheduled: Sequence[Closing]) -> None:
    """The timers keep the times and the outcome of their last run; one that rests after completion begins to rest."""
    last: dict[tuple[int, str], Closing] = {}
    for closing in sorted(scheduled, key=lambda each: (each.finished, each.run.id)):
        if closing.run.schedule is not None:
            last[closing.run.schedule, closing.run.node] = closing
    places = db.table("place", {"its_schedule": Kind.INTEGER, "its_node": Kind.TEXT}, sorted(last))
    timers = db.rows(
        _TimerRow,
        f"""
        SELECT t.id, t.schedule_id, t.node, t.handled_until, t.last_finished, s.revision, s.starts_after_completion,
               s.state = 'active' AND lower(s."when") LIKE '%%completion%%' AND NOT EXISTS (
                   SELECT 1 FROM klokker_run r
                   WHERE r.schedule_id = t.schedule_id AND r.node = t.node AND NOT (r.state = 'done')
                     AND r.nominal IS NOT NULL)
        FROM {places.sql} CROSS JOIN klokker_timer t CROSS JOIN klokker_schedule s
        WHERE t.schedule_id = place.its_schedule AND t.node = place.its_node AND s.id = t.schedule_id
          AND (t.until IS NULL OR t.handled_until < t.until)
        ORDER BY t.id
        """,
        None,
        places,
    )
    resting = [(timer.schedule, timer.revision) for timer in timers if timer.may_rest]
    definitions = schedules.readable_at(db, resting)
    rows: list[tuple[int, datetime | None, datetime, str, datetime | None]] = []
    for timer in timers:
        closing = last[timer.schedule, timer.node]
        latest = max(closing.finished, timer.last_finished or closing.finished)
        definition = definitions.get((timer.schedule, timer.revision)) if timer.may_rest else None
        due = None
        if definition is not None:
            due = due_after_completion(
                definition,
                ended=latest,
                rests_from=timer.starts_after_completion,
                handled_until=timer.handled_until,
            )
        if closing.finished >= latest or due is not None:
            rows.append((timer.id, closing.started or closing.run.started, latest, closing.outcome, due))
    if not rows:
        return
    table = db.table(
        "last_run",
        {
            "timer": Kind.INTEGER,
            "its_started": Kind.MOMENT,
            "its_finished": Kind.MOMENT,
            "its_outcome": Kind.TEXT,
            "its_due": Kind.MOMENT,
        },
        rows,
    )
    db.do(
        f"""
        UPDATE klokker_timer SET
            last_started = last_run.its_started, last_finished = last_run.its_finished,
            last_outcome = last_run.its_outcome, next_due = COALESCE(next_due, last_run.its_due)
        FROM {table.sql}
        WHERE klokker_timer.id = last_run.timer
        """,
        None,
        table,
    )
