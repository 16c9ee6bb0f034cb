"""What may an end bring into a store? Text and JSON that every database can hold, under a cap.

Executors hand in results that are clean already; what a store is handed by others it makes storable here. No value costs
a run its outcome: what cannot be kept is replaced by an explanation.
"""

from collections.abc import Mapping
from dataclasses import replace

from klokker.core.result import as_result
from klokker.core.text import clean, head_and_tail
from klokker.core.verdict import Ending

LARGEST_COUNT = 2**63 - 1
"""What a signed 64-bit column holds."""

LONGEST_NAME = 200
"""Characters of a count's name that are kept."""


def storable(ending: Ending) -> Ending:
    """`ending` as a store can hold it: the outcome untouched; result, counts and error clean and capped."""
    if ending.result is None and not ending.counts and not ending.error:
        return ending
    return replace(
        ending,
        result=as_result(ending.result).json,
        counts=_counts(ending.counts),
        error=head_and_tail(ending.error),
    )


def _counts(counts: Mapping[str, int]) -> dict[str, int]:
    """The counts that are integers of at most 64 bits; sums over runs need no more, and can bear no less."""
    return {clean(name)[:LONGEST_NAME]: int(number) for name, number in counts.items() if abs(number) <= LARGEST_COUNT}
