"""Schedules that can never run, or never again."""

from collections.abc import Iterator

from klokker.core.errors import TimetableError, TooSparse
from klokker.core.foresight import runs_after
from klokker.core.lint.case import Case
from klokker.core.lint.finding import Code, Finding
from klokker.core.moments import from_epoch
from klokker.core.timetables.contract import Timetable


def find(case: Case) -> Iterator[Finding]:
    """Whether anything will ever come of a schedule."""
    if case.timetable is None:
        yield case.finding(
            Code.UNREADABLE,
            f"its timetable cannot be evaluated: {case.fault}",
            "edit it until `klokker preview` lists moments",
        )
        return
    if case.definition.closed is not None and (case.coming or case.follows_runs):
        yield from _closed(case, case.timetable)
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


def _closed(case: Case, timetable: Timetable) -> Iterator[Finding]:
    """Whether its calendar lets anything run."""
    definition = case.definition
    assert definition.closed is not None
    try:
        closings = definition.closings()
        if closings is None:
            return
        if case.follows_runs:
            closing = closings.at(case.ground.now)
            shut = closing is not None and closing.endless
        else:
            shut = next(runs_after(definition, timetable, from_epoch(case.ground.now)), None) is None
    except TimetableError as fault:
        yield case.finding(
            Code.UNREADABLE,
            f"its closings cannot be evaluated: {fault}",
            f"mend the calendar: `klokker calendar edit {definition.closed.calendar}`",
        )
        return
    if shut:
        yield case.finding(
            Code.NEVER_FIRES,
            f"whatever falls due does so while calendar {definition.closed.calendar} closes it: nothing runs",
            "let the calendar open at some of its moments, or write another `closed`",
        )
