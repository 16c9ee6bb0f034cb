"""Which waiting runs may be claimed now? Those whose time has come, and whose turn it is."""

from datetime import datetime

from klokker.core.lifecycle import Outcome, RunState
from klokker.django.store.closing import Closing, close
from klokker.django.store.database import Database
from klokker.django.store.dialect import Values
from klokker.django.store.holding import hold
from klokker.django.store.making import NOT_HELD_BACK

TIME_HAS_COME = "r.planned <= %(now)s"
TICK_HAS_COME = "r.next_tick_after IS NOT NULL AND r.next_tick_after <= %(now)s"

NEEDS_ONLY_TIME = "(r.turn_key IS NULL OR r.turn IS NOT NULL)"
NEEDS_A_FREE_TURN = """
    (r.turn_key IS NOT NULL AND r.turn IS NULL
     AND NOT EXISTS (SELECT 1 FROM klokker_run h WHERE h.turn = r.turn_key))
"""

WAITING = "klokker_run r LEFT JOIN klokker_schedule s ON s.id = r.schedule_id WHERE r.state = 'waiting'"

TOO_LATE = """
    NOT (r.state = 'done') AND r.first_started IS NULL AND r.start_before < %(now)s AND r.state <> 'claimed'
"""


def release(db: Database, now: datetime, *, next_tick: bool, limit: int) -> int:
    """Expire what came too late, queue what may be claimed; how many moved."""
    moved = expire(db, now, limit)
    queued: list[int] = []
    for come in (TIME_HAS_COME, TICK_HAS_COME) if next_tick else (TIME_HAS_COME,):
        queued += _queue_those_that_need_only_time(db, now, come, limit - moved - len(queued))
        queued += _give_turns(db, now, come, limit - moved - len(queued))
    return moved + len(queued)


def expire(db: Database, now: datetime, limit: int) -> int:
    """End what was to begin by now, and has not."""
    values: Values = {"now": now, "limit": limit}
    if not db.ids(f"SELECT r.id FROM klokker_run r WHERE {TOO_LATE} LIMIT 1", values):
        return 0
    with db.transaction():
        ids = db.ids(f"SELECT r.id FROM klokker_run r WHERE {TOO_LATE} ORDER BY r.start_before LIMIT %(limit)s", values)
        held = hold(db, ids)
        late = [run for run in held.values() if run.state in (RunState.WAITING, RunState.QUEUED)]
        close(db, [Closing(run, Outcome.EXPIRED, now) for run in late])
        return len(late)


def _queue_those_that_need_only_time(db: Database, now: datetime, come: str, limit: int) -> list[int]:
    """Runs that take no turn, or hold theirs already (a retry, a snooze)."""
    if limit <= 0:
        return []
    return db.ids(
        f"""
        WITH free AS (
            SELECT r.id AS run FROM {WAITING} AND {come} AND {NEEDS_ONLY_TIME} AND {NOT_HELD_BACK}
            ORDER BY r.planned LIMIT %(limit)s {db.dialect.for_update_of("r", skip_locked=True)})
        UPDATE klokker_run SET state = 'queued', next_tick_after = NULL
        WHERE state = 'waiting' AND id IN (SELECT free.run FROM free)
        RETURNING id
        """,
        {"now": now, "limit": limit},
    )


def _give_turns(db: Database, now: datetime, come: str, limit: int) -> list[int]:
    """Of each schedule and node whose turn is free, the first in line. The unique turn is the referee between releasers."""
    if limit <= 0:
        return []
    return db.ids(
        f"""
        WITH heads AS (
            SELECT (
                SELECT r.id FROM {WAITING} AND r.turn_key = line.turn_key AND {come} AND {NOT_HELD_BACK}
                ORDER BY CASE r.kind WHEN 'backfill' THEN 1 ELSE 0 END, COALESCE(r.nominal, r.planned), r.id
                LIMIT 1) AS run
            FROM (
                SELECT DISTINCT free.turn_key FROM (
                    SELECT r.turn_key FROM {WAITING} AND {come} AND {NEEDS_A_FREE_TURN} AND {NOT_HELD_BACK}
                    ORDER BY r.planned LIMIT %(limit)s
                ) free
            ) line)
        UPDATE klokker_run SET state = 'queued', turn = turn_key, next_tick_after = NULL
        WHERE state = 'waiting' AND id IN (SELECT heads.run FROM heads)
        RETURNING id
        """,
        {"now": now, "limit": limit},
    )
