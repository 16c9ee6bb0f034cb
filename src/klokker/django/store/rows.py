"""How does a row of an answer become a typed value? By the fields of a NamedTuple, in the order of the SELECT."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from types import NoneType, UnionType
from typing import NamedTuple, TypeVar, Union, cast, get_args, get_origin, get_type_hints

Row = TypeVar("Row", bound=NamedTuple)

Convert = Callable[[object], object]


@cache
def reader(kind: type[Row], moment: Convert) -> Callable[[Sequence[object]], Row]:
    """A function that makes a `kind` of each row: moments as `moment` reads them, booleans true or false, words of the core as such.

    Fields of other types are taken as they come. Raises ValueError for a word that the core does not know.
    """
    hints = get_type_hints(kind)
    converts: Mapping[int, Convert] = {
        place: convert
        for place, name in enumerate(kind._fields)
        if (convert := _convert(hints[name], moment)) is not None
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


def _convert(hint: object, moment: Convert) -> Convert | None:
    """What makes a value of this type of what the driver returned; None: nothing is to be done."""
    if get_origin(hint) in (Union, UnionType):
        (hint,) = (each for each in get_args(hint) if each is not NoneType)
    if hint is datetime:
        return moment
    if isinstance(hint, type) and (hint is bool or hasattr(hint, "__members__")):
        return cast(Convert, hint)
    return None
