"""How does a process take runs, and say of them that they have begun, go on, or go back?"""

import json
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import NamedTuple

from klokker.core.definition import Json
from klokker.core.fields import shown
from klokker.core.lifecycle import Outcome, RunKind, RunState
from klokker.core.verdict import Attempt, Ending, Terms
from klokker.django.store import policies
from klokker.django.store.closing import Closing, close
from klokker.django.store.database import Database
from klokker.django.store.dialect import Kind, Values
from klokker.django.store.holding import hold
from klokker.django.store.policies import UnreadableRun
from klokker.django.store.runlogs import write_logs
from klokker.store.contract import Claim
from klokker.store.errors import NoSuchProcess

# ── claim ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def claim(
    db: Database,
    process: str,
    now: datetime,
    *,
    lanes: Mapping[str, int],
    known: Mapping[str, Terms],
    lease: timedelta,
    ahead: int,
    only: Collection[int] | None,
) -> list[Claim]:
    """Take queued runs, lane by lane. A lane without a limit costs one statement and no lock on anything but the runs."""
    places, too_late = _places(db, process, lanes, now)
    if too_late:
        _expire(db, lanes, now)
    taking = _Taking(db, process, places.node, now, now + lease, known, only)
    # Lanes with a limit are locked in the order of their names, whatever order is asked for.
    taken: dict[str, list[Claim]] = {}
    for lane in sorted(lanes):
        if lane in places.paused:
            continue
        if lane in places.limited:
            with db.transaction():
                taken[lane] = _within_limit(taking, lane, lanes[lane], ahead)
        else:
            taken[lane] = taking.take(lane, lanes[lane], ahead)
        ahead -= sum(each.started is None for each in taken[lane])
    _give_up(db, taking.unreadable, now)
    return [each for lane in lanes for each in taken.get(lane, ())]


def _give_up(db: Database, unreadable: Mapping[int, str], now: datetime) -> None:
    """End what was claimed and cannot be read as failed, with the reason: handed back it would come again for ever."""
    if not unreadable:
        return
    with db.transaction():
        held = hold(db, unreadable)
        claimed = [run for run in held.values() if run.state is RunState.CLAIMED]
        ends = {run.id: Ending(Outcome.FAILED, error=unreadable[run.id]) for run in claimed}
        close(db, [Closing(run, Outcome.FAILED, now, now, ends[run.id]) for run in claimed])


class _PlaceRow(NamedTuple):
    node: str
    lane: str | None
    limit: int | None
    paused: bool | None
    too_late: bool


class _Places(NamedTuple):
    """Where a process claims: its node, and which of its lanes have a limit or are paused."""

    node: str
    limited: frozenset[str]
    paused: frozenset[str]


def _places(db: Database, process: str, lanes: Mapping[str, int], now: datetime) -> tuple[_Places, bool]:
    """Where the process claims, and whether something that is queued there came too late. Raises NoSuchProcess."""
    among = db.dialect.among("lanes", Kind.TEXT)
    rows = db.rows(
        _PlaceRow,
        f"""
        SELECT p.node, l.name, l."limit", l.paused, EXISTS (
            SELECT 1 FROM klokker_run r
            WHERE NOT (r.state = 'done') AND r.first_started IS NULL AND r.start_before < %(now)s
              AND r.state = 'queued' AND r.lane {among})
        FROM klokker_process p LEFT JOIN klokker_lane l ON l.name {among}
        WHERE p.id = %(process)s AND p.left_at IS NULL
        """,
        {"process": process, "lanes": list(lanes), "now": now},
    )
    if not rows:
        raise NoSuchProcess(process)
    limited = frozenset(row.lane for row in rows if row.lane is not None and row.limit is not None)
    paused = frozenset(row.lane for row in rows if row.lane is not None and row.paused)
    return _Places(rows[0].node, limited, paused), rows[0].too_late


def _expire(db: Database, lanes: Collection[str], now: datetime) -> None:
    """End what is queued in these lanes and should have begun by now."""
    with db.transaction():
        ids = db.ids(
            f"""
            SELECT r.id FROM klokker_run r
            WHERE NOT (r.state = 'done') AND r.first_started IS NULL AND r.start_before < %(now)s
              AND r.state = 'queued' AND r.lane {db.dialect.among("lanes", Kind.TEXT)}
            LIMIT 1000
            """,
            {"lanes": list(lanes), "now": now},
        )
        held = hold(db, ids)
        close(
            db,
            [Closing(run, Outcome.EXPIRED, now) for run in held.values() if run.state is RunState.QUEUED],
        )


class _LaneRow(NamedTuple):
    limit: int | None
    paused: bool
    claimed: int


def _within_limit(taking: "_Taking", lane: str, free: int, ahead: int) -> list[Claim]:
    """Under the lane's lock, so that no two processes count the same free place."""
    db = taking.db
    db.do(f"SELECT name FROM klokker_lane WHERE name = %(lane)s {db.dialect.for_update}", {"lane": lane})
    # A statement of its own: it must see what whoever held the lock before has committed.
    ((limit, paused, claimed),) = db.rows(
        _LaneRow,
        """
        SELECT l."limit", l.paused,
               (SELECT count(*) FROM klokker_run r WHERE r.state = 'claimed' AND r.lane = l.name)
        FROM klokker_lane l WHERE l.name = %(lane)s
        """,
        {"lane": lane},
    )
    if paused:
        return []
    if limit is None:
        return taking.take(lane, free, ahead)
    room = max(0, limit - claimed)
    return taking.take(lane, min(free, room), min(ahead, max(0, room - free)))


class _TakenRow(NamedTuple):
    run: int
    token: int
    kind: str
    schedule: int | None
    node: str
    lane: str
    order: int
    task: str
    args: str
    kwargs: str
    policies: str
    nominal: datetime | None
    previous_nominal: datetime | None
    planned: datetime
    started: datetime | None
    first_started: datetime | None
    failed: int
    lost: int
    cancel_asked_at: datetime | None
    schedule_name: str | None

    def claim(self, now: datetime) -> Claim:
        """The claim. Raises UnreadableRun."""
        try:
            kind = RunKind(self.kind)
        except ValueError:
            raise UnreadableRun("kind", f"must be {' or '.join(RunKind)}, got {shown(self.kind)}") from None
        return Claim(
            run=self.run,
            token=self.token,
            attempt=Attempt(
                run=self.run,
                number=self.failed + self.lost + 1,
                failed=self.failed,
                lost=self.lost,
                terms=policies.terms(self.policies),
                first_started=self.first_started or now,
                cancel_asked=self.cancel_asked_at is not None,
            ),
            kind=kind,
            schedule=self.schedule,
            schedule_name=self.schedule_name or "",
            node=self.node,
            lane=self.lane,
            task=self.task,
            args=_args(self.args),
            kwargs=_kwargs(self.kwargs),
            nominal=self.nominal,
            previous_nominal=self.previous_nominal,
            planned=self.planned,
            dry_run=kind is RunKind.DRY,
            started=self.started,
        )


def _args(text: str) -> Sequence[Json]:
    read = _json("args", text)
    if not isinstance(read, list):
        raise UnreadableRun("args", f"must be a list, got {shown(read)}")
    return read


def _kwargs(text: str) -> Mapping[str, Json]:
    read = _json("kwargs", text)
    if not isinstance(read, dict):
        raise UnreadableRun("kwargs", f"must be a table of names and values, got {shown(read)}")
    return read


def _json(field: str, text: str) -> Json:
    try:
        read: Json = json.loads(text)
    except (ValueError, TypeError, RecursionError) as error:
        raise UnreadableRun(field, f"is no JSON ({error})") from None
    return read


# Moments as they are, not `… IS NOT NULL`: in RETURNING, SQLite 3.40 answers that with 1 for columns that are NULL.
_TAKEN = """
    klokker_run.id, klokker_run.token, klokker_run.kind, klokker_run.schedule_id, klokker_run.node, klokker_run.lane,
    klokker_run."order", klokker_run.task, klokker_run.args, klokker_run.kwargs, klokker_run.policies,
    klokker_run.nominal, klokker_run.previous_nominal, klokker_run.planned, klokker_run.started,
    klokker_run.first_started, klokker_run.failed, klokker_run.lost, klokker_run.cancel_asked_at,
    (SELECT s.name FROM klokker_schedule s WHERE s.id = klokker_run.schedule_id)
"""


class _Taking:
    """One claim of one process."""

    def __init__(
        self,
        db: Database,
        process: str,
        node: str,
        now: datetime,
        lease_until: datetime,
        known: Mapping[str, Terms],
        only: Collection[int] | None,
    ) -> None:
        self.db, self.process, self.node = db, process, node
        self.now, self.lease_until, self.known = now, lease_until, known
        self.only = only
        self.unreadable: dict[int, str] = {}
        """Runs that were taken and cannot be read, and why."""

    def take(self, lane: str, free: int, ahead: int) -> list[Claim]:
        """Up to `free` runs that begin now, then up to `ahead` of repeatable tasks that do not."""
        taken = self._take(lane, free, self.known, started=self.now)
        if ahead > 0 and len(taken) >= free:
            repeatable = {task: terms for task, terms in self.known.items() if terms.repeatable}
            taken += self._take(lane, ahead, repeatable, started=None)
        return taken

    def _take(self, lane: str, limit: int, known: Mapping[str, Terms], started: datetime | None) -> list[Claim]:
        if limit <= 0 or not known:
            return []
        db = self.db
        tasks = db.table(
            "known",
            {"task_name": Kind.TEXT, "offered": Kind.JSON, "insisted": Kind.JSON},
            [(task, policies.offered(terms), policies.insisted(terms)) for task, terms in known.items()],
        )
        settled = db.dialect.json_over(db.dialect.json_over("known.offered", "klokker_run.policies"), "known.insisted")
        # What is no object stays as it is, and is found out when the claim is read: it must not fail the others' claim.
        settled = (
            f"CASE WHEN {db.dialect.is_object('klokker_run.policies')} THEN {settled} ELSE klokker_run.policies END"
        )
        values: Values = {"only": self.only} if self.only is not None else {}
        among_only = f"AND r.id {db.dialect.among('only', Kind.INTEGER)}" if self.only is not None else ""
        rows = db.rows(
            _TakenRow,
            f"""
            WITH picked AS (
                SELECT r.id AS run FROM klokker_run r
                WHERE r.state = 'queued' AND r.lane = %(lane)s AND r.node IN ('', %(node)s)
                  AND r.task {db.dialect.among("tasks", Kind.TEXT)} AND r.kind {db.dialect.among("kinds", Kind.TEXT)}
                  AND (r.start_before IS NULL OR r.start_before >= %(now)s OR r.first_started IS NOT NULL)
                  {among_only}
                ORDER BY r.lane, r."order", r.planned, r.id
                LIMIT %(limit)s {db.dialect.for_update_of("r", skip_locked=True)})
            UPDATE klokker_run SET
                state = 'claimed', token = token + 1, claimed_by = %(process)s, lease_until = %(lease_until)s,
                started = %(started)s, first_started = COALESCE(first_started, %(started)s), policies = {settled}
            FROM picked, {tasks.sql}
            WHERE klokker_run.id = picked.run AND known.task_name = klokker_run.task
            RETURNING {_TAKEN}
            """,
            {
                "lane": lane,
                "node": self.node,
                "tasks": list(known),
                "kinds": list(RunKind),
                "now": self.now,
                "limit": limit,
                "process": self.process,
                "lease_until": self.lease_until,
                "started": started,
                **values,
            },
            tasks,
        )
        rows.sort(key=lambda row: (row.order, row.planned, row.run))
        claims = self._read(rows)
        # What cannot be read takes nobody's place.
        return claims if len(claims) == len(rows) else [*claims, *self._take(lane, limit - len(claims), known, started)]

    def _read(self, rows: Sequence[_TakenRow]) -> list[Claim]:
        """The claims of these rows; those that cannot be read are put aside."""
        claims: list[Claim] = []
        for row in rows:
            try:
                claims.append(row.claim(self.now))
            except UnreadableRun as error:
                self.unreadable[row.run] = str(error)
        return claims


def queued_lanes(db: Database, node: str) -> list[str]:
    """The lanes in which this node finds something. From lane to lane by the index: what is queued in them is not walked."""
    rows = db.plain_rows(
        """
        WITH RECURSIVE found (lane) AS (
            SELECT min(r.lane) FROM klokker_run r WHERE r.state = 'queued'
            UNION ALL
            SELECT (SELECT min(r.lane) FROM klokker_run r WHERE r.state = 'queued' AND r.lane > found.lane)
            FROM found WHERE found.lane IS NOT NULL)
        SELECT found.lane FROM found
        WHERE EXISTS (
            SELECT 1 FROM klokker_run r
            WHERE r.state = 'queued' AND r.lane = found.lane AND r.node IN ('', %(node)s))
        """,
        {"node": node},
    )
    return sorted(str(row[0]) for row in rows)


def recall(db: Database, process: str, holding: Collection[int], now: datetime) -> list[Claim]:
    """What the process has claimed and does not hold."""
    rows = db.rows(
        _TakenRow,
        f"""
        SELECT {_TAKEN} FROM klokker_run
        WHERE klokker_run.state = 'claimed' AND klokker_run.claimed_by = %(process)s ORDER BY klokker_run.id
        """,
        {"process": process},
    )
    claims: list[Claim] = []
    for row in rows:
        if row.run not in holding:
            # One that cannot be read was never handed out; its lease runs out, and it is lost.
            with suppress(UnreadableRun):
                claims.append(row.claim(now))
    return claims


# ── what a process says of its claims ───────────────────────────────────────────────────────────────────────────────

_HELD = """
    klokker_run.id = mine.run AND klokker_run.token = mine.its_token AND klokker_run.state = 'claimed'
    AND klokker_run.claimed_by = %(process)s
"""


def _update_held(
    db: Database,
    process: str,
    claims: Collection[tuple[int, int]],
    changes: str,
    *,
    now: datetime,
    only: str = "TRUE",
    returning: str = "klokker_run.id",
) -> list[Sequence[object]]:
    """Change those of these (run, token) pairs that the process holds; `returning` of each."""
    if not claims:
        return []
    mine = db.table("mine", {"run": Kind.INTEGER, "its_token": Kind.INTEGER}, sorted(claims))
    return db.plain_rows(
        f"UPDATE klokker_run SET {changes} FROM {mine.sql} WHERE {_HELD} AND {only} RETURNING {returning}",
        {"process": process, "now": now},
        mine,
    )


def begin(db: Database, process: str, claims: Collection[tuple[int, int]], now: datetime) -> frozenset[int]:
    """Mark claims as begun; those still held."""
    changes = "started = COALESCE(started, %(now)s), first_started = COALESCE(first_started, %(now)s)"
    return frozenset(int(str(row[0])) for row in _update_held(db, process, claims, changes, now=now))


def give_back(db: Database, process: str, claims: Collection[tuple[int, int]], now: datetime) -> int:
    """Queue again what has not begun; how many."""
    changes = "state = 'queued', claimed_by = '', lease_until = NULL"
    return len(_update_held(db, process, claims, changes, now=now, only="klokker_run.started IS NULL"))


def renew(db: Database, process: str, claims: Collection[tuple[int, int]], lease_until: datetime) -> dict[int, bool]:
    """Renew the leases of those that the process holds: run → whether it was asked to cancel."""
    rows = _update_held(
        db,
        process,
        claims,
        "lease_until = %(now)s",
        now=lease_until,
        returning="klokker_run.id, klokker_run.cancel_asked_at",
    )
    return {int(str(run)): asked_at is not None for run, asked_at in rows}


def progress(db: Database, run: int, token: int, done: int | None, total: int | None, log: Sequence[str]) -> bool:
    """Write how far a run is, if the claim of this token stands."""
    if done is None and not log:
        # Read, not written: SQLite has one writer, and a task asks `run.check()` while its own transaction is that one.
        held = "SELECT 1 FROM klokker_run WHERE id = %(run)s AND token = %(token)s AND state = 'claimed'"
        return bool(db.plain_rows(held, {"run": run, "token": token}))
    with db.transaction():
        mine = db.do(
            """
            UPDATE klokker_run SET
                progress_done = CASE WHEN %(figures)s THEN %(done)s ELSE progress_done END,
                progress_total = CASE WHEN %(figures)s THEN %(total)s ELSE progress_total END
            WHERE id = %(run)s AND token = %(token)s AND state = 'claimed'
            """,
            {"run": run, "token": token, "figures": done is not None, "done": done, "total": total},
        )
        if mine:
            write_logs(db, [(run, log)])
        return mine > 0
