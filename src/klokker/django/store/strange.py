"""What does a run count as whose kind or state is no word of ours? For statements: a stranger's hand must not stop the others' ends.

The row keeps what was written there, and people are shown that.
"""

from collections.abc import Iterable

from klokker.core.lifecycle import RunKind, RunState


def _words(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


KIND = f"""
    CASE WHEN r.kind IN ({_words(RunKind)}) THEN r.kind WHEN r.nominal IS NOT NULL THEN '{RunKind.SCHEDULED}'
         WHEN r.schedule_id IS NOT NULL THEN '{RunKind.MANUAL}' ELSE '{RunKind.ENQUEUED}' END
"""
"""Of a run `r`: its kind. Scheduled runs alone have a nominal time, and enqueued ones alone have no schedule."""

STATE = f"CASE WHEN r.state IN ({_words(RunState)}) THEN r.state ELSE '{RunState.WAITING}' END"
"""Of a run `r`: its state. What stands nowhere waits: nobody runs it, and it can be cancelled."""
