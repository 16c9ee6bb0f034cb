"""Events of every kind, with any values: for tests that must hold for all."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import get_type_hints

from hypothesis import strategies as st

from klokker import events
from klokker.core.lifecycle import DismissalReason, Outcome
from klokker.events import Event

KINDS: list[type[Event]] = [
    kind for kind in vars(events).values() if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event
]

_texts = st.text(st.characters(), max_size=30)
_moments = st.datetimes(timezones=st.just(UTC))
_values: dict[object, st.SearchStrategy[object]] = {
    int: st.integers(0, 10**9),
    bool: st.booleans(),
    str: _texts,
    datetime: _moments,
    timedelta: st.timedeltas(timedelta(days=-9), timedelta(days=9)),
    Exception: st.builds(LookupError, _texts),
    BaseException: st.builds(SystemExit, _texts),
    DismissalReason: st.sampled_from(DismissalReason),
    Outcome: st.sampled_from(Outcome),
    int | None: st.none() | st.integers(-64, 255),
    datetime | None: st.none() | _moments,
    Outcome | None: st.none() | st.sampled_from(Outcome),
    tuple[int, ...]: st.lists(st.integers(0, 99), max_size=30).map(tuple),
    tuple[str, ...]: st.lists(_texts, max_size=3).map(tuple),
}


def any_event() -> st.SearchStrategy[Event]:
    """Any event of any kind. A KeyError names a type of field that has no values above."""
    return st.one_of([_any_of(kind) for kind in KINDS])


def _any_of(kind: type[Event]) -> st.SearchStrategy[Event]:
    hints = get_type_hints(kind)
    return st.builds(kind, **{field.name: _values[hints[field.name]] for field in fields(kind)})
