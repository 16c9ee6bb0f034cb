"""Schedules declared in a TOML file: what stands in it, read whole or refused whole.

source = "shop"                  # who declares; by default the file's name without its ending

[calendars]                      # calendars that schedules may name, here and elsewhere
nl-holidays = "holidays NL"
office = { file = "office.ics", description = "when somebody is there" }

[defaults]                       # fields that all schedules here share
zone = "Europe/Amsterdam"

[schedules.clean-up]             # the name; any field of a definition below it
task = "shop.clean_up"
when = "0 3 * * *"
args = [30]
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from klokker.core.definition import Definition, InvalidDefinition
from klokker.core.errors import InvalidTimetable, KlokkerError, TimetableError
from klokker.core.fields import Unfit, printable_name, text
from klokker.core.known import NOTHING, Known
from klokker.core.spelling import did_you_mean
from klokker.core.text import clean
from klokker.core.timetables.text import timetable
from klokker.moving.calendar_file import read_calendar_file
from klokker.moving.toml import read_toml
from klokker.operations.asking import InvalidRequest
from klokker.operations.calendar import refuse_calendar

TOP = ("source", "calendars", "defaults", "schedules")
KNOWN = f"; known are {', '.join(TOP)}"


class InvalidFile(KlokkerError):
    """A file of schedules is refused. `faults`: where in it (`schedules.NAME.when`) → what is wrong there. Nothing was changed."""

    def __init__(self, file: Path, faults: Mapping[str, str]) -> None:
        self.file = file
        self.faults = dict(faults)
        lines = "".join(f"\n  {where}: {fault}" if where else f"\n  {fault}" for where, fault in self.faults.items())
        super().__init__(f"{file} is refused, and nothing was changed:{lines}")


class NoSuchFile(KlokkerError):
    """There is no such file."""

    def __init__(self, file: Path) -> None:
        self.file = file
        super().__init__(f"there is no file {file}")


@dataclass(frozen=True, slots=True)
class DeclaredCalendar:
    """A calendar that a file declares."""

    name: str
    text: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Declared:
    """What a file declares, in its order. `source` marks the schedules and calendars as its own."""

    source: str
    definitions: tuple[Definition, ...]
    calendars: tuple[DeclaredCalendar, ...] = ()


def read_file(file: Path, known: Known = NOTHING) -> Declared:
    """The schedules and calendars that `file` declares. Raises NoSuchFile, or InvalidFile with every fault at once.

    `known`: what names stand for beside the calendars of the file itself.
    """
    try:
        content = read_toml(file)
    except FileNotFoundError:
        raise NoSuchFile(file) from None
    except OSError as error:
        raise InvalidFile(file, {"": error.strerror or str(error)}) from error
    except ValueError as error:
        raise InvalidFile(file, {"": str(error)}) from error
    return _read(file, content, known)


def _read(file: Path, content: Mapping[str, object], known: Known) -> Declared:
    faults = {key: f"has no meaning here{did_you_mean(key, TOP) or KNOWN}" for key in content.keys() - set(TOP)}
    source = content.get("source", file.stem)
    try:
        printable_name(source)
    except Unfit as unfit:
        faults["source"] = str(unfit)
    defaults = _table(content, "defaults", faults)
    schedules = _table(content, "schedules", faults)
    for key in {"name", "declared_in"} & defaults.keys():
        faults[f"defaults.{key}"] = "belongs to one schedule, not to all"
    if "schedules" not in content and not faults:
        faults["schedules"] = (
            "is missing: without it, all schedules of this source would be retired; if so, write [schedules]"
        )
    calendars = _calendars(file, _table(content, "calendars", faults), faults)
    known = Known({**known.calendars, **{each.name: each.text for each in calendars}}, known.places)
    # One that cannot be read is a fault of its own, and not of each schedule that names it.
    unreadable = {name for name in _table(content, "calendars", {}) if name not in known.calendars}
    definitions: dict[str, Definition] = {}
    for name, fields in schedules.items():
        if not isinstance(fields, Mapping):
            faults[f"schedules.{name}"] = f"must be a table of fields, got {fields!r}"
            continue
        if clash := {"name", "declared_in"} & fields.keys():
            faults |= {
                f"schedules.{name}.{key}": "is not written here: the table's name is the schedule's" for key in clash
            }
            continue
        try:
            definition = Definition.read({**defaults, **fields, "name": name, "declared_in": source}, known)
        except InvalidDefinition as refused:
            if unreadable and refused.faults.keys() <= {"when", "closed"} and _names_one_of(unreadable, refused):
                continue
            faults |= {f"schedules.{name}.{field}": fault for field, fault in refused.faults.items()}
            if "when" in refused.faults:
                faults[f"schedules.{name}.when"] += _pointed(fields.get("when", defaults.get("when")), known)
            continue
        if (other := definitions.get(name.casefold())) is not None:
            faults[f"schedules.{name}"] = f"differs from {other.name!r} only in case; names are one whatever their case"
        definitions[name.casefold()] = definition
    if faults:
        raise InvalidFile(file, faults)
    return Declared(str(source), tuple(definitions.values()), tuple(calendars))


def _calendars(file: Path, declared: Mapping[str, object], faults: dict[str, str]) -> list[DeclaredCalendar]:
    """The calendars that can be read; what is wrong with the others is added to `faults`."""
    found: list[DeclaredCalendar] = []
    for name, value in declared.items():
        where = f"calendars.{name}"
        fields = {"text": value} if isinstance(value, str) else value
        if not isinstance(fields, Mapping):
            faults[where] = f'must be a text, or a table such as {{ file = "holidays.ics" }}, got {value!r}'
            continue
        for key in fields.keys() - set(OF_A_CALENDAR):
            meant = did_you_mean(key, OF_A_CALENDAR) or f"; known are {', '.join(OF_A_CALENDAR)}"
            faults[f"{where}.{key}"] = f"has no meaning here{meant}"
        if ("text" in fields) is ("file" in fields):
            faults[where] = "needs a text or a file, one of them"
            continue
        try:
            written = text(fields["text"]) if "text" in fields else _beside(file, fields["file"])
            # As it comes back from the store, so that it is not edited again with each sync.
            description = clean(text(fields.get("description", "")))
            refuse_calendar(name, written)
        except InvalidRequest as refused:
            faults |= {
                where if field == "name" else f"{where}.{field}": fault for field, fault in refused.faults.items()
            }
        except InvalidTimetable as refused:
            faults[where] = "\n    ".join([str(refused), *refused.pointed().splitlines()])
        except (Unfit, OSError) as unfit:
            faults[where] = (unfit.strerror if isinstance(unfit, OSError) else None) or str(unfit)
        else:
            found.append(DeclaredCalendar(name, written, description))
    return found


OF_A_CALENDAR = ("text", "file", "description")


def _beside(file: Path, name: object) -> str:
    """The text of a file that lies where `file` does, or that is named from its folder. Raises Unfit, OSError."""
    with (file.parent / text(name)).open("rb") as stored:
        try:
            return read_calendar_file(stored)
        except ValueError as unreadable:
            raise Unfit(f"{name}: {unreadable}") from None


def _names_one_of(names: Collection[str], refused: InvalidDefinition) -> bool:
    """Is all that is wrong with the schedule that it names one of these?"""
    return all(any(f"calendar {name!r}" in fault for name in names) for fault in refused.faults.values())


def _pointed(when: object, known: Known) -> str:
    """Where in the text of a timetable its fault stands, shown below it."""
    try:
        timetable(when, key="any", calendars=known.calendars, places=known.places)  # type: ignore[arg-type] # whatever stands there
    except InvalidTimetable as refused:
        return "".join(f"\n    {line}" for line in refused.pointed().splitlines())
    except TimetableError:
        pass
    return ""


def _table(content: Mapping[str, object], key: str, faults: dict[str, str]) -> Mapping[str, object]:
    value = content.get(key, {})
    if isinstance(value, Mapping):
        return value
    faults[key] = f"must be a table, got {value!r}"
    return {}
