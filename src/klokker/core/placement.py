"""Which nodes may run it."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from klokker.core.errors import InvalidPolicy
from klokker.core.fields import Unfit, shown
from klokker.core.json_values import Json

ANY_NODE = ""
"""The node of a timer or run that any one node may have."""


class PlacementKind(StrEnum):
    """Any one node, each node, or named nodes."""

    ANY = "any"
    EACH = "each"
    NAMED = "named"


@dataclass(frozen=True, slots=True)
class Placement:
    """`any` one node; `each` enrolled node; or a run on each of the `named` nodes.

    As text: "any", "each"; named nodes are a list of names.
    """

    kind: PlacementKind = PlacementKind.ANY
    nodes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        named = self.kind is PlacementKind.NAMED
        InvalidPolicy.collect(
            self,
            (not named or bool(self.nodes), "nodes", "must name at least one node"),
            (named or not self.nodes, "nodes", "go with named placement only"),
            (all(node and node == node.strip() for node in self.nodes), "nodes", "must be names without blanks around"),
            (len(set(self.nodes)) == len(self.nodes), "nodes", "must each be named once"),
        )

    @classmethod
    def read(cls, value: object) -> "Placement":
        """Read "any", "each" or a list of names. Raises Unfit, InvalidPolicy."""
        if value in ("any", "each"):
            return cls(PlacementKind(value))
        if isinstance(value, str) or not isinstance(value, Collection):
            hint = f' (for one node write ["{value}"])' if isinstance(value, str) and value else ""
            raise Unfit(f"must be any, each or a list of node names, got {shown(value)}{hint}")
        if not all(isinstance(node, str) for node in value):
            raise Unfit(f"must list names of nodes, got {shown(value)}")
        return cls(PlacementKind.NAMED, tuple(str(node) for node in value))

    def written(self) -> Json:
        """What `read` reads back."""
        return [*self.nodes] if self.kind is PlacementKind.NAMED else self.kind.value

    def timers(self, enrolled: Collection[str]) -> tuple[str, ...]:
        """The nodes that have a timer of their own: "" for any one node; named ones need not be enrolled yet."""
        if self.kind is PlacementKind.ANY:
            return (ANY_NODE,)
        return tuple(sorted(enrolled)) if self.kind is PlacementKind.EACH else self.nodes


def may_run(run_node: str, node: str) -> bool:
    """May `node` run what is placed on `run_node`?"""
    return run_node in (ANY_NODE, node)
