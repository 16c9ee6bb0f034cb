"""What of a task's return value can be kept: strict JSON under a cap, or else an explanation in its place.

A task that did its work has succeeded, whatever it returns: a value that cannot be stored changes no outcome.
"""

import json
import math
from dataclasses import dataclass

from klokker.core.errors import KlokkerError
from klokker.core.json_values import Json
from klokker.core.text import CAP, clean

DEEPEST = 64
"""Lists and objects within one another; databases and browsers have limits of their own not far beyond."""

LONGEST_INTEGER = 1024
"""Bits; a longer one is read by few JSON parsers, and Python itself refuses to read 4 300 digits."""


@dataclass(frozen=True, slots=True)
class Result:
    """`json` is what is stored. `fault` is None, or why that is not what the task returned.

    With a fault, `json` is `{"not stored": fault}`.
    """

    json: Json
    fault: str | None = None


def as_result(returned: object, cap: int = CAP) -> Result:
    """The result that `returned` makes: itself as strict JSON, or why not. Never raises for values of Python's own types."""
    try:
        return Result(strict_json(returned, cap))
    except NotJson as unfit:
        fault = f"The returned value{unfit.at and f' at {unfit.at}'} {unfit.why}."
        return Result({"not stored": fault}, fault)


def strict_json(value: object, cap: int = CAP) -> Json:
    """`value` as JSON that every database stores: tuples become lists, text is cleaned, enum members give their values.

    Taken: None, booleans, integers, finite floats, text, lists, tuples, and dicts whose keys are text, in at most `cap`
    bytes of JSON in UTF-8. Raises NotJson for anything else.
    """
    plain = _Reader(cap).read(value, at="", depth=0)
    size = len(json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode())
    if size > cap:
        raise NotJson("", f"takes {size:,} bytes as JSON, and at most {cap:,} are kept; {_SHORTER}")
    return plain


_SHORTER = "make it shorter, or keep it elsewhere and say where"


class NotJson(KlokkerError):
    """A value cannot be kept as JSON. `at`: where in the value, as in `['rows'][3]`, empty for all of it; `why`: what is wrong."""

    def __init__(self, at: str, why: str) -> None:
        self.at, self.why = at, why
        super().__init__(f"The value{at and f' at {at}'} {why}.")


class _Reader:
    """Reads one value, and stops as soon as its JSON must be longer than the cap.

    Without that stop, a short list that holds itself many times over would be walked until memory runs out.
    """

    def __init__(self, cap: int) -> None:
        self.cap = cap
        self.least = 0

    def read(self, value: object, at: str, depth: int) -> Json:
        self.spend(1)
        match value:
            case None | bool():
                return value
            case int():
                return self.integer(value, at)
            case float():
                if not math.isfinite(value):
                    raise NotJson(
                        at, f"is {float.__repr__(value)}, which JSON cannot say; write None or text in its place"
                    )
                return float.__float__(value)
            case str():
                self.spend(len(value))
                return clean(value)
            case list() | tuple():
                self.refuse_deep(at, depth)
                return [self.read(item, f"{at}[{place}]", depth + 1) for place, item in enumerate(value)]
            case dict():
                self.refuse_deep(at, depth)
                read: dict[str, Json] = {}
                for key, item in value.items():
                    name = self.key(key, at)
                    read[name] = self.read(item, f"{at}[{name[:40]!r}]", depth + 1)
                return read
        raise NotJson(at, f"is of type {_named(value)}, which JSON cannot say; write text, numbers, lists and dicts")

    def integer(self, value: int, at: str) -> int:
        plain = int.__int__(value)
        if plain.bit_length() > LONGEST_INTEGER:
            raise NotJson(at, f"is an integer of over {LONGEST_INTEGER} bits; write it as text")
        return plain

    def key(self, key: object, at: str) -> str:
        if not isinstance(key, str):
            raise NotJson(at, f"has a key of type {_named(key)}; keys of JSON are text")
        self.spend(len(key))
        return clean(key)

    def refuse_deep(self, at: str, depth: int) -> None:
        if depth >= DEEPEST:
            raise NotJson(at[:80] + "…", f"is nested more than {DEEPEST} deep, or holds itself; make it flatter")

    def spend(self, characters: int) -> None:
        self.least += characters
        if self.least > self.cap:
            raise NotJson("", f"takes over {self.cap:,} bytes as JSON, the most that is kept; {_SHORTER}")


def _named(value: object) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
