"""Zones that are hardly meant, and times that the next clock changes skip or repeat."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from klokker.core.errors import TimetableError
from klokker.core.lint.case import Case
from klokker.core.lint.finding import Code, Finding
from klokker.core.lint.renamed_zones import RENAMED
from klokker.core.moments import DAY, from_epoch
from klokker.core.timetables.cron import Cron
from klokker.core.timetables.recurrence import Recurrence
from klokker.core.timetables.text import timetable
from klokker.core.timetables.zones import on_the_clocks_of
from klokker.core.words.english import ENGLISH

_UTC = frozenset({"UTC", "Etc/UTC", "GMT", "Etc/GMT"})
_LISTED = 100
"""So many times that one change skips or repeats are counted."""


def find(case: Case) -> Iterator[Finding]:
    """What is doubtful in a schedule's zone, and what its next clock changes do to it."""
    yield from _zone(case)
    yield from coming_changes(case)


def coming_changes(case: Case) -> Iterator[Finding]:
    """What the next clock changes do to a schedule; nothing where none touches it."""
    for leaf in case.leaves:
        if isinstance(leaf, Cron | Recurrence):
            yield from _changes(case, leaf)


def _zone(case: Case) -> Iterator[Finding]:
    zone = case.definition.zone
    if (current := RENAMED.get(zone)) is not None:
        yield case.finding(
            Code.DEPRECATED_ZONE,
            f"{zone} is an old name, kept in the time zone data for those who still write it",
            f"write {current}",
            write=current,
        )
    elif zone not in _UTC and (offset := ZoneInfo(zone).utcoffset(None)) is not None:
        ahead = offset >= timedelta(0)
        hours = abs(offset) / timedelta(hours=1)
        yield case.finding(
            Code.FIXED_OFFSET,
            f"{zone} is always {hours:g} hours {'ahead of' if ahead else 'behind'} UTC (its sign is turned round), and has no summer time",
            "write the zone of a place, such as Europe/Amsterdam, or UTC",
        )


def _changes(case: Case, leaf: Cron | Recurrence) -> Iterator[Finding]:
    clock = leaf.clock
    if isinstance(leaf, Cron) and leaf.hours.bit_count() == 24 and (clock.gap, clock.fold) == ("skip", "both"):
        return  # it follows real time, and no change matters to it
    seen: set[Code] = set()
    for change, before, after in case.ground.changes(clock.zone):
        code = Code.IN_GAP if after > before else Code.IN_FOLD
        if code in seen:
            continue
        seen.add(code)
        opens, closes = sorted((change + before, change + after))
        times = _times_between(case, leaf, opens, closes)
        if not times:
            continue
        day = on_the_clocks_of(clock.zone, from_epoch(change))
        shown = f"{ENGLISH.weekdays[day.isoweekday() % 7]} {day.day} {ENGLISH.months[day.month - 1]} {day.year}"
        begins, ends = _time(opens), _time(closes)
        what = "a time" if times == 1 else f"{times} times"
        has = f"and `{leaf}` has {what} there"
        if code is Code.IN_GAP:
            does = _in_gap(leaf, ends, times)
            sentence = f"on {shown} the clocks of {clock.zone} skip {begins} to {ends}, {has}: {does}"
            fix = f"if that is not right, choose a time outside {begins} to {ends}, or state gap"
        else:
            does = _in_fold(leaf, times)
            sentence = f"on {shown} the clocks of {clock.zone} show {begins} to {ends} twice, {has}: {does}"
            fix = f"if that is not right, choose a time outside {begins} to {ends}, or state fold"
        yield case.finding(code, sentence, fix, on=day.date().isoformat())


def _times_between(case: Case, leaf: Cron | Recurrence, opens: int, closes: int) -> int:
    """How many wall-clock times it has from one wall-clock second up to, and without, another."""
    try:
        # On clocks that never change, each of its wall-clock times comes once.
        plain = timetable(str(leaf), zone="UTC", key=case.name)
        return sum(1 for _ in islice(plain.between(from_epoch(opens - 1), from_epoch(closes - 1)), _LISTED))
    except TimetableError:
        return 0


def _in_gap(leaf: Cron | Recurrence, ends: str, times: int) -> str:
    if isinstance(leaf, Recurrence) and leaf.by_rfc:
        return "it comes as much later as the clocks were put forward"
    if leaf.clock.gap == "skip":
        return "left out"
    return f"it comes at {ends}" if times == 1 else f"together they come once, at {ends}"


def _in_fold(leaf: Cron | Recurrence, times: int) -> str:
    comes = "it comes" if times == 1 else "each comes"
    return {
        "first": f"{comes} once, the first time",
        "second": f"{comes} once, the second time",
        "both": f"{comes} both times",
    }[leaf.clock.fold]


def _time(wall: int) -> str:
    minutes = wall % DAY // 60
    return f"{minutes // 60:02}:{minutes % 60:02}"
