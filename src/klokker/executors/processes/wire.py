"""How do values travel between a worker and its children? As JSON: small, quick, and harmless to read whoever wrote it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from klokker.core.definition import Json
from klokker.core.errors import InvalidPolicy, KlokkerError
from klokker.core.lifecycle import Outcome
from klokker.core.moments import Window
from klokker.core.verdict import Ending
from klokker.executors.attempt import Request
from klokker.executors.contract import Assignment, Ended, Logged, LogLine, Overrun, Progressed, Report, Started

_write = json.JSONEncoder(separators=(",", ":")).encode
_read = json.JSONDecoder().decode

_OUTCOMES = {outcome.value: outcome for outcome in Outcome}


class Garbled(KlokkerError):
    """What came over the wire is not what the other side says. `line` holds its beginning."""

    def __init__(self, line: str) -> None:
        self.line = line[:200]
        super().__init__(f"Not a message between a worker and its child: {self.line!r}")


@dataclass(frozen=True, slots=True)
class Ready:
    """The child can take an assignment."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """The child takes no further assignment, and exits: it has served its time."""


Said: TypeAlias = Ready | Leaving | Report
"""What a child says to its worker; one line each."""


# ── assignments: one packet each, to a child ────────────────────────────────────────────────────────────────────────


PACKET = 32 * 1024
"""Bytes of an assignment that travel as a packet. A longer one travels as a file in memory, and its beginning as the packet."""

BEGINNING = 64
"""Bytes of a packet in which its identity stands."""


def in_a_file(packet: bytes) -> bytes:
    """What is sent in place of an assignment that is too long for a packet; its file goes along."""
    return packet[:BEGINNING]


def identity(beginning: bytes) -> tuple[int, int]:
    """Run and token of the assignment whose packet begins thus."""
    run, token = beginning[1:].split(b",", 2)[:2]
    return int(run), int(token)


def assignment_packet(given: Assignment) -> bytes:
    """The assignment without its timeout, which is the parent's business."""
    nominal = None if given.nominal_at is None else given.nominal_at.isoformat()
    span = given.window
    window = None if span is None else [span.after.isoformat(), span.until.isoformat()]
    return _write(
        [
            given.run,
            given.token,
            given.task,
            given.args,
            dict(given.kwargs),
            given.attempt,
            given.schedule,
            nominal,
            window,
            given.dry_run,
        ]
    ).encode()


def assignment(packet: bytes) -> Assignment:
    """The assignment in a packet. Raises Garbled."""
    # Unpacked and tested by hand, here and for ends: a third of the time that a match statement takes.
    fields = _parsed(packet)
    if len(fields) == 10:
        run, token, task, args, kwargs, attempt, schedule, nominal, window, dry_run = fields
        if (
            isinstance(run, int)
            and isinstance(token, int)
            and isinstance(task, str)
            and isinstance(args, list)
            and isinstance(kwargs, dict)
            and isinstance(attempt, int)
            and isinstance(schedule, str)
        ):
            nominal_at, span = _moment(nominal), _window(window)
            return Assignment(run, token, task, args, kwargs, attempt, schedule, None, nominal_at, span, bool(dry_run))
    raise Garbled(repr(packet))


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None


def _window(pair: object) -> Window | None:
    match pair:
        case [str(after), str(until)]:
            return Window(datetime.fromisoformat(after), datetime.fromisoformat(until))
    return None


# ── requests: lines, to a child that is busy ────────────────────────────────────────────────────────────────────────


def request_line(run: int, token: int, request: Request, *, must_end: bool) -> bytes:
    """Ask a run to end; with `must_end`, its child is about to be signalled, and may interrupt the task."""
    return _write([run, token, request.outcome, request.why, must_end]).encode() + b"\n"


def requests(data: bytes) -> Sequence[tuple[int, int, Request, bool]]:
    """(run, token, request, must_end) of each line in `data`."""
    read: list[tuple[int, int, Request, bool]] = []
    for line in data.splitlines():
        match _parsed(line):
            case [int(run), int(token), str(outcome), str(why), bool(must_end)]:
                read.append((run, token, Request(Outcome(outcome), why), must_end))
            case _:
                raise Garbled(repr(line))
    return read


# ── reports: lines, from a child ────────────────────────────────────────────────────────────────────────────────────


def said_line(said: Said) -> bytes:
    """What a child says, as one line."""
    return _write(_fields(said)).encode() + b"\n"


def _fields(said: Said) -> Sequence[object]:
    match said:
        case Ended(run, token, ending, began, ended):
            snooze = None if ending.snooze is None else ending.snooze.total_seconds()
            counts = dict(ending.counts)
            return ["e", run, token, began, ended, ending.outcome, ending.result, counts, ending.error, snooze]
        case Progressed(run, token, done, total):
            return ["p", run, token, done, total]
        case Logged(run, token, lines):
            return ["l", run, token, [[line.at.timestamp(), line.level, line.message] for line in lines]]
        case Ready():
            return ["r"]
        case Leaving():
            return ["q"]
        case Started() | Overrun():
            raise TypeError(f"a child does not say {said!r}; its worker does")


def said(line: bytes) -> Said:
    """What a line says. Raises Garbled."""
    fields = _parsed(line)
    try:
        return _ended(fields) if fields[0] == "e" else _other(fields)
    except (InvalidPolicy, ValueError, OverflowError, OSError):
        # Of the right shape, and still no ending, span or moment.
        raise Garbled(repr(line)) from None


def _other(fields: list[Json]) -> Said:
    match fields:
        case ["p", int(run), int(token), int(done), total]:
            return Progressed(run, token, done, total if isinstance(total, int) else None)
        case ["l", int(run), int(token), list(entries)]:
            return Logged(run, token, tuple(_log_line(entry) for entry in entries))
        case ["r"]:
            return Ready()
        case ["q"]:
            return Leaving()
    raise Garbled(repr(fields))


def _ended(fields: list[Json]) -> Ended:
    if len(fields) == 10:
        _, run, token, began, ended, outcome, result, counts, error, snooze = fields
        if (
            isinstance(run, int)
            and isinstance(token, int)
            and isinstance(began, float)
            and isinstance(ended, float)
            and isinstance(counts, dict)
            and isinstance(error, str)
        ):
            named = _OUTCOMES.get(outcome) if isinstance(outcome, str) else None
            wait = timedelta(seconds=snooze) if isinstance(snooze, float) else None
            numbers = {name: number for name, number in counts.items() if isinstance(number, int)}
            return Ended(run, token, Ending(named, result, numbers, error, wait), began, ended)
    raise Garbled(repr(fields))


def _log_line(entry: object) -> LogLine:
    match entry:
        case [float(at), int(level), str(message)]:
            return LogLine(datetime.fromtimestamp(at, UTC), level, message)
    raise Garbled(repr(entry))


def _parsed(data: bytes) -> list[Json]:
    try:
        parsed: Json = _read(data.decode())
    except ValueError:
        raise Garbled(repr(data)) from None
    if isinstance(parsed, list) and parsed:
        return parsed
    raise Garbled(repr(data))
