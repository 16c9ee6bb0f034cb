"""How much does it take to answer? Counted in calls, which are the same on a busy machine and on a quiet one."""

import sys
from collections.abc import Callable
from types import FrameType

READ = 50_000
"""Calls in which a text is read or refused, however hostile, if it is no longer than a line: some ten milliseconds."""
ANSWERED = 2_500_000
"""Calls in which a question is answered or given up: under a second; most take hundreds."""


def calls_in(act: Callable[[], object]) -> int:
    """How many functions, of Python and of C, are called while `act` runs. What it raises is raised."""
    calls = 0

    def count(_frame: FrameType, event: str, _of: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        act()
    finally:
        sys.setprofile(before)
    return calls
