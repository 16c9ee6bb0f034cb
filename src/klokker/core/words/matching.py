"""Is a moment one of a timetable's, and why, or why not? In English."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from klokker.core.limits import Limited
from klokker.core.moments import EPOCH, FIRST_SECOND, epoch_second, from_epoch
from klokker.core.timetables.budget import Budget
from klokker.core.timetables.contract import Timetable
from klokker.core.timetables.cron import Cron
from klokker.core.timetables.masked import Masked
from klokker.core.timetables.nth import Nth, ordinal
from klokker.core.timetables.union import Union
from klokker.core.words.clocks import said_moment
from klokker.core.words.days import said_days
from klokker.core.words.english import ENGLISH
from klokker.core.words.times import members, runs_of


@dataclass(frozen=True, slots=True)
class Match:
    """Whether a moment is one of a timetable's, the reason, and its nearest ones before and after (None: there is none)."""

    yes: bool
    why: str
    before: datetime | None
    after: datetime | None


def match(timetable: Timetable, moment: datetime, zone: str) -> Match:
    """Compare a moment, to the second, with a timetable. Raises InvalidMoment, FollowsCompletion, TooSparse."""
    second = epoch_second(moment)
    before = timetable.second_at_or_before(second - 1) if second > FIRST_SECOND else None
    after = timetable.second_after(second)
    return Match(
        _comes(timetable, second),
        _why(timetable, second, zone),
        None if before is None else from_epoch(before),
        None if after is None else from_epoch(after),
    )


def _comes(timetable: Timetable, second: int) -> bool:
    return timetable.second_at_or_before(second) == second


def _why(timetable: Timetable, second: int, zone: str) -> str:
    match timetable:
        case Cron():
            return _why_cron(timetable, second)
        case Masked():
            return _why_masked(timetable, second, zone)
        case Union():
            found = [str(member) for member in timetable.members if _comes(member, second)]
            if found:
                return f"{' and '.join(found)} {'has' if len(found) == 1 else 'have'} it"
            return "; ".join(f"{member}: {_why(member, second, zone)}" for member in timetable.members)
        case Nth():
            return _why_nth(timetable, second, zone)
        case Limited():
            if timetable.first is not None and second < timetable.first:
                return f"nothing comes before {said_moment(timetable.first, zone, ENGLISH)}"
            if timetable.last is not None and second > timetable.last:
                return f"nothing comes after {said_moment(timetable.last, zone, ENGLISH)}"
            return _why(timetable.timetable, second, zone)
    return f"{timetable} {'has' if _comes(timetable, second) else 'does not have'} it"


def _why_cron(cron: Cron, second: int) -> str:
    local = from_epoch(second).astimezone(ZoneInfo(cron.clock.zone))
    fields = (
        ("second", cron.seconds, local.second),
        ("minute", cron.minutes, local.minute),
        ("hour", cron.hours, local.hour),
    )
    unlike = [f"{name} {value} is not among {_values(bits)}" for name, bits, value in fields if not bits >> value & 1]
    day = (local.date() - EPOCH.date()).days
    if cron.days.first_from(day) != day:
        shown = f"{ENGLISH.weekdays[local.isoweekday() % 7]} {local.day} {ENGLISH.months[local.month - 1]}"
        unlike.append(f"{shown} is no day of it ({said_days(cron.days, ENGLISH)})")
    comes = _comes(cron, second)
    if comes and unlike:
        return "the clocks skip a time that matches, and this is the first moment after the gap"
    if comes:
        return f"every field matches {local:%H:%M:%S} in {cron.clock.zone}"
    if not unlike:
        return "the clocks show this time twice, and the other pass is the one that counts"
    return "; ".join(unlike)


def _why_masked(masked: Masked, second: int, zone: str) -> str:
    if _comes(masked.left, second):
        for condition in masked.conditions:
            if condition.mask.stretch(second, Budget(masked)).covered is not condition.wants:
                return f"{masked.left} has it, and “{condition}” leaves it out"
    return _why(masked.left, second, zone)


def _why_nth(nth: Nth, second: int, zone: str) -> str:
    if second < nth.start:
        return f"it is counted from {said_moment(nth.start, zone, ENGLISH)} on"
    if not _comes(nth.of, second):
        return _why(nth.of, second, zone)
    number = nth.of.count_seconds(nth.start - 1, second)
    which = "a match" if number is None else f"match number {number}"
    return f"it is {which} of {nth.of}, of which each {ordinal(nth.number)} counts"


def _values(bits: int) -> str:
    shown = [str(first) if first == last else f"{first}-{last}" for first, last in runs_of(members(bits))]
    return ", ".join(shown if len(shown) <= 8 else [*shown[:6], "…", shown[-1]])
