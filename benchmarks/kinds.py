"""How fast is the next occurrence of each other kind of timetable found, beside the best peer that has the kind?

All in a zone whose clocks change, each on a walk from one occurrence to the next. Whether both walk over the same moments
is looked at too; where not, it is said.
"""

from collections.abc import Iterator, Sequence

from benchmarks.contest import Contest, Contestant
from benchmarks.figures import Figure

PEERS = {
    "every": ("APScheduler", "celery"),
    "at": ("dateutil", "dateutil, iterating"),
    "completion": (),
    "recurrence": ("dateutil", "dateutil, iterating", "recurring-ical-events"),
    "sun": ("ephem by hand", "astral by hand", "celery"),
    "union of two": ("APScheduler", "cronsim by hand"),
    "union of a thousand": ("APScheduler", "cronsim by hand"),
    "except": ("dateutil, iterating", "cronsim by hand", "croniter by hand"),
    "only": ("APScheduler", "cronsim by hand", "croniter by hand"),
    "every Nth": ("dateutil, iterating", "cronsim by hand"),
    "calendar": ("cronsim by hand", "croniter by hand"),
}
COMPARED = 40
"""Moments of each rule that are compared."""


def figures(contest: Contest) -> Iterator[Figure]:
    ours = contest.ours("klokker", "kinds", "klokker")
    named = dict.fromkeys(name for peers in PEERS.values() for name in peers)
    peers = {peer.name: peer for peer in contest.peers("kinds", *named)}
    seconds = 0.002 if contest.small else 0.2
    for kind, names in PEERS.items():
        beside = [peers[name] for name in names if name in peers]
        values = contest.in_turns(
            [ours, *beside], 5, lambda each, kind=kind: each.turn("walk", kind=kind, seconds=seconds)
        )
        # Afterwards: what they keep of these moments would be found again by the walk.
        note = _differences(ours, beside, kind) if names else "no peer has it"
        yield Figure("kinds", kind, "/s", True, values, note=note)


def _differences(ours: Contestant, peers: Sequence[Contestant], kind: str) -> str:
    """Which peers walk over other moments, and by how much; empty where none does."""
    right = ours.turn("moments", kind=kind, most=COMPARED)
    return "; ".join(
        f"{peer.name} {said}"
        for peer in peers
        if (said := _difference(right, peer.turn("moments", kind=kind, most=COMPARED)))
    )


def _difference(right: object, other: object) -> str:
    assert isinstance(right, list)
    assert isinstance(other, list)
    pairs = [pair for ours, theirs in zip(right, other, strict=False) for pair in zip(ours, theirs, strict=False)]
    apart = [abs(mine - its) for mine, its in pairs if mine != its]
    return f"differs in {len(apart)} of {len(pairs)} moments, by {max(apart):,} s at most" if apart else ""
