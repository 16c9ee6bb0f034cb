"""How named values are taken out of a table (TOML, JSON, keyword arguments), with every fault collected.

Policies and definitions arrive from people: a refusal that names one fault at a time costs them a round per fault.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from typing import TypeVar

from klokker.core.duration import MalformedDuration, duration
from klokker.core.errors import KlokkerError
from klokker.core.spelling import did_you_mean

T = TypeVar("T")


class Unfit(ValueError):
    """A value that does not fit its field; the text says what would. Caught by Fields, which knows the field's name."""


class Fields:
    """A table being read: each field is taken once; a fault is noted beside its name, and reading goes on with the default.

    `faults` maps field names to what is wrong with them, unknown fields included.
    """

    def __init__(self, table: Mapping[str, object], known: Collection[str]) -> None:
        self._table = table
        self.faults: dict[str, str] = {}
        for name in table:
            if name not in known:
                meant = did_you_mean(str(name), known) or f"; known are {', '.join(sorted(known))}"
                self.faults[str(name)] = f"is unknown{meant}"

    def __contains__(self, name: str) -> bool:
        return name in self._table

    def take(self, name: str, read: Callable[[object], T], default: T) -> T:
        """The field as `read` makes it, or `default` where it is absent or unfit (a fault is noted)."""
        if name not in self._table:
            return default
        try:
            return read(self._table[name])
        except Unfit as unfit:
            self.faults[name] = str(unfit)
        except KlokkerError as refused:
            self.faults[name] = f"is wrong: {refused}"
        return default

    def need(self, name: str, read: Callable[[object], T], default: T) -> T:
        """As `take`, but absence is a fault."""
        if name not in self._table:
            self.faults[name] = "is missing"
        return self.take(name, read, default)


def shown(value: object) -> str:
    """The value as a person wrote it, cut so that a message stays readable."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:56]}…{text[-1]}"


LONGEST_TEXT = 65_536
"""Characters of any text: it is kept anew with every revision, and read with every list."""


def text(value: object) -> str:
    """A text, not longer than any person writes. Raises Unfit."""
    if not isinstance(value, str):
        raise Unfit(f"must be a text, got {shown(value)}")
    if len(value) > LONGEST_TEXT:
        raise Unfit(f"must have at most {LONGEST_TEXT:,} characters, got {len(value):,}")
    return value


LONGEST_NAME = 200
"""Characters of a name: of a schedule, a task, a lane, a node, a source."""


def printable_name(value: object) -> str:
    """A name: some characters in one line that can be seen, and not too many. Raises Unfit."""
    name = text(value)
    if not name or name != name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise Unfit(f"must be 1 to {LONGEST_NAME} printable characters without blanks around, got {shown(name)}")
    return name


def whole(value: object) -> int:
    """A whole number; true and false are none. Raises Unfit."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise Unfit(f"must be a whole number, got {shown(value)}")
    return value


def number(value: object) -> float:
    """A number. Raises Unfit."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise Unfit(f"must be a number, got {shown(value)}")
    return float(value)


def yes_or_no(value: object) -> bool:
    """True or false. Raises Unfit."""
    if not isinstance(value, bool):
        raise Unfit(f"must be true or false, got {shown(value)}")
    return value


def table(value: object) -> Mapping[str, object]:
    """A table whose keys are texts. Raises Unfit."""
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise Unfit(f"must be a table of names and values, got {shown(value)}")
    return value


LONGEST = timedelta(days=366_000)
"""A thousand years and a little: longer is a slip of the pen, and would not fit into the calendar."""


def length(value: object) -> timedelta:
    """A span of time such as "90s", "1h30m" or "250ms"; a timedelta passes. Raises Unfit."""
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        raise Unfit(f"must be a span of time such as 90s, 15m or 2d, got {shown(value)}")
    try:
        return duration(value)
    except MalformedDuration as malformed:
        raise Unfit(f"is wrong: {malformed}") from None
