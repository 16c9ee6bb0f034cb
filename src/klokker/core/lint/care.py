"""Schedules that nobody watches, that nothing ends, or that may destroy what another one works on."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta

from klokker.core.duration import duration_text
from klokker.core.lint.case import Case
from klokker.core.lint.finding import Code, Finding
from klokker.core.moments import from_epoch
from klokker.core.overlap import Overlap
from klokker.core.placement import PlacementKind

_COMPARED = 200
"""So many schedules of one task are compared with each other."""


def find(case: Case) -> Iterator[Finding]:
    """What one schedule lacks."""
    definition, task = case.definition, case.subject.task
    timeout = definition.timeout or (task.timeout if task is not None else None)
    if timeout is not None and timeout.after is None:
        yield case.finding(
            Code.NO_TIMEOUT,
            "a run that hangs is never ended, and keeps its slot and its turn",
            'write a timeout that no good run needs, such as `timeout = "2h"`',
        )
    if not definition.owner:
        yield case.finding(
            Code.NO_OWNER, "nobody is named who would know what to do when it fails", 'write `owner = "…"`'
        )
    if task is None or not task.destructive:
        return
    if definition.overlap is Overlap.ALLOW:
        yield case.finding(
            Code.DESTRUCTIVE_OVERLAP,
            f"{definition.task} destroys data, and two runs of this schedule may do so side by side (overlap = allow)",
            "let overlap be skip or queue one",
        )
    placement = definition.placement
    if placement.kind is PlacementKind.EACH or len(placement.nodes) > 1:
        yield case.finding(
            Code.DESTRUCTIVE_OVERLAP,
            f"{definition.task} destroys data, and runs on several nodes at the same moment",
            "if the nodes share that data, place it on any one node; else silence this and say so",
        )


def find_between(cases: Sequence[Case]) -> Iterator[Finding]:
    """Schedules of one destructive task whose runs meet."""
    by_task: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        if case.subject.task is not None and case.subject.task.destructive and case.coming:
            by_task[case.definition.task].append(case)
    for task, all_of_it in by_task.items():
        ordered = sorted(all_of_it[:_COMPARED], key=lambda case: case.name)
        for place, one in enumerate(ordered):
            for other in ordered[place + 1 :]:
                meeting = _meeting(one, other)
                if meeting is None:
                    continue
                moment, apart = meeting
                how = (
                    "at the same moment"
                    if not apart
                    else f"{duration_text(timedelta(seconds=apart))} apart, while a run takes longer"
                )
                yield Finding(
                    Code.DESTRUCTIVE_OVERLAP,
                    (one.name, other.name),
                    f"{one.name} and {other.name} both run {task}, which destroys data, {how}: {from_epoch(moment):%Y-%m-%d %H:%M} UTC",
                    "move one of them, or give both a lane with limit 1",
                    {"task": task, "seconds_apart": apart},
                )


def _meeting(one: Case, other: Case) -> tuple[int, int] | None:
    """The first moment at which both may run, and how many seconds apart they begin; None where they keep apart."""
    room = max((case.subject.usual or timedelta(0) for case in (one, other)), default=timedelta(0)).total_seconds()
    places = iter(other.coming)
    following: int | None = next(places, None)
    last: int | None = None
    for moment in one.coming:
        while following is not None and following < moment:
            last, following = following, next(places, None)
        for near in (last, following):
            if near is not None and (near == moment or abs(near - moment) < room):
                return min(near, moment), abs(near - moment)
    return None
