"""An effect in words: what a change comes to, said before it is written and after."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from klokker.cli.output import moment, say
from klokker.core.json_values import Json
from klokker.operations.effect import (
    Effect,
    HistoryPruned,
    NodeNotEnrolled,
    Note,
    NothingChanges,
    SpreadMoves,
    UnknownTask,
)


def say_effect(effect: Effect, *, zone: str = "UTC", done: bool) -> None:
    """Print what `effect` comes to; `done` chooses between "is" and "would be"."""
    for line in lines(effect, zone=zone, done=done):
        say(line)


def lines(effect: Effect, *, zone: str, done: bool) -> Iterator[str]:
    """The effect, a sentence a line."""
    will = "" if done else "would be "
    if effect.state_before is not effect.state:
        before = f"{effect.state_before} → " if effect.state_before else ""
        yield f"{effect.name}: {will}{before}{effect.state}"
    else:
        yield effect.name
    for field, change in effect.changes.items():
        yield f"  {field}: {_changed(change)}"
    if effect.next_before != effect.next:
        if effect.next_before:
            yield f"  next, as it was: {_moments(effect.next_before, zone)}"
        yield f"  next: {_moments(effect.next, zone) or 'never'}"
    if effect.due:
        yield f"  {effect.due} due by now are decided by the next tick, as they stood before"
    elif effect.due is None:
        yield "  what is due by now is decided by the next tick, as it stood before"
    if effect.waiting or effect.waiting is None:
        yield f"  {_waiting(effect, zone)}"
    if effect.passed is not None:
        count = "some" if effect.passed.count is None else str(effect.passed.count)
        since = moment(effect.passed.after, zone)
        yield f"  starts none of the {count} that the new definition would have had since {since}; `klokker backfill` does"
    for dismissal in effect.dismissed:
        count = "all" if dismissal.count is None else str(dismissal.count)
        yield f"  {count} dismissed as {dismissal.reason}, after {moment(dismissal.after, zone)}, up to {moment(dismissal.until, zone)}"
    if effect.starts:
        yield f"  {len(effect.starts)} {'run' if len(effect.starts) == 1 else 'runs'} {will}made"
    if effect.goes_on:
        yield f"  {len(effect.goes_on)} unfinished go on; `klokker cancel` ends them"
    if effect.cancels:
        yield f"  {len(effect.cancels)} unfinished {'are' if done else 'would be'} asked to cancel"
    for word, nodes in (("begins on", effect.opens), ("ends on", effect.closes)):
        # Of a schedule that runs on any one node, the first line says it all.
        if named := [node for node in nodes if node]:
            yield f"  {word} {', '.join(named)}"
    for note in effect.notes:
        yield f"  {_note(note)}"


def as_data(effect: Effect) -> dict[str, Any]:
    """An effect as docs/commands/json.md promises it."""
    return {
        "name": effect.name,
        "state_before": effect.state_before,
        "state": effect.state,
        "changes": dict(effect.changes),
        "next_before": effect.next_before,
        "next": effect.next,
        "due": effect.due,
        "waiting": effect.waiting,
        "waits_until": effect.waits_until,
        "passed": effect.passed
        and {"after": effect.passed.after, "until": effect.passed.until, "count": effect.passed.count},
        "dismissed": [
            {"reason": each.reason, "count": each.count, "after": each.after, "until": each.until}
            for each in effect.dismissed
        ],
        "starts": len(effect.starts),
        "goes_on": [run.id for run in effect.goes_on],
        "cancels": effect.cancels,
        "opens": [node or None for node in effect.opens],
        "closes": [node or None for node in effect.closes],
        "notes": [_note(note) for note in effect.notes],
    }


def _waiting(effect: Effect, zone: str) -> str:
    """What becomes of what waits for the end of a closing."""
    count = "some that wait" if effect.waiting is None else f"{effect.waiting} that wait"
    if effect.waits_until is None:
        return f"{count} for the opening will be dismissed as closed: an edit starts nothing; `klokker backfill` does"
    return f"{count} for the opening go on waiting, until {moment(effect.waits_until, zone)}"


def _note(note: Note) -> str:
    match note:
        case UnknownTask(task):
            return f"task not found in registry: {task}; it is kept, and its runs wait for a process that knows it"
        case NodeNotEnrolled(node):
            return f"node {node} has not enrolled yet; its runs wait until it does"
        case SpreadMoves(name):
            return f"its moments are spread by its name, so being called {name} moves them"
        case NothingChanges():
            return "nothing changes"
        case HistoryPruned(days):
            return f"of {len(days)} days it can no longer be told what succeeded: their runs are pruned"


def _changed(change: Json) -> str:
    if isinstance(change, list) and len(change) == 2:
        return f"{_value(change[0])} → {_value(change[1])}"
    return _value(change)


def _value(value: Json) -> str:
    return "–" if value is None or value == "" else str(value)


def _moments(moments: tuple[datetime, ...], zone: str) -> str:
    """The first three: enough to see a rhythm, and no longer than a line."""
    return ", ".join(moment(at, zone) for at in moments[:3]) + (", …" if len(moments) > 3 else "")
