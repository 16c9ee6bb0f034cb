"""Recurring chores of an application: scheduled, accounted for, and safe after a kill."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from klokker.core.timetables.text import timetable as timetable
    from klokker.tasks.context import RunContext as RunContext
    from klokker.tasks.decorator import task as task
    from klokker.tasks.results import Cancel as Cancel
    from klokker.tasks.results import Counts as Counts
    from klokker.tasks.results import Snooze as Snooze

# What `from klokker import …` offers, and where it lives. It is imported when it is asked for (PEP 562), so that a
# process that needs only timetables imports neither Django nor pydantic.
_OFFERED = {
    "Cancel": "klokker.tasks.results",
    "Counts": "klokker.tasks.results",
    "RunContext": "klokker.tasks.context",
    "Snooze": "klokker.tasks.results",
    "task": "klokker.tasks.decorator",
    "timetable": "klokker.core.timetables.text",
}

__all__ = ["Cancel", "Counts", "RunContext", "Snooze", "task", "timetable"]


def __getattr__(name: str) -> object:
    if name not in _OFFERED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(_OFFERED[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_OFFERED})
