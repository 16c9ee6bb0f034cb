"""A calendar in words and as data: its text, its windows, who names it, what waits for its opening."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from klokker.cli.effects import as_data as effect_as_data
from klokker.cli.effects import lines as effect_lines
from klokker.cli.output import counted, local
from klokker.core.closed import WhenClosed
from klokker.core.definition import Definition
from klokker.core.errors import InvalidTimetable, TimetableError, TooSparse
from klokker.core.lifecycle import ScheduleState
from klokker.core.moments import epoch_second, from_epoch
from klokker.core.timetables.calendar_text import read_calendar
from klokker.core.timetables.closings import Closings
from klokker.core.timetables.masks import NEVER_BEFORE, InCalendar
from klokker.operations.calendar import CalendarEffect
from klokker.operations.occurrences import undecided
from klokker.store.contract import NamedCalendar, Schedule, Store


@dataclass(frozen=True, slots=True)
class CalendarWindow:
    """One window of a calendar, whole. `begins` None: since ever; `ends` None: for ever."""

    begins: datetime | None
    ends: datetime | None


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows of a calendar on the clocks of `zone`. `own`: whether the calendar itself says whose clocks."""

    zone: str
    own: bool
    _closings: Closings

    @classmethod
    def of(cls, name: str, text: str, zone: str) -> "Windows":
        """The windows that the text means; where it names no zone, on the clocks of `zone`. Raises InvalidTimetable."""
        calendar = read_calendar(text)
        (own,) = zones if len(zones := {part.zone for part in calendar.parts}) == 1 else (None,)
        return cls(own or zone, own is not None, Closings(InCalendar(name, calendar, own or zone)))

    def upcoming(self, now: datetime, count: int) -> list[CalendarWindow]:
        """The window in which `now` lies, if it does, and those that follow; `count` at the most."""
        found: list[CalendarWindow] = []
        second = epoch_second(now)
        try:
            while len(found) < count and (closing := self._closings.following(second)) is not None:
                begins = None if closing.begins <= NEVER_BEFORE else from_epoch(closing.begins)
                found.append(CalendarWindow(begins, None if closing.endless else from_epoch(closing.opens)))
                if closing.endless:
                    break
                second = closing.opens
        except TooSparse:
            return found
        return found


@dataclass(frozen=True, slots=True)
class Waits:
    """What of one schedule waits until it opens: how many occurrences (None: not counted), since when, until when."""

    schedule: str
    zone: str
    count: int | None
    since: datetime
    until: datetime


def waiting(store: Store, calendar: str, schedules: Sequence[Schedule], now: datetime) -> list[Waits]:
    """What waits now for the end of a closing of the calendar, of these schedules that name it."""
    found: list[Waits] = []
    for schedule in schedules:
        definition = schedule.revision.definition
        closed = definition.closed
        if closed is None or closed.calendar != calendar or closed.then is not WhenClosed.WAIT:
            continue
        if schedule.state is not ScheduleState.ACTIVE or not _is_closed(definition, now):
            continue
        behind = undecided(store.locked_view(schedule.id).timers, now)
        if behind.since is not None and behind.opens is not None:
            found.append(Waits(definition.name, definition.zone, behind.waiting, behind.since, behind.opens))
    return found


def _is_closed(definition: Definition, now: datetime) -> bool:
    try:
        closings = definition.closings()
        return closings is not None and closings.at(epoch_second(now)) is not None
    except TimetableError:
        return False


SCHEDULES_SHOWN = 20
"""Schedules that a change is told of one by one."""


def lines(effect: CalendarEffect, zones: Mapping[str, str], now: datetime, *, zone: str, done: bool) -> Iterator[str]:
    """What a change of a calendar comes to, a sentence a line. `zones`: of schedules, by name; `zone`: of calendars without one."""
    before, after = effect.before, effect.after
    if not effect.changes:
        yield f"calendar {after.name}: nothing changes"
        yield from (f"  {each.name} keeps the text that it carries: {each.why}" for each in effect.left)
        return
    will = "" if done else "would be "
    if after.removed:
        yield f"calendar {after.name}: {will}removed; its {counted(after.version, 'version')} {'is' if after.version == 1 else 'are'} kept"
        return
    if before is None:
        yield f"calendar {after.name}: {will}made, version {after.version}"
    elif before.version != after.version:
        yield f"calendar {after.name}: version {before.version} → {after.version}"
    else:
        yield f"calendar {after.name}: version {after.version}"
    yield from _text_changes(before.text if before else "", after.text)
    if before is not None and before.version != after.version:
        yield from _window_changes(before, after, now, zone)
    if before is not None and before.description != after.description:
        yield f"  description: {before.description or '–'} → {after.description or '–'}"
    if before is not None and before.origin is not after.origin:
        yield f"  origin: {before.origin} → {after.origin}"
    for each in effect.schedules[:SCHEDULES_SHOWN]:
        told = list(effect_lines(each, zone=zones.get(each.name, "UTC"), done=done))
        yield from (told if len(told) > 1 else [f"{told[0]}: its next {len(each.next)} moments stay"])
    if (more := len(effect.schedules) - SCHEDULES_SHOWN) > 0:
        yield f"… and {more:,} more schedules; --json shows all"
    for left in effect.left:
        yield f"{left.name}: left alone; {left.why}"
    if after.version != (before.version if before else 0) and not effect.schedules and not effect.left:
        yield "No schedule names it."


SHOWN = 12
"""Lines of a text that a change shows, of each kind."""


def _text_changes(before: str, after: str) -> Iterator[str]:
    """The lines that go and those that come; an ICS file has too many to show."""
    old, new = before.splitlines(), after.splitlines()
    for mark, lines_, others in (("-", old, new), ("+", new, old)):
        different = [line for line in lines_ if line.strip() and line not in others]
        yield from (f"  {mark} {line}" for line in different[:SHOWN])
        if len(different) > SHOWN:
            yield f"  {mark} … and {counted(len(different) - SHOWN, 'more line')}"


COMPARED = 500
"""Windows of a calendar that are looked through for what an edit changes."""


def _window_changes(before: NamedCalendar, after: NamedCalendar, now: datetime, zone: str) -> Iterator[str]:
    """The first windows that go and that come; windows that touch are one."""
    try:
        read = [Windows.of(each.name, each.text, zone) for each in (before, after)]
    except InvalidTimetable:
        return
    old, new = (windows.upcoming(now, COMPARED) for windows in read)
    # Where one was cut off, nothing behind its end is known of it.
    ends = min(
        (each[-1].begins for each in (old, new) if len(each) == COMPARED and each[-1].begins is not None), default=None
    )
    for word, these, others, windows in (("go", old, new, read[0]), ("come", new, old, read[1])):
        different = [each for each in these if each not in others]
        found = [each for each in different if ends is None or each.begins is None or each.begins < ends]
        if found:
            told = ", ".join(_told(each, windows.zone) for each in found[:3]) + (", …" if len(found) > 3 else "")
            yield f"  windows that {word} ({windows.zone}): {told}"


def _told(window: CalendarWindow, zone: str) -> str:
    begins, ends = (f"{local(at, zone):%Y-%m-%d %H:%M}" if at else "ever" for at in (window.begins, window.ends))
    return f"{begins} to {ends}"


def as_data(effect: CalendarEffect) -> dict[str, Any]:
    """The same as docs/commands/json.md promises it."""
    before, after = effect.before, effect.after
    return {
        "name": after.name,
        "version_before": before.version if before else None,
        "version": after.version,
        "text_before": before.text if before else None,
        "text": after.text,
        "description": after.description,
        "origin": after.origin,
        "removed": after.removed,
        "changes": effect.changes,
        "schedules": [effect_as_data(each) for each in effect.schedules],
        "left": [{"name": each.name, "why": each.why} for each in effect.left],
    }


def wait_as_data(waits: Waits) -> dict[str, Any]:
    """What waits, likewise."""
    return {"schedule": waits.schedule, "count": waits.count, "since": waits.since, "until": waits.until}
