"""Schedules that can never run, or never again."""

from collections.abc import Iterator

from klokker.core.errors import TooSparse
from klokker.core.lint.case import Case
from klokker.core.lint.finding import Code, Finding
from klokker.core.moments import from_epoch


def find(case: Case) -> Iterator[Finding]:
    """Whether anything will ever come of a schedule."""
    if case.timetable is None:
        yield case.finding(
            Code.UNREADABLE,
            f"its timetable cannot be evaluated: {case.fault}",
            "edit it until `klokker preview` lists moments",
        )
        return
    if case.follows_runs or case.coming:
        return
    try:
        last = case.timetable.second_at_or_before(case.ground.now)
        following = case.timetable.second_after(case.ground.now)
    except TooSparse as sparse:
        yield case.finding(Code.NEVER_FIRES, f"no moment was found: {sparse}", "make it match more often, or retire it")
        return
    if following is not None:
        return
    if last is not None:
        sentence = f"`{case.definition.when}` fires no more: its last moment was {from_epoch(last):%Y-%m-%d %H:%M} UTC"
        yield case.finding(Code.NEVER_FIRES, sentence, "give it a later end, or retire it")
    else:
        sentence = f"`{case.definition.when}` never fires: no moment has all that it asks for"
        yield case.finding(Code.NEVER_FIRES, sentence, "write days that meet, and look at `klokker preview`")
