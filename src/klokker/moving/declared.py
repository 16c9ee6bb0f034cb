"""Schedules declared in a TOML file: what stands in it, read whole or refused whole.

source = "shop"                  # who declares; by default the file's name without its ending

[defaults]                       # fields that all schedules here share
zone = "Europe/Amsterdam"

[schedules.clean-up]             # the name; any field of a definition below it
task = "shop.clean_up"
when = "0 3 * * *"
args = [30]
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from klokker.core.definition import Definition, InvalidDefinition
from klokker.core.errors import InvalidTimetable, KlokkerError, TimetableError
from klokker.core.fields import Unfit, printable_name
from klokker.core.spelling import did_you_mean
from klokker.core.timetables.text import timetable
from klokker.moving.toml import read_toml

TOP = ("source", "defaults", "schedules")
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
class Declared:
    """What a file declares, in its order. `source` marks the schedules as its own."""

    source: str
    definitions: tuple[Definition, ...]


def read_file(file: Path) -> Declared:
    """The schedules that `file` declares. Raises NoSuchFile, or InvalidFile with every fault at once."""
    try:
        content = read_toml(file)
    except FileNotFoundError:
        raise NoSuchFile(file) from None
    except OSError as error:
        raise InvalidFile(file, {"": error.strerror or str(error)}) from error
    except ValueError as error:
        raise InvalidFile(file, {"": str(error)}) from error
    return _read(file, content)


def _read(file: Path, content: Mapping[str, object]) -> Declared:
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
            definition = Definition.read({**defaults, **fields, "name": name, "declared_in": source})
        except InvalidDefinition as refused:
            faults |= {f"schedules.{name}.{field}": fault for field, fault in refused.faults.items()}
            if "when" in refused.faults:
                faults[f"schedules.{name}.when"] += _pointed(fields.get("when", defaults.get("when")))
            continue
        if (other := definitions.get(name.casefold())) is not None:
            faults[f"schedules.{name}"] = f"differs from {other.name!r} only in case; names are one whatever their case"
        definitions[name.casefold()] = definition
    if faults:
        raise InvalidFile(file, faults)
    return Declared(str(source), tuple(definitions.values()))


def _pointed(when: object) -> str:
    """Where in the text of a timetable its fault stands, shown below it."""
    try:
        timetable(when, key="any")  # type: ignore[arg-type] # whatever stands there
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
