"""Calendars that are kept; and whether a schedule that is written carries the newest text of those that it names."""

from klokker.core.definition import Definition
from klokker.store.contract import NamedCalendar
from klokker.store.errors import OlderCalendar
from klokker.store.memory.tables import Tables


def calendars(tables: Tables, *, removed: bool) -> list[NamedCalendar]:
    return [calendar for _, calendar in sorted(tables.calendars.items()) if removed or not calendar.removed]


def refuse_older(tables: Tables, definition: Definition, before: Definition | None = None) -> None:
    """Raises OlderCalendar for a text that is neither that of the revision `before` nor the newest of a calendar kept here."""
    for name, text in definition.calendars.items():
        calendar = tables.calendars.get(name)
        carried_over = before is not None and before.calendars.get(name) == text
        if calendar is not None and not carried_over and (calendar.removed or calendar.text != text):
            raise OlderCalendar(definition.name, name)
