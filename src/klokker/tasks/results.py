"""What may a task answer? Counts, a wish for later, its own cancellation; anything else is its result, as JSON."""

import operator
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import SupportsIndex, TypeAlias

from klokker.core.errors import KlokkerError
from klokker.core.result import Result, as_result
from klokker.core.text import head_and_tail

LONGEST_SNOOZE = timedelta(days=3660)
MOST_COUNTS = 100
LARGEST_COUNT = 2**63 - 1


class InvalidResult(KlokkerError):
    """Counts, Snooze or Cancel was made of values that it cannot hold. `faults`: name → what is wrong."""

    def __init__(self, made: str, faults: Mapping[str, str]) -> None:
        self.made = made
        self.faults = dict(faults)
        super().__init__(f"{made} " + "; ".join(f"{name} {fault}" for name, fault in self.faults.items()))


class Counts(Mapping[str, int]):
    """Succeeded, and this is how much was done: `Counts(found=1204, deleted=1204)`. At most 100 named integers.

    Kept apart from results, so that they can be added up over runs and drawn. `Counts + Counts` adds name by name, for
    work done in batches.
    """

    __slots__ = ("_numbers",)
    _numbers: dict[str, int]

    def __init__(self, /, **numbers: SupportsIndex) -> None:
        faults = {name: fault for name, number in numbers.items() if (fault := _count_fault(number))}
        if len(numbers) > MOST_COUNTS:
            faults["names"] = f"must be at most {MOST_COUNTS}, got {len(numbers)}"
        if faults:
            raise InvalidResult("Counts", faults)
        self._numbers = {name: operator.index(number) for name, number in numbers.items()}

    def __getitem__(self, name: str) -> int:
        return self._numbers[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    def __add__(self, other: object) -> "Counts":
        if not isinstance(other, Counts):
            return NotImplemented
        return Counts(**{name: self.get(name, 0) + other.get(name, 0) for name in (*self, *other)})

    def __hash__(self) -> int:
        return hash(frozenset(self._numbers.items()))

    def __repr__(self) -> str:
        return f"Counts({', '.join(f'{name}={number}' for name, number in self._numbers.items())})"


def _count_fault(number: object) -> str | None:
    if isinstance(number, bool) or not isinstance(number, SupportsIndex):
        return f"must be an integer, got {number!r}"
    if abs(operator.index(number)) > LARGEST_COUNT:
        return "must fit in 64 bits"
    return None


@dataclass(frozen=True, slots=True, init=False)
class Snooze:
    """Not now: the run goes back and begins again after `wait` (a timedelta, or seconds). It costs no attempt."""

    wait: timedelta

    def __init__(self, wait: timedelta | float) -> None:
        try:
            span = wait if isinstance(wait, timedelta) else timedelta(seconds=wait)
        except (TypeError, ValueError) as error:
            raise InvalidResult("Snooze", {"wait": f"must be a timedelta or seconds, got {wait!r}"}) from error
        except OverflowError:
            span = timedelta.max
        if not timedelta(0) < span <= LONGEST_SNOOZE:
            raise InvalidResult("Snooze", {"wait": f"must be positive and at most ten years, got {span}"})
        object.__setattr__(self, "wait", span)


@dataclass(frozen=True, slots=True)
class Cancel:
    """The task cancels its own run: there was nothing to do, or it must not be done. The outcome is cancelled."""

    reason: str

    def __post_init__(self) -> None:
        given: object = self.reason
        if not isinstance(given, str) or not given.strip():
            raise InvalidResult("Cancel", {"reason": f"must say why, got {self.reason!r}"})
        object.__setattr__(self, "reason", head_and_tail(self.reason))


Answer: TypeAlias = Counts | Snooze | Cancel | Result


def answer(returned: object) -> Answer:
    """What a task's return value means. Every answer is frozen, and made of plain values that survive pickling."""
    if isinstance(returned, Counts | Snooze | Cancel):
        return returned
    return as_result(returned)
