"""How does a row of an answer become a typed value? By the fields of a NamedTuple, in the order of the SELECT."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import NamedTuple, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from klokker.core.errors import KlokkerError
from klokker.core.fields import shown

Row = TypeVar("Row", bound=NamedTuple)

Convert = Callable[[object], object]


class UnreadableRow(KlokkerError, ValueError):
    """A stored row has a word that is none of ours: `field` is `value`, and must be one of `words`."""

    def __init__(self, field: str, value: object, words: Sequence[str]) -> None:
        self.field, self.value, self.words = field, value, tuple(words)
        super().__init__(
            f"a row as it is stored cannot be read: {field} must be {' or '.join(words)}, got {shown(value)}; "
            "look at who wrote to the table, and set it right there"
        )


@cache
def reader(kind: type[Row], moment: Convert) -> Callable[[Sequence[object]], Row]:
    """A function that makes a `kind` of each row: moments as `moment` reads them, booleans true or false, words of the core as such.

    Fields of other types are taken as they come. Raises UnreadableRow for a word that the core does not know.
    """
    hints = get_type_hints(kind)
    converts: Mapping[int, Convert] = {
        place: convert
        for place, name in enumerate(kind._fields)
        if (convert := _convert(name, hints[name], moment)) is not None
    }
    make = cast(Callable[[Sequence[object]], Row], kind._make)
    if not converts:
        return make

    def read(row: Sequence[object]) -> Row:
        values = list(row)
        for place, convert in converts.items():
            value = values[place]
            if value is not None:
                values[place] = convert(value)
        return make(values)

    return read


def _convert(name: str, hint: object, moment: Convert) -> Convert | None:
    """What makes a value of this type of what the driver returned; None: nothing is to be done."""
    if get_origin(hint) in (Union, UnionType):
        (hint,) = (each for each in get_args(hint) if each is not NoneType)
    if hint is datetime:
        return moment
    if hint is bool:
        return bool
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return _word(name, hint)
    return None


def _word(field: str, words: type[StrEnum]) -> Convert:
    def read(value: object) -> StrEnum:
        try:
            return words(str(value))
        except ValueError:
            raise UnreadableRow(field, value, list(words)) from None

    return read
