"""How is the log written: as text for people, or as one JSON object a line for machines?

In a project that has its own logging, only `write_events()` is needed: events then go to the logger `klokker`, and its
formatters may use the record's `event` (the stable name) and `fields`.
"""

import json
import logging
import traceback
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Literal, TextIO

from klokker.core.json_values import Json
from klokker.core.text import clean, head_and_tail, printable, printable_json, words_of
from klokker.events import Event, Subscription, subscribe
from klokker.logs.wording import said

LOGGER = logging.getLogger("klokker")

LONGEST_FIELD = 2000
"""Bytes of one text among an event's fields; the whole of an error is kept with its run."""


def write_events(*, but: tuple[type[Event], ...] = ()) -> Subscription:
    """From now on write a line for every event, to the logger `klokker`; not for those that the caller tells in its own words."""
    return subscribe(lambda event: None if isinstance(event, but) else _write(event))


def _write(event: Event) -> None:
    line = said(event)
    if LOGGER.isEnabledFor(line.level):
        LOGGER.log(
            line.level,
            "%s",
            clean(line.sentence),
            exc_info=line.error,
            extra={"event": line.name, "fields": event_fields(event)},
        )


def event_fields(event: Event) -> dict[str, Json]:
    """The fields of an event as JSON: moments in ISO 8601, lengths in seconds, exceptions as `Type: message`."""
    return {field.name: _plain(getattr(event, field.name)) for field in fields(event)}


def _plain(value: object) -> Json:
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return head_and_tail(value, LONGEST_FIELD)
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case timedelta():
            return value.total_seconds()
        case tuple():
            return [_plain(item) for item in value]
        case BaseException():
            return head_and_tail(f"{type(value).__name__}: {words_of(value)}", LONGEST_FIELD)
    raise TypeError(f"events hold plain values, got {type(value).__name__}")


Format = Literal["text", "json"]


def configure(
    format: Format = "text", level: int | str = logging.INFO, stream: TextIO | None = None
) -> logging.Handler:
    """Set up a process that has no logging of its own: everything from `level` up to `stream` (stderr), in `format`.

    Called again, it takes the place of what it set up before. The handler it made.
    """
    handler = logging.StreamHandler(stream)
    handler.set_name("klokker")
    handler.setFormatter(JsonLines() if format == "json" else TextLines())
    root = logging.getLogger()
    for other in [each for each in root.handlers if each.get_name() == "klokker"]:
        root.removeHandler(other)
    root.addHandler(handler)
    root.setLevel(level)
    return handler


class TextLines(logging.Formatter):
    """`2026-03-29T01:00:00.123Z INFO    run.started  Run 7 of …`. What follows a first line is indented.

    So no text that a task logs can pass for a line of its own; other control characters are written as escapes.
    """

    def format(self, record: logging.LogRecord) -> str:
        name = getattr(record, "event", record.name)
        whole = "\n".join([f"{_at(record)} {record.levelname:7} {name}  {record.getMessage()}", *_trace(record)])
        return printable(whole).replace("\n", "\n    ")


class JsonLines(logging.Formatter):
    """One JSON object a line: `time`, `level`, `event` or `logger`, `message`, the event's fields, `exception`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Json] = {"time": _at(record), "level": record.levelname}
        if (event := getattr(record, "event", None)) is not None:
            line["event"] = str(event)
        line |= {"logger": record.name, "message": clean(record.getMessage())}
        told = getattr(record, "fields", None)
        if isinstance(told, Mapping):
            line |= told
        for mark in ("run_id", "attempt"):
            if isinstance(value := getattr(record, mark, None), int):
                line.setdefault("run" if mark == "run_id" else mark, value)
        if trace := _trace(record):
            line["exception"] = clean("\n".join(trace))
        return printable_json(json.dumps(line, ensure_ascii=False, default=str))


def _at(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def _trace(record: logging.LogRecord) -> list[str]:
    parts = []
    if record.exc_info and record.exc_info[1] is not None:
        parts.append("".join(traceback.format_exception(record.exc_info[1])).rstrip())
    if record.stack_info:
        parts.append(record.stack_info)
    return parts
