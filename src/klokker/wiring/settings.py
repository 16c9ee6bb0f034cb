"""Every setting of the engine, where it comes from, and what it may be.

From strongest to weakest: the environment (`KLOKKER_NODE=a`), what is handed in (a host project's
`settings.KLOKKER = {"node": "a"}`, the service's file), the default. docs/settings.md lists them all.
"""

import os
import re
import socket
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from klokker.core.duration import duration
from klokker.core.errors import InvalidPolicy, KlokkerError
from klokker.core.lease import Lease
from klokker.core.spelling import did_you_mean
from klokker.core.timetables.places import Place, coordinates
from klokker.core.timetables.zones import wall_clock

PREFIX = "KLOKKER_"

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


class InvalidSettings(KlokkerError):
    """Settings are wrong. `faults`: where it stands (KLOKKER_NODE, or the file's key) → what is wrong and what would be right."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        self.faults = dict(faults)
        super().__init__("\n".join(f"{where}: {fault}" for where, fault in self.faults.items()))


def _span(value: object) -> object:
    """`90s`, `10m`; a bare number is seconds, fractions allowed."""
    if isinstance(value, timedelta):
        return value
    written = str(value)
    try:
        return duration(f"{written}s" if written.replace(".", "", 1).isdecimal() else written)
    except KlokkerError as error:
        raise ValueError(str(error)) from None


def _names(value: object) -> object:
    """`a,b` → ["a", "b"]."""
    return [name.strip() for name in value.split(",") if name.strip()] if isinstance(value, str) else value


def read_lanes(value: object) -> object:
    """`heavy:2,default:8` → {"heavy": 2, "default": 8}: how many runs of each lane this process takes at once."""
    if not isinstance(value, str):
        return value
    lanes: dict[str, int] = {}
    for part in value.split(","):
        name, colon, slots = (piece.strip() for piece in part.partition(":"))
        if not NAME.fullmatch(name) or (colon and not (slots.isdecimal() and int(slots) >= 1)):
            raise ValueError(f"{part.strip()!r} is not LANE:SLOTS; write for example heavy:2,default:8")
        if name in lanes:
            raise ValueError(f"lane {name!r} stands there twice")
        lanes[name] = int(slots) if colon else 1
    return lanes


def read_places(value: object) -> object:
    """`amsterdam:52.37,4.90;oslo:59.91,10.75`, or a table of names → {"amsterdam": "52.37,4.9", …}."""
    if isinstance(value, str):
        parts = [part.partition(":") for part in value.split(";") if part.strip()]
        if bare := [name.strip() for name, colon, _ in parts if not colon]:
            raise ValueError(
                f"{bare[0]!r} is not NAME:LATITUDE,LONGITUDE; write for example amsterdam:52.37,4.90;oslo:59.91,10.75"
            )
        written: list[tuple[object, object]] = [(name.strip(), where.strip()) for name, _, where in parts]
    elif isinstance(value, Mapping):
        written = list(value.items())
    else:
        raise ValueError(f"must be a table of names and coordinates, got {value!r}")
    places: dict[str, str] = {}
    for name, where in written:
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise ValueError(f"{name!r} cannot be named in a timetable: letters, digits, dot, dash and underscore only")
        if name in places:
            raise ValueError(f"place {name!r} stands there twice")
        place = _whereabouts(name, where)
        places[name] = str(place)
    return places


def _whereabouts(name: str, where: object) -> Place:
    try:
        if isinstance(where, str) and (place := coordinates(where)) is not None:
            return place
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    raise ValueError(f"{name}: {where!r} is no pair of coordinates; write latitude and longitude, such as 52.37,4.90")


Span = Annotated[timedelta, BeforeValidator(_span)]
Names = Annotated[list[str], NoDecode, BeforeValidator(_names)]
Lanes = Annotated[dict[str, int], NoDecode, BeforeValidator(read_lanes)]
Places = Annotated[dict[str, str], NoDecode, BeforeValidator(read_places)]


class Settings(BaseSettings):
    """What one process of Klokker is told."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, validate_default=False)

    node: str = Field(default_factory=socket.gethostname, description="The node that this process belongs to.")
    tasks: Names = Field(
        default=[], description="Further modules in which tasks are found: `shop.chores,shop.reports`."
    )
    lanes: Lanes = Field(
        default={"default": 4}, description="Runs at once in this process, per lane: `heavy:2,default:8`."
    )
    executor: Literal["processes", "threads", "inline"] = Field(
        default="processes", description="Where a task runs that does not say it itself."
    )
    zone: str = Field(default="UTC", description="On whose clocks calendars that name no zone are shown.")
    places: Places = Field(
        default={}, description="Places that timetables may name: `amsterdam:52.37,4.90;oslo:59.91,10.75`."
    )
    poll: Span = Field(
        default=timedelta(seconds=5), description="The longest wait between two looks; wake-ups shorten it."
    )
    lease: Span = Field(default=timedelta(seconds=30), description="How long a claim holds without a sign of life.")
    renew: Span = Field(default=timedelta(seconds=10), description="How often leases are renewed.")
    child_term: Span = Field(
        default=timedelta(seconds=20), description="How long a child goes on when its parent gives no sign of life."
    )
    drain: Span = Field(default=timedelta(seconds=30), description="How long a stop waits for running tasks.")
    rescue_every: Span = Field(default=timedelta(seconds=10), description="How often expired leases are looked for.")
    prune_every: Span = Field(default=timedelta(minutes=1), description="How often old runs are looked for.")
    log_format: Literal["text", "json"] = Field(
        default="text", description="Log lines for people, or one JSON object each."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="The lowest level logged."
    )

    @model_validator(mode="after")
    def _agree(self) -> Self:
        faults: dict[str, str] = {}
        if not NAME.fullmatch(self.node):
            faults["node"] = f"{self.node!r} may hold letters, digits, dot, dash and underscore only"
        if not timedelta(0) < self.renew < self.child_term < self.lease:
            faults["lease"] = (
                "renew, child_term and lease must grow in this order, or a healthy process loses its claims"
            )
        else:
            try:
                Lease(self.lease, self.renew, self.child_term)
            except InvalidPolicy as refused:
                faults["lease"] = "; ".join(f"its {field} {fault}" for field, fault in refused.faults.items())
        for name in ("poll", "rescue_every", "prune_every"):
            if getattr(self, name) <= timedelta(0):
                faults[name] = "must be positive"
        try:
            wall_clock(self.zone)
        except KlokkerError as error:
            faults["zone"] = str(error)
        if faults:
            raise PydanticCustomError("disagree", "settings disagree", {"faults": faults})
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment first, then what was handed in."""
        del settings_cls, dotenv_settings, file_secret_settings
        return env_settings, init_settings

    @classmethod
    def read(cls, given: Mapping[str, Any], *, elsewhere: Iterable[str] = ()) -> Self:
        """The settings of `given`, overruled by the environment. Raises InvalidSettings with every fault at once.

        `elsewhere`: names of KLOKKER_ variables that others read, so that they are not taken for slips.
        """
        faults = unknown_variables({*cls.model_fields, *elsewhere})
        for name in given.keys() - cls.model_fields.keys():
            faults[name] = f"there is no such setting{did_you_mean(name, cls.model_fields)}"
        try:
            settings = cls(**{name: value for name, value in given.items() if name in cls.model_fields})
        except ValidationError as error:
            raise InvalidSettings(faults | _faults(error)) from error
        if faults:
            raise InvalidSettings(faults)
        return settings

    def but(self, **said: object) -> Self:
        """These settings, but for what a command line said; that overrules the environment too. Raises InvalidSettings."""
        settings = type(self).__new__(type(self))
        try:
            # As a plain model is made: settings of their own accord would read the environment again, and obey it.
            BaseModel.__init__(settings, **{**self.model_dump(), **said})
        except ValidationError as error:
            raise InvalidSettings(_faults(error)) from error
        return settings


def _faults(error: ValidationError) -> dict[str, str]:
    """Each setting that is wrong, by the variable it stands in, or by its name."""
    faults: dict[str, str] = {}
    for fault in error.errors():
        if fault["type"] == "disagree":
            faults |= fault["ctx"]["faults"]
        elif fault["type"] == "literal_error":
            faults[str(fault["loc"][0])] = f"must be {fault['ctx']['expected']}, got {fault['input']!r}"
        else:
            faults[str(fault["loc"][0])] = fault["msg"].removeprefix("Value error, ")
    return {_place(name): fault for name, fault in faults.items()}


def _place(name: str) -> str:
    """Where a setting was written: its variable in the environment, where that is set; else its name."""
    variable = f"{PREFIX}{name.upper()}"
    return variable if variable in os.environ else name


READ_ELSEWHERE = ("home", "settings", "database", "debug")
"""Variables that are no settings of a process: where its data, its file and its database are, and how a command speaks."""


def unknown_variables(known: set[str]) -> dict[str, str]:
    """KLOKKER_ variables in the environment that nothing reads, each with what was probably meant."""
    names = {*known, *READ_ELSEWHERE}
    return {
        variable: f"there is no such setting{did_you_mean(variable.removeprefix(PREFIX).lower(), names)}"
        for variable in sorted(os.environ)
        if variable.startswith(PREFIX)
        and variable.removeprefix(PREFIX).lower() not in names
        and not variable.startswith(f"{PREFIX}TEST_")
    }
