"""What do the names mean that a schedule mentions? Calendars by their texts, places by their coordinates.

A definition carries the text of each calendar and place that it names, as it was when the revision was made. So what was
decided can be computed anew from the revisions alone, and an edit of a calendar is an edit of the schedules that name it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Known:
    """What names stand for here and now: the texts of calendars, and of places (`52.37,4.90`)."""

    calendars: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)


NOTHING = Known()
"""No names are known."""

Pairs = tuple[tuple[str, str], ...]


class Named(NamedTuple):
    """Some names with their texts, in a form that can be a key."""

    calendars: Pairs
    places: Pairs


class Noted(Mapping[str, str]):
    """A table that notes what is looked up in it. `named`: each name that was found, with its text."""

    def __init__(self, table: Mapping[str, str]) -> None:
        self._table = table
        self.named: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        text = self._table[name]
        self.named[name] = text
        return text

    def __contains__(self, name: object) -> bool:
        return name in self._table

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)
