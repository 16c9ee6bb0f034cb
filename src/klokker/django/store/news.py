"""Are runs that somebody enqueues news to those who wait, or have these been told of their like already?

A notice costs a server a lock that every commit with a notice waits for; so a thousand runs in a row are not a thousand
notices. Where like ones stand in the queue, whoever enqueued the first of them has rung, and workers come back for the
others when they have done that one. Should the hint be lost, it costs the poll and no more.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from klokker.django.store.database import Database
from klokker.django.store.making import Seed

LOOKED_AT = 20
"""So many of a lane's queue are looked at: further back, nobody asks whether there is one of the kind already."""


class _Queued(NamedTuple):
    task: str
    node: str


def news(db: Database, seeds: Sequence[Seed], now: datetime) -> bool:
    """To be asked before they are made. What needs more than it seems (a turn, a lane with room) may be told in vain."""
    ready = {(seed.lane, seed.task, seed.node) for seed in seeds if seed.ready}
    later = [seed.planned for seed in seeds if seed.planned > now]
    return any(not _like_it_queued(db, *kind) for kind in ready) or (bool(later) and _sooner(db, min(later), now))


def _like_it_queued(db: Database, lane: str, task: str, node: str) -> bool:
    """Does one of this task and node stand at the head of the lane?"""
    queue = db.rows(
        _Queued,
        """
        SELECT r.task, r.node FROM klokker_run r WHERE r.state = 'queued' AND r.lane = %(lane)s
        ORDER BY r."order", r.planned, r.id LIMIT %(limit)s
        """,
        {"lane": lane, "limit": LOOKED_AT},
    )
    return (task, node) in {(queued.task, queued.node) for queued in queue}


def _sooner(db: Database, planned: datetime, now: datetime) -> bool:
    """Does nothing wait for a moment up to this one, at which the tickers would look in any case?"""
    return not db.plain_rows(
        """
        SELECT 1 FROM klokker_run r
        WHERE r.state = 'waiting' AND r.planned > %(now)s AND r.planned <= %(planned)s LIMIT 1
        """,
        {"now": now, "planned": planned},
    )
