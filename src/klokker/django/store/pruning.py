"""What may go, and what stands for it then? Rows past their `prune after`, day by sealed day; and what nothing is left of.

Only rows that are to go are read, by an index. A day that does not prove keeps its rows, and is looked at again.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from klokker.django.store import fleet, keeping
from klokker.django.store.database import Database
from klokker.django.store.dialect import Kind, Values
from klokker.django.store.rows import UnreadableRow
from klokker.store.contract import Ledger, Tally

Seal = Callable[[Ledger, datetime], Sequence[Tally] | None]

DAY = timedelta(days=1)

SILENT = timedelta(days=1)
"""A process that was not heard of for so long, and holds nothing, is forgotten."""

PAGES = 20
"""So many pages of rows that do not prove are passed over in one call, before the rest waits for the next."""


def prune(db: Database, now: datetime, seal: Seal, limit: int) -> int:
    """How many runs and dismissals went. Each schedule's rows go in a transaction of their own."""
    gone = 0
    for page in _pages(db, now, limit):
        for schedule, (runs, dismissals) in page.items():
            if gone >= limit:
                break
            with db.transaction():
                gone += _prune(db, now, seal, schedule, runs[: limit - gone], dismissals, limit - gone)
    with db.transaction():
        _remove_schedules(db, now)
    fleet.forget_silent(db, now - SILENT)
    return gone


class _RunRow(NamedTuple):
    id: int
    prune_after: datetime
    schedule: int | None
    nominal: datetime | None


class _DismissalRow(NamedTuple):
    id: int
    prune_after: datetime
    schedule: int
    after: datetime
    until: datetime


_Page = Mapping[int | None, tuple[list[_RunRow], list[_DismissalRow]]]


def _pages(db: Database, now: datetime, limit: int) -> Iterator[_Page]:
    """What is past its time, the oldest first, so many rows at a time, by schedule (None: runs without one)."""
    run_after, dismissal_after = (_LONG_AGO, 0), (_LONG_AGO, 0)
    for _ in range(PAGES):
        runs = db.rows(
            _RunRow,
            f"""
            SELECT r.id, r.prune_after, r.schedule_id, r.nominal FROM klokker_run r
            WHERE r.prune_after IS NOT NULL AND {_BEYOND.format(row="r")} ORDER BY r.prune_after, r.id LIMIT %(limit)s
            """,
            {"now": now, "limit": limit, "last": run_after[0], "id": run_after[1]},
        )
        dismissals = db.rows(
            _DismissalRow,
            f"""
            SELECT d.id, d.prune_after, d.schedule_id, d.after, d.until FROM klokker_dismissal d
            WHERE {_BEYOND.format(row="d")} ORDER BY d.prune_after, d.id LIMIT %(limit)s
            """,
            {"now": now, "limit": limit, "last": dismissal_after[0], "id": dismissal_after[1]},
        )
        page: defaultdict[int | None, tuple[list[_RunRow], list[_DismissalRow]]] = defaultdict(lambda: ([], []))
        for run in runs:
            page[run.schedule][0].append(run)
        for dismissal in dismissals:
            page[dismissal.schedule][1].append(dismissal)
        yield page
        if len(runs) < limit and len(dismissals) < limit:
            return
        run_after = (runs[-1].prune_after, runs[-1].id) if runs else run_after
        dismissal_after = (dismissals[-1].prune_after, dismissals[-1].id) if dismissals else dismissal_after


_LONG_AGO = datetime(1, 1, 2, tzinfo=UTC)

_BEYOND = """
    {row}.prune_after <= %(now)s AND {row}.prune_after >= %(last)s
    AND ({row}.prune_after > %(last)s OR {row}.id > %(id)s)
"""


def _prune(
    db: Database,
    now: datetime,
    seal: Seal,
    schedule: int | None,
    runs: Sequence[_RunRow],
    dismissals: Sequence[_DismissalRow],
    limit: int,
) -> int:
    if schedule is None:
        return _remove_runs(db, [run.id for run in runs])
    days = {day for run in runs if run.nominal is not None for day in (day_of(run.nominal),)}
    days |= {day for row in dismissals for day in _days(row)}
    sealed = _sealed(db, now, seal, schedule, days)
    going = [run.id for run in runs if run.nominal is None or day_of(run.nominal) in sealed]
    gone = _remove_runs(db, going)
    windows = [row.id for row in dismissals if sealed.issuperset(_days(row))][: max(0, limit - gone)]
    if windows:
        gone += db.do(
            f"DELETE FROM klokker_dismissal WHERE id {db.dialect.among('gone', Kind.INTEGER)}", {"gone": windows}
        )
    if gone:
        db.do(
            "UPDATE klokker_schedule SET prune_after = %(now)s WHERE id = %(schedule)s AND state = 'retired'",
            {"now": now, "schedule": schedule},
        )
    return gone


def day_of(moment: datetime) -> datetime:
    """The first moment of the UTC day of `moment`."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _days(row: _DismissalRow) -> Iterator[datetime]:
    """Every UTC day that the window touches."""
    day = day_of(row.after)
    while day <= row.until:
        yield day
        day += DAY


def _sealed(db: Database, now: datetime, seal: Seal, schedule: int, days: Iterable[datetime]) -> set[datetime]:
    """Those of these days that are sealed; what is not yet is proved now."""
    tallies = keeping.tallies(db, schedule)
    sealed = {tally.day for tally in tallies}
    open_days = sorted(set(days) - sealed)
    if not open_days:
        return sealed
    try:
        ledger = keeping.ledger(db, schedule)
    except UnreadableRow:
        # Its account says what is wrong with it; until that is set right it keeps its rows.
        return sealed
    new: list[Tally] = []
    for day in open_days:
        proved = seal(ledger, day)
        if proved is not None:
            sealed.add(day)
            new += proved
    if new:
        keeping.write_tallies(db, schedule, ledger.schedule.revision.definition.name, new, now)
    return sealed


def _remove_runs(db: Database, runs: Sequence[int]) -> int:
    """Runs with all that is theirs. Whoever prunes beside us may have been first."""
    if not runs:
        return 0
    among, gone = db.dialect.among("gone", Kind.INTEGER), {"gone": sorted(runs)}
    db.do(f"DELETE FROM klokker_attempt WHERE run_id {among}", gone)
    db.do(f"DELETE FROM klokker_runlog WHERE run_id {among}", gone)
    return db.do(f"DELETE FROM klokker_run WHERE id {among} AND state = 'done'", gone)


_NOTHING_LEFT = """
    s.state = 'retired' AND s.prune_after <= %(now)s
    AND NOT EXISTS (SELECT 1 FROM klokker_run r WHERE r.schedule_id = s.id)
    AND NOT EXISTS (SELECT 1 FROM klokker_dismissal d WHERE d.schedule_id = s.id)
"""


def _remove_schedules(db: Database, now: datetime) -> None:
    """Retired schedules of which only sealed tallies are left. Each is looked at when it retired, and when rows of it went."""
    values = {"now": now}
    asked = db.ids(
        """
        SELECT s.id FROM klokker_schedule s
        WHERE s.prune_after IS NOT NULL AND s.prune_after <= %(now)s ORDER BY s.prune_after LIMIT 1000
        """,
        values,
    )
    if not asked:
        return
    schedules: Values = {"schedules": sorted(asked), "now": now}
    among = db.dialect.among("schedules", Kind.INTEGER)
    if db.dialect.locks_rows:
        db.ids(
            f"SELECT t.id FROM klokker_timer t WHERE t.schedule_id {among} ORDER BY t.id {db.dialect.for_update}",
            schedules,
        )
    empty = db.ids(
        f"SELECT s.id FROM klokker_schedule s WHERE s.id {among} AND {_NOTHING_LEFT} {db.dialect.for_update}", schedules
    )
    db.do(f"UPDATE klokker_schedule SET prune_after = NULL WHERE id {among}", schedules)
    if not empty:
        return
    removed = {"schedules": empty}
    db.do(f"DELETE FROM klokker_timer WHERE schedule_id {among}", removed)
    db.do(f"DELETE FROM klokker_revision WHERE schedule_id {among}", removed)
    db.do(f"DELETE FROM klokker_schedule WHERE id {among}", removed)
