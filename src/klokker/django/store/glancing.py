"""Is there anything for a tick to do? One SELECT of the heads of a few indexes, that writes nothing.

Only where the first moment of one of them has come does a second SELECT look closer: whose turn is free, what is paused.
"""

from datetime import datetime
from typing import NamedTuple

from klokker.django.store.database import Database
from klokker.django.store.making import NOT_HELD_BACK
from klokker.django.store.releasing import NEEDS_A_FREE_TURN, NEEDS_ONLY_TIME, TIME_HAS_COME, TOO_LATE, WAITING
from klokker.store.contract import Glance

_TIMERS = "klokker_timer t JOIN klokker_schedule s ON s.id = t.schedule_id WHERE s.state = 'active'"

_PAUSES = "klokker_schedule s WHERE s.state = 'paused' AND s.paused_until IS NOT NULL"

_TO_RETIRE = "klokker_schedule s WHERE s.after_success = 'delete' AND s.succeeded AND NOT (s.state = 'retired')"

_NOT_BEGUN = "NOT (r.state = 'done') AND r.first_started IS NULL AND r.start_before IS NOT NULL"

HEADS = f"""
    SELECT
        (SELECT t.next_due FROM klokker_timer t WHERE t.next_due IS NOT NULL ORDER BY t.next_due LIMIT 1),
        (SELECT r.planned FROM klokker_run r WHERE r.state = 'waiting' ORDER BY r.planned LIMIT 1),
        (SELECT r.start_before FROM klokker_run r WHERE {_NOT_BEGUN} AND r.state = 'waiting' ORDER BY r.start_before LIMIT 1),
        (SELECT r.start_before FROM klokker_run r WHERE {_NOT_BEGUN} AND r.state = 'queued' ORDER BY r.start_before LIMIT 1),
        (SELECT s.paused_until FROM klokker_schedule s WHERE s.paused_until IS NOT NULL ORDER BY s.paused_until LIMIT 1),
        EXISTS (SELECT 1 FROM {_TO_RETIRE})
"""
"""What comes first of each kind. Planning it costs PostgreSQL a quarter of what the whole question costs, and is done once.

A plan is kept that was made while the tables were empty, so each part must be found by its index whatever they hold.
"""

GLANCE = f"""
    SELECT
        EXISTS (SELECT 1 FROM {_TIMERS} AND t.next_due <= %(now)s),
        EXISTS (SELECT 1 FROM {WAITING} AND {TIME_HAS_COME} AND {NEEDS_ONLY_TIME} AND {NOT_HELD_BACK})
        OR EXISTS (SELECT 1 FROM {WAITING} AND {TIME_HAS_COME} AND {NEEDS_A_FREE_TURN} AND {NOT_HELD_BACK})
        OR EXISTS (SELECT 1 FROM klokker_run r WHERE {TOO_LATE}),
        EXISTS (SELECT 1 FROM {_PAUSES} AND s.paused_until <= %(now)s),
        EXISTS (SELECT 1 FROM {_TO_RETIRE}),
        (SELECT t.next_due FROM {_TIMERS} AND t.next_due > %(now)s ORDER BY t.next_due LIMIT 1),
        (SELECT r.planned FROM klokker_run r WHERE r.state = 'waiting' AND r.planned > %(now)s
         ORDER BY r.planned LIMIT 1),
        (SELECT r.start_before FROM klokker_run r
         WHERE NOT (r.state = 'done') AND r.first_started IS NULL AND r.state = 'waiting' AND r.start_before > %(now)s
         ORDER BY r.start_before LIMIT 1),
        (SELECT s.paused_until FROM {_PAUSES} AND s.paused_until > %(now)s ORDER BY s.paused_until LIMIT 1)
"""


class _Heads(NamedTuple):
    next_due: datetime | None
    planned: datetime | None
    expiry: datetime | None
    queued_expiry: datetime | None
    pause_end: datetime | None
    retires: bool


class _Seen(NamedTuple):
    due: bool
    releasable: bool
    pause_expired: bool
    retires: bool
    next_due: datetime | None
    next_planned: datetime | None
    next_expiry: datetime | None
    next_pause_end: datetime | None


def glance(db: Database, now: datetime) -> Glance:
    """What there is to do, and when there will be."""
    (heads,) = db.kept_rows(_Heads, HEADS)
    coming = (heads.next_due, heads.planned, heads.expiry, heads.pause_end)
    firsts = [moment for moment in (*coming, heads.queued_expiry) if moment is not None]
    if not heads.retires and all(moment > now for moment in firsts):
        return Glance(False, False, False, min((moment for moment in coming if moment is not None), default=None))
    (seen,) = db.rows(_Seen, GLANCE, {"now": now})
    moments = (seen.next_due, seen.next_planned, seen.next_expiry, seen.next_pause_end)
    return Glance(
        due=seen.due,
        releasable=seen.releasable,
        pause_expired=seen.pause_expired,
        next_at=min((moment for moment in moments if moment is not None), default=None),
        retires=seen.retires,
    )


def expired_pauses(db: Database, now: datetime) -> list[int]:
    """Ids of paused schedules whose pause is over."""
    return db.ids(f"SELECT s.id FROM {_PAUSES} AND s.paused_until <= %(now)s ORDER BY s.id", {"now": now})


def to_retire(db: Database) -> list[int]:
    """Ids of schedules of which a run succeeded that is to be the last."""
    return db.ids(f"SELECT s.id FROM {_TO_RETIRE} ORDER BY s.id")
