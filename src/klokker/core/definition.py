"""What a schedule is, at one revision: timetable, task, arguments, policies, placement; and from when each revision holds.

A definition is plain values. `when` stays text here (the one column in which a timetable is stored);
`Definition.timetable()` reads it. Fields that are None are left to the task, and are settled when the run is claimed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from klokker.core.catchup import CatchUp
from klokker.core.closed import Closed, WhenClosed
from klokker.core.duration import duration_text
from klokker.core.errors import InvalidPolicy, KlokkerError, TimetableError
from klokker.core.field_values import (
    arguments,
    grace,
    json_table,
    json_value,
    moment_in,
    one_of,
    order,
    positive,
    reasons,
    schedule_name,
    texts,
    zone_name,
)
from klokker.core.fields import LONGEST, Fields, printable_name, shown, text
from klokker.core.jitter import Jitter
from klokker.core.json_values import Json as Json
from klokker.core.known import NOTHING, Known, Named, Noted
from klokker.core.limits import Limited
from klokker.core.moments import epoch_second
from klokker.core.overlap import Overlap
from klokker.core.placement import Placement
from klokker.core.retention import Retention
from klokker.core.retry import Retry
from klokker.core.timeout import Timeout
from klokker.core.timetables.calendar_text import named_calendar
from klokker.core.timetables.closings import Closings
from klokker.core.timetables.completion import AfterCompletion
from klokker.core.timetables.contract import Timetable
from klokker.core.timetables.text import timetable

EXECUTORS = ("processes", "threads", "inline")


class AfterSuccess(StrEnum):
    """What becomes of a schedule after a run that succeeded."""

    KEEP = "keep"
    DELETE = "delete"


class IfLost(StrEnum):
    """What becomes of a run whose process vanished."""

    FAIL = "fail"
    RETRY = "retry"


class InvalidDefinition(KlokkerError):
    """A schedule's definition that cannot be. `faults` maps each field to what is wrong with it."""

    def __init__(self, name: str, faults: Mapping[str, str]) -> None:
        self.name = name
        self.faults = dict(faults)
        told = "; ".join(f"{field} {fault}" for field, fault in faults.items())
        super().__init__(f"schedule {name!r}: {told}" if name else told)


class UnreadableDefinition(KlokkerError):
    """A stored definition that no longer makes sense; `fault` says where."""

    def __init__(self, fault: str) -> None:
        self.fault = fault
        super().__init__(f"the stored definition cannot be read: {fault}; edit the schedule to give it a whole one")


@dataclass(frozen=True, slots=True)
class Definition:
    """All that one revision of a schedule fixes."""

    name: str
    task: str
    when: str
    args: tuple[Json, ...] = ()
    kwargs: Mapping[str, Json] = field(default_factory=dict)
    description: str = ""
    zone: str = "UTC"
    gap: str | None = None
    fold: str | None = None
    starts: datetime | None = None
    ends: datetime | None = None
    max_runs: int | None = None
    order: int = 0
    lane: str = "default"
    placement: Placement = Placement()
    catch_up: CatchUp = CatchUp()
    grace: timedelta = timedelta(seconds=60)
    overlap: Overlap = Overlap.SKIP
    closed: Closed | None = None
    jitter: Jitter = Jitter()
    after_success: AfterSuccess = AfterSuccess.KEEP
    retention: Retention = Retention()
    retry: Retry | None = None
    if_lost: IfLost | None = None
    timeout: Timeout | None = None
    executor: str | None = None
    owner: str = ""
    runbook: str = ""
    review_by: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    silence: Mapping[str, str] = field(default_factory=dict)
    """Findings of lint that are passed over, by code, each with the reason."""
    engine_options: Mapping[str, Json] = field(default_factory=dict)
    declared_in: str = ""
    """The file or module that declares it; empty for a managed one. A sync retires only what its own source declared."""
    calendars: Mapping[str, str] = field(default_factory=dict)
    """The text of each calendar that `when` and `closed` name, as it was when this was written."""
    places: Mapping[str, str] = field(default_factory=dict)
    """Where each place is that `when` names, as it was when this was written."""

    def __post_init__(self) -> None:
        InvalidPolicy.collect(
            self,
            (self.max_runs is None or self.max_runs >= 1, "max_runs", "must be at least 1"),
            (timedelta(0) <= self.grace <= LONGEST, "grace", "must be from zero to a thousand years"),
            (self.starts is None or self.starts.tzinfo is not None, "starts", "must have a time zone"),
            (self.ends is None or self.ends.tzinfo is not None, "ends", "must have a time zone"),
            (
                self.starts is None or self.ends is None or self.starts <= self.ends,
                "ends",
                "must not lie before starts",
            ),
        )

    @classmethod
    def read(cls, values: Mapping[str, object], known: Known = NOTHING) -> "Definition":
        """Read what a person wrote (TOML, JSON, keyword arguments): text forms of policies, local times in `zone`.

        What it names is looked up in `known`. The timetable is read too, so that what this returns can be evaluated.
        Raises InvalidDefinition, with all faults.
        """
        reading = Fields(values, _WRITTEN)
        definition = None
        try:
            definition = _read(reading, reading.take("zone", zone_name, "UTC"))
            # With a zone that does not exist, the rest of the text is still worth a word.
            if not reading.faults.keys() & {"name", "when", "gap", "fold", "closed"}:
                definition = definition.knowing(known)
        except (InvalidDefinition, InvalidPolicy) as refused:
            reading.faults.update(refused.faults)
        if definition is None or reading.faults:
            name = values.get("name")
            raise InvalidDefinition(name if isinstance(name, str) else "", reading.faults)
        return definition

    def written(self) -> dict[str, Json]:
        """What `read` reads back: each field that differs from its default, in its text form; times in UTC."""
        return {
            name: _written(getattr(self, name))
            for name in _WRITTEN
            if name in ("name", "task", "when") or getattr(self, name) != getattr(_PLAIN, name)
        }

    def to_json(self) -> dict[str, Json]:
        """Every field, for the revision's row; None for what is left to the task."""
        return {name: _written(getattr(self, name)) for name in _FIELDS}

    @classmethod
    def from_json(cls, stored: Json) -> "Definition":
        """Read what `to_json` wrote. Fields that a later version added have their defaults.

        The timetable is not evaluated: one that cannot be is the schedule's own fault, found when it is planned.
        Raises UnreadableDefinition.
        """
        if not isinstance(stored, dict):
            raise UnreadableDefinition(f"must be a table, got {shown(stored)}")
        reading = Fields({name: value for name, value in stored.items() if value is not None}, _FIELDS)
        try:
            definition = _read(reading, reading.take("zone", text, "UTC"))
        except InvalidPolicy as refused:
            raise UnreadableDefinition(str(refused)) from None
        if reading.faults:
            raise UnreadableDefinition("; ".join(f"{name} {fault}" for name, fault in reading.faults.items()))
        return definition

    def to_text(self) -> str:
        """`to_json` as one line of JSON, for a text column."""
        return json.dumps(self.to_json(), ensure_ascii=False, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_text(cls, stored: str) -> "Definition":
        """Read what `to_text` wrote; the same text gives the same value, read once. Raises UnreadableDefinition."""
        return _from_text(stored)

    def timetable(self) -> Timetable:
        """The timetable that `when` means, within `starts` and `ends`, both included. Raises TimetableError."""
        return self._evaluated()[0]

    def rest(self) -> timedelta | None:
        """The rest after a run's end, where `when` is "… after completion"; else None. Raises TimetableError."""
        return self._evaluated()[1]

    def _evaluated(self) -> tuple[Timetable, timedelta | None]:
        named = Named(_pairs(self.calendars), _pairs(self.places)) if self.calendars or self.places else _UNNAMED
        return _timetable(self.when, self.zone, self.gap, self.fold, self.name, self.starts, self.ends, named)

    def closings(self) -> Closings | None:
        """When it is closed, where a closing changes anything; else None. Raises TimetableError."""
        if self.closed is None or self.closed.then is WhenClosed.RUN_ANYWAY:
            return None
        return _closings(self.closed.calendar, self.calendars.get(self.closed.calendar), self.zone)

    def knowing(self, known: Known) -> "Definition":
        """The same, with the texts of what it names as they are known now.

        Raises InvalidDefinition, where a name is not known or something cannot be read.
        """
        calendars, places = Noted(known.calendars), Noted(known.places)
        faults: dict[str, str] = {}
        try:
            timetable(
                self.when,
                zone=self.zone,
                gap=self.gap,
                fold=self.fold,
                key=self.name,
                calendars=calendars,
                places=places,
            )
        except TimetableError as refused:
            faults["when"] = f"is wrong: {refused}"
        if self.closed is not None:
            try:
                named_calendar(calendars, self.closed.calendar, self.zone)
            except TimetableError as refused:
                faults["closed"] = f"is wrong: {refused}"
        if faults:
            raise InvalidDefinition(self.name, faults)
        return replace(self, calendars=calendars.named, places=places.named)


@dataclass(frozen=True, slots=True)
class Revision:
    """One definition that a schedule has had. An occurrence belongs to the highest number whose `holds_from` lies before it.

    `time_data`: the zone data (and rules) in force when it was made; occurrences recomputed under other data may differ.
    `fault`: why it cannot be read as it is stored; `definition` is then a stand-in, and there is no timetable.
    """

    number: int
    holds_from: datetime
    definition: Definition
    time_data: str = ""
    fault: str = ""

    def timetable(self) -> Timetable:
        """The timetable of its definition. Raises TimetableError, also where the definition cannot be read."""
        if self.fault:
            raise TimetableError(self.fault)
        return self.definition.timetable()


def difference(old: Definition, new: Definition) -> dict[str, Json]:
    """What an edit changes: field names to [old, new] in their text forms."""
    before, after = old.to_json(), new.to_json()
    return {name: [before[name], after[name]] for name in before if before[name] != after[name]}


def forget_timetables() -> None:
    """Evaluate definitions anew when they are asked for: what timetables stand on has changed under this process."""
    _timetable.cache_clear()
    _closings.cache_clear()


@lru_cache(maxsize=16_384)
def _timetable(
    when: str,
    zone: str,
    gap: str | None,
    fold: str | None,
    key: str,
    starts: datetime | None,
    ends: datetime | None,
    named: Named,
) -> tuple[Timetable, timedelta | None]:
    """The timetable within its limits, and the rest of one that follows completion. Reading is the dear part of a tick."""
    calendars, places = dict(named.calendars), dict(named.places)
    plain = timetable(when, zone=zone, gap=gap, fold=fold, key=key, calendars=calendars, places=places)
    rest = plain.rest if isinstance(plain, AfterCompletion) else None
    if starts is None and ends is None:
        return plain, rest
    # `starts` between two seconds begins with the next whole one; `ends` there ends with the one before.
    first = None if starts is None else epoch_second(starts) + (starts.microsecond > 0)
    return Limited(plain, first, None if ends is None else epoch_second(ends)), rest


@lru_cache(maxsize=16_384)
def _closings(name: str, text: str | None, zone: str) -> Closings:
    return Closings(named_calendar({} if text is None else {name: text}, name, zone))


def _pairs(texts: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(texts.items()))


@lru_cache(maxsize=16_384)
def _from_text(stored: str) -> Definition:
    try:
        value = json.loads(stored)
    except (ValueError, RecursionError) as refused:
        raise UnreadableDefinition(f"is no JSON: {refused}") from None
    return Definition.from_json(value)


# ── each field, read and written ────────────────────────────────────────────────────────────────────────────────────


def _read(reading: Fields, zone: str) -> Definition:
    def moment(value: object) -> datetime:
        return moment_in(value, zone)

    return Definition(
        name=reading.need("name", schedule_name, ""),
        task=reading.need("task", printable_name, ""),
        when=reading.need("when", text, ""),
        args=reading.take("args", arguments, ()),
        kwargs=reading.take("kwargs", json_table, {}),
        description=reading.take("description", text, ""),
        zone=zone,
        gap=reading.take("gap", one_of("shift", "skip"), None),
        fold=reading.take("fold", one_of("first", "second", "both"), None),
        starts=reading.take("starts", moment, None),
        ends=reading.take("ends", moment, None),
        max_runs=reading.take("max_runs", positive, None),
        order=reading.take("order", order, 0),
        lane=reading.take("lane", printable_name, "default"),
        placement=reading.take("placement", Placement.read, Placement()),
        catch_up=reading.take("catch_up", CatchUp.read, CatchUp()),
        grace=reading.take("grace", grace, timedelta(seconds=60)),
        overlap=reading.take("overlap", Overlap.read, Overlap.SKIP),
        closed=reading.take("closed", Closed.read, None),
        jitter=reading.take("jitter", Jitter.read, Jitter()),
        after_success=AfterSuccess(reading.take("after_success", one_of(*AfterSuccess), "keep")),
        retention=reading.take("retention", Retention.read, Retention()),
        retry=reading.take("retry", Retry.read, None),
        if_lost=reading.take("if_lost", _if_lost, None),
        timeout=reading.take("timeout", Timeout.read, None),
        executor=reading.take("executor", one_of(*EXECUTORS), None),
        owner=reading.take("owner", text, ""),
        runbook=reading.take("runbook", text, ""),
        review_by=reading.take("review_by", moment, None),
        labels=reading.take("labels", texts, {}),
        silence=reading.take("silence", reasons, {}),
        engine_options=reading.take("engine_options", json_table, {}),
        declared_in=reading.take("declared_in", text, ""),
        calendars=reading.take("calendars", texts, {}),
        places=reading.take("places", texts, {}),
    )


def _if_lost(value: object) -> IfLost:
    return IfLost(one_of(*IfLost)(value))


_PLAIN = Definition(name="", task="", when="")
_FIELDS = tuple(field.name for field in fields(Definition))
_WRITTEN = tuple(name for name in _FIELDS if name not in ("calendars", "places"))
"""What a person writes; what names stand for is looked up."""
_UNNAMED = Named((), ())


def _written(value: object) -> Json:
    """The text form of a field; `_read` reads it back."""
    match value:
        case None | bool() | int() | float() | str():
            return value.value if isinstance(value, StrEnum) else value
        case datetime():
            return value.astimezone(UTC).isoformat()
        case timedelta():
            return duration_text(value)
        case Placement() | Retention() | Retry():
            return value.written()
        case CatchUp() | Closed() | Jitter() | Timeout():
            return str(value)
        case _:
            return json_value(value)
