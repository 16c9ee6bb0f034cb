"""What do names in timetables stand for, here and now? Calendars that the store keeps, places that the settings name."""

from klokker.core.known import Known
from klokker.store.contract import Store
from klokker.wiring.settings import Settings


def known_here(settings: Settings, store: Store | None) -> Known:
    """The newest texts. Without a store, only places have names."""
    calendars = {calendar.name: calendar.text for calendar in store.calendars()} if store is not None else {}
    return Known(calendars, settings.places)
