"""When is a schedule open, and when closed? Each tenure is cut into spells, in which it is one or the other all the time.

What falls due in a closing with `wait` is decided when it opens. An edit in the middle of a closing does not end it by
itself: what waits goes on waiting for the opening that the new revision names. Where the new one is open at once, or rests
after completion, what waited is dismissed as closed, because an edit starts nothing.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from klokker.core.closed import WhenClosed
from klokker.core.definition import Definition, Revision
from klokker.core.tenure import Tenure
from klokker.core.timetables.closings import Closing


class Spell(NamedTuple):
    """The seconds (`after`, `until`] of a tenure, in which it is open all the time, or closed.

    `opens`: the second at which what falls due here may be decided, where it waits; `closed`: it is dismissed instead.
    """

    tenure: Tenure
    after: int
    until: int
    opens: int | None = None
    closed: bool = False


class Holding(Protocol):
    """A revision that holds up to and with the second `until`."""

    @property
    def revision(self) -> Revision:
        """Which one."""

    @property
    def until(self) -> int:
        """Up to and with which second."""


def spells(tenures: Sequence[Tenure]) -> list[Spell]:
    """The spells of these tenures, which adjoin, oldest first. Raises TimetableError."""
    return [spell for place, tenure in enumerate(tenures) for spell in _spells(tenure, tenures[place + 1 :])]


def _spells(tenure: Tenure, later: Sequence[Tenure]) -> Iterator[Spell]:
    definition = tenure.revision.definition
    closings, at = definition.closings(), tenure.after
    while closings is not None and at < tenure.until:
        closing = closings.following(at + 1)
        if closing is None or closing.begins > tenure.until:
            break
        if closing.begins - 1 > at:
            yield Spell(tenure, at, closing.begins - 1)
        begins, ends = max(at, closing.begins - 1), min(closing.opens - 1, tenure.until)
        opens = _opening(closings.must_end(closing), tenure, later) if waits(definition) else None
        yield Spell(tenure, begins, ends, opens, closed=opens is None)
        at = ends
    if at < tenure.until:
        yield Spell(tenure, at, tenure.until)


def held_after(spells: Sequence[Spell], now: int) -> int | None:
    """The second after which nothing can be decided `now`, because it waits for an opening; None where nothing waits."""
    held = None
    for spell in reversed(spells):
        if spell.opens is None or spell.opens <= now:
            break
        held = spell.after
    return held


def up_to(spells: Sequence[Spell], second: int) -> list[Spell]:
    """The spells up to a second at which one of them ends, with tenures that end there too."""
    tenures: dict[int, Tenure] = {}
    kept = []
    for spell in spells:
        if spell.until <= second:
            cut = spell.tenure._replace(until=min(spell.tenure.until, second))
            # Spells of one tenure share it.
            kept.append(spell._replace(tenure=tenures.setdefault(spell.tenure.after, cut)))
    return kept


def decidable_at(holdings: Sequence[Holding], second: int) -> int:
    """When an occurrence at `second`, of the first of these, can be decided: then, or when it opens. Raises TimetableError."""
    holding, *later = holdings
    closing = _waited_for(holding.revision.definition, second)
    if closing is None:
        return second
    return _opening(closing, holding, later) or second


def waits(definition: Definition) -> bool:
    """Does it wait for the end of a closing?"""
    return definition.closed is not None and definition.closed.then is WhenClosed.WAIT


def _opening(closing: Closing, holding: Holding, later: Sequence[Holding]) -> int | None:
    """When it opens for what falls due in a closing; None where an edit ended that."""
    for successor in later:
        if closing.opens - 1 <= holding.until:
            break
        definition = successor.revision.definition
        # One that rests after completion has one moment to wake at, which is its own.
        goes_on = _waited_for(definition, holding.until + 1) if definition.rest() is None else None
        if goes_on is None:
            return None
        closing, holding = goes_on, successor
    return closing.opens


def _waited_for(definition: Definition, second: int) -> Closing | None:
    """The closing in which a second lies, if what falls due in it waits."""
    closings = definition.closings() if waits(definition) else None
    closing = None if closings is None else closings.at(second)
    return None if closings is None or closing is None else closings.must_end(closing)
