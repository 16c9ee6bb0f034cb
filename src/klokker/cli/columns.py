"""How do columns share a terminal's width? What a row is about stays whole; what can be looked up elsewhere makes room for it."""

from collections.abc import Sequence
from dataclasses import dataclass

GAP = 2
"""Blanks between two columns."""

LEAST_CUT = 12
"""So much of a text that is cut off still says something."""

LEAST = 4


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its heading, and whether it holds numbers (right-aligned).

    On narrow terminals: `cut` ones are cut off, `wrap` ones go on below, `spare` ones are left out.
    """

    heading: str
    number: bool = False
    cut: bool = False
    wrap: bool = False
    spare: bool = False

    @property
    def least(self) -> int:
        """How narrow it may become before others have to go."""
        return max(LEAST_CUT, len(self.heading))


def fit(columns: Sequence[Column], widths: Sequence[int], available: int) -> dict[int, int]:
    """The columns to show, by their place, each with its width: no more than `available` together, blanks between them included.

    `widths`: how wide each would like to be.
    """
    shown = dict(enumerate(widths))
    while True:
        narrowed = _narrowed(columns, shown, available)
        spare = [place for place in shown if columns[place].spare]
        if _total(narrowed) <= available or not spare:
            break
        del shown[spare[-1]]
    while _total(narrowed) > available and max(narrowed.values()) > LEAST:
        widest = max(narrowed, key=lambda place: narrowed[place])
        narrowed[widest] -= 1
    return narrowed


def _narrowed(columns: Sequence[Column], widths: dict[int, int], available: int) -> dict[int, int]:
    narrowed = dict(widths)
    while _total(narrowed) > available:
        yielding = [
            place
            for place, width in narrowed.items()
            if (columns[place].cut or columns[place].wrap) and width > columns[place].least
        ]
        if not yielding:
            break
        widest = max(yielding, key=lambda place: narrowed[place])
        narrowed[widest] -= 1
    return narrowed


def _total(widths: dict[int, int]) -> int:
    return sum(widths.values()) + GAP * (len(widths) - 1)
