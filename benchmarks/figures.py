"""What is a figure? One measured thing, ours and the peers', with the ratio to the best peer and the goal for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

OURS = "klokker"


@dataclass(frozen=True, slots=True)
class Goal:
    """The ratio ours/peer that we want: at least so much of a rate, at most so much of a time."""

    ratio: float
    peer: str


@dataclass(frozen=True, slots=True)
class Figure:
    """`values` by contestant, one for each turn or sample. `rate`: more is better, else less is."""

    benchmark: str
    what: str
    unit: str
    rate: bool
    values: Mapping[str, Sequence[float]]
    goals: Sequence[Goal] = ()
    ours: str = OURS
    note: str = ""
    missing: Sequence[str] = field(default=())

    def of(self, name: str) -> float:
        """The median of one contestant."""
        return median(self.values[name])

    def ratio(self, peer: str) -> float:
        """Ours, as a multiple of the peer's."""
        return self.of(self.ours) / self.of(peer)

    def reached(self, goal: Goal) -> bool | None:
        """Whether the goal is reached; None where the peer was not measured."""
        if goal.peer not in self.values:
            return None
        ratio = self.ratio(goal.peer)
        return ratio >= goal.ratio if self.rate else ratio <= goal.ratio

    def as_data(self) -> dict[str, object]:
        """For the JSON file."""
        return {
            "benchmark": self.benchmark,
            "what": self.what,
            "unit": self.unit,
            "more is better": self.rate,
            "note": self.note,
            "measured": {
                name: {"median": self.of(name), "min": min(values), "max": max(values), "values": list(values)}
                for name, values in self.values.items()
            },
            "ratio to": {name: self.ratio(name) for name in self.values if name != self.ours},
            "goals": [{"ratio": goal.ratio, "to": goal.peer, "reached": self.reached(goal)} for goal in self.goals],
        }

    def cells(self) -> tuple[str, str, str, str]:
        """What, ours, beside, goals: as words."""
        beside = [
            f"{name} {self._spread(name)}, ×{_short(self.ratio(name))}" for name in self.values if name != self.ours
        ]
        return self.what, self._spread(self.ours), "; ".join(beside), "; ".join(map(self._goal, self.goals))

    def _spread(self, name: str) -> str:
        low, high = min(self.values[name]), max(self.values[name])
        return f"{_short(self.of(name))} {self.unit} ({_short(low)}–{_short(high)})"

    def _goal(self, goal: Goal) -> str:
        reached = self.reached(goal)
        said = "not measured" if reached is None else "reached" if reached else "not reached"
        return f"{'≥' if self.rate else '≤'} {goal.ratio:g} × {goal.peer}: {said}"


def _short(number: float) -> str:
    """Three digits, or all before the point."""
    if number >= 100:
        return f"{number:,.0f}"
    return f"{number:.3g}"


def percentiles(values: Mapping[str, Sequence[float]], percent: int) -> dict[str, Sequence[float]]:
    """Of each contestant's values the one that `percent` of them do not exceed (the nearest rank)."""
    return {name: [sorted(each)[max(0, -(-len(each) * percent // 100) - 1)]] for name, each in values.items()}
