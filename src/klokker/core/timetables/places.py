"""Where on Earth is a place?

A text names a place by its coordinates, `52.37,4.90`, or by a name that stands for some.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from klokker.core.spelling import did_you_mean
from klokker.core.timetables.reading import Reading

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
"""What a place or a calendar may be called."""
_COORDINATES = re.compile(r"\s*([+-]?[0-9]{1,3}(?:\.[0-9]{1,12})?)\s*,\s*([+-]?[0-9]{1,3}(?:\.[0-9]{1,12})?)\s*")


@dataclass(frozen=True, slots=True)
class Place:
    """Degrees north of the equator and east of Greenwich, to the tenth of a metre; south and west are negative."""

    latitude: float
    longitude: float

    def __post_init__(self) -> None:
        if not -90 <= self.latitude <= 90 or not -180 <= self.longitude <= 180:
            written = f"{self.latitude},{self.longitude}"
            raise ValueError(f"latitudes go from -90 to 90, longitudes from -180 to 180, got {written}")
        object.__setattr__(self, "latitude", round(self.latitude, 6))
        object.__setattr__(self, "longitude", round(self.longitude, 6))

    def __str__(self) -> str:
        return f"{_written(self.latitude)},{_written(self.longitude)}"


def read_place(reading: Reading, value: str, position: int) -> tuple[str, Place]:
    """The place that stands at this position: in one word, and where it is. Raises InvalidTimetable."""
    if not value:
        expected = "write where: `at 52.37,4.90`, or `at` and the name of a place"
        reading.refuse(expected, field="place", value=value, position=position)
    try:
        if (place := coordinates(value)) is not None:
            return str(place), place
        known = reading.places or {}
        if value in known:
            return value, _place(known[value])
    except ValueError as error:
        reading.refuse(str(error), field="place", value=value, position=position)
    return reading.refuse(_expected(value, known), field="place", value=value, position=position)


def _place(value: object) -> Place:
    """What stands behind a name: a Place, its coordinates as a text, or a pair of numbers."""
    if isinstance(value, Place):
        return value
    if isinstance(value, str) and (place := coordinates(value)) is not None:
        return place
    if isinstance(value, tuple | list) and len(value) == 2 and all(type(number) in (int, float) for number in value):
        return Place(float(value[0]), float(value[1]))
    raise ValueError(f"this name stands for {value!r}, which is no place: give it a text such as 52.37,4.90")


def coordinates(text: str) -> Place | None:
    """The place that `52.37,4.90` means; None for what is no pair of numbers. Raises ValueError for one that is not on Earth."""
    match = _COORDINATES.fullmatch(text)
    return None if match is None else Place(float(match[1]), float(match[2]))


def _expected(value: str, known: Mapping[str, object]) -> str:
    if not known:
        return "no places are known by name (KLOKKER_PLACES names some): write coordinates, such as 52.37,4.90"
    return f"write coordinates, such as 52.37,4.90, or one of {', '.join(sorted(known))}{did_you_mean(value, known)}"


def _written(degrees: float) -> str:
    return f"{degrees:.6f}".rstrip("0").rstrip(".")
