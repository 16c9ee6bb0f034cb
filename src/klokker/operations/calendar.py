"""Calendars: made, edited, removed. An edit of one is an edit of every schedule that names it, in one transaction.

As with an edit of a schedule: what fell due before is decided as it stood, and the edit itself starts nothing.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from klokker.core.errors import KlokkerError
from klokker.core.fields import LONGEST_NAME, LONGEST_TEXT, Unfit, text
from klokker.core.lifecycle import Origin
from klokker.core.spelling import did_you_mean
from klokker.core.text import clean
from klokker.core.timetables.calendar_text import read_calendar
from klokker.core.timetables.places import NAME
from klokker.operations.asking import Asked, InvalidRequest
from klokker.operations.calendar_schedules import LeftAlone, rewritten
from klokker.operations.edit import Edit
from klokker.operations.effect import Effect
from klokker.store.contract import CalendarChange, LockedCalendar, NamedCalendar, Store


class NoSuchCalendar(KlokkerError):
    """No calendar of this name is kept. `name`, and `known`, those that are."""

    def __init__(self, name: str, known: Collection[str]) -> None:
        self.name, self.known = name, tuple(sorted(known))
        there = did_you_mean(name, known) or f"; there are {', '.join(self.known)}" if known else "; there are none"
        super().__init__(f"there is no calendar {name!r}{there} (`klokker calendar add` makes one)")


class CalendarExists(KlokkerError):
    """A calendar of this name is kept already. `name`."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"there is a calendar {name!r} already; `klokker calendar edit {name}` gives it another text")


class CalendarInUse(KlokkerError):
    """A calendar that schedules name is not removed. `name`; `schedules`: their names."""

    def __init__(self, name: str, schedules: Collection[str]) -> None:
        self.name, self.schedules = name, tuple(schedules)
        super().__init__(
            f"calendar {name!r} stays: {', '.join(self.schedules[:10])}{' …' if len(self.schedules) > 10 else ''} "
            f"{'names' if len(self.schedules) == 1 else 'name'} it. Edit or retire them first."
        )


class CalendarEditedMeanwhile(KlokkerError):
    """Somebody else edited the calendar after this editor looked. `expected` and `found` are numbers of versions."""

    def __init__(self, name: str, expected: int, found: int) -> None:
        self.name, self.expected, self.found = name, expected, found
        super().__init__(
            f"calendar {name!r} was edited meanwhile: this edit began at version {expected}, and the newest is {found}. "
            "Look at it again, and edit once more."
        )


class CalendarDeclaredElsewhere(KlokkerError):
    """The calendar is declared in a file, and edited there. `name`, and `declared_in`, where."""

    def __init__(self, name: str, declared_in: str) -> None:
        self.name, self.declared_in = name, declared_in
        super().__init__(
            f"calendar {name!r} is declared in {declared_in or 'a file'}: edit it there and sync; or take it over "
            f"(`klokker calendar edit {name} … --take-over`), and sync leaves it alone from then on"
        )


_NONE: Mapping[int, Edit] = {}


@dataclass(frozen=True, slots=True)
class CalendarEffect:
    """What an operation on a calendar comes to.

    `before` None: there was none. `after`: as it is then; `removed` if it is gone. `schedules`: what becomes of each that
    names it and carried another text; `left`: those that keep theirs. `changes`: whether anything is written at all.
    """

    before: NamedCalendar | None
    after: NamedCalendar
    schedules: tuple[Effect, ...] = ()
    left: tuple[LeftAlone, ...] = ()
    changes: bool = True


@dataclass(frozen=True, slots=True)
class CalendarDecision:
    """What to write (None: nothing), and what that comes to."""

    change: CalendarChange | None
    effect: CalendarEffect


@dataclass(frozen=True, slots=True)
class CalendarWish(ABC):
    """A wish for one calendar. `decide` computes and does nothing else: it may be asked several times."""

    asked: Asked
    name: str

    @abstractmethod
    def decide(self, locked: LockedCalendar) -> CalendarDecision:
        """What the wish comes to. Raises KlokkerError when it cannot be fulfilled."""


@dataclass(frozen=True, slots=True)
class AddCalendar(CalendarWish):
    """A new calendar with this text. One that was removed is there again, and its versions are counted on."""

    text: str
    description: str = ""
    origin: Origin = Origin.MANAGED
    declared_in: str = ""

    def decide(self, locked: LockedCalendar) -> CalendarDecision:
        """Raises InvalidRequest, InvalidTimetable, CalendarExists, CalendarDoesNotFit."""
        refuse_calendar(self.name, self.text)
        if locked.calendar is not None and not locked.calendar.removed:
            raise CalendarExists(self.name)
        number = locked.calendar.version if locked.calendar else 0
        after = NamedCalendar(
            self.name, self.text, number + 1, self.description, origin=self.origin, declared_in=self.declared_in
        )
        return _decided(self.asked, locked, None, after)


@dataclass(frozen=True, slots=True)
class EditCalendar(CalendarWish):
    """The calendar gets this text, or this description (None: as it is), and every schedule that names it carries its text.

    `expected`: the version that the editor looked at; None skips the question. `declared`: the wish comes from where the
    calendar is declared. `take_over`: a declared one is managed from now on. `along`: edits of schedules that are to be
    written with it, by their ids; `leaving`: those that are retired at the same time, and passed over. With nothing else
    said, schedules that carry an older text are given the newest.
    """

    text: str | None = None
    description: str | None = None
    expected: int | None = None
    declared: bool = False
    take_over: bool = False
    along: Mapping[int, Edit] = field(default_factory=dict)
    leaving: Collection[int] = ()

    def decide(self, locked: LockedCalendar) -> CalendarDecision:
        """Raises NoSuchCalendar, CalendarEditedMeanwhile, CalendarDeclaredElsewhere, CalendarDoesNotFit; for the text,
        InvalidRequest, InvalidTimetable.
        """
        calendar = _standing(locked, self.name)
        if self.expected is not None and self.expected != calendar.version:
            raise CalendarEditedMeanwhile(self.name, self.expected, calendar.version)
        text = calendar.text if self.text is None else self.text
        after = replace(
            calendar,
            text=text,
            version=calendar.version + (text != calendar.text or bool(calendar.fault)),
            description=calendar.description if self.description is None else self.description,
            fault="",
        )
        if self.take_over:
            after = replace(after, origin=Origin.MANAGED, declared_in="")
        elif not self.declared and after != calendar:
            _refuse_declared(calendar)
        if self.text is not None or locked.schedules:
            refuse_calendar(self.name, text)
        staying = [each for each in locked.schedules if each.schedule.id not in self.leaving]
        return _decided(self.asked, replace(locked, schedules=staying), calendar, after, self.along)


@dataclass(frozen=True, slots=True)
class RemoveCalendar(CalendarWish):
    """No schedule may name the calendar any more. Its versions are kept."""

    declared: bool = False

    def decide(self, locked: LockedCalendar) -> CalendarDecision:
        """Raises NoSuchCalendar, CalendarInUse, CalendarDeclaredElsewhere."""
        calendar = _standing(locked, self.name)
        if not self.declared:
            _refuse_declared(calendar)
        if locked.schedules:
            raise CalendarInUse(self.name, [each.schedule.revision.definition.name for each in locked.schedules])
        return _decided(self.asked, locked, calendar, replace(calendar, removed=True))


def preview_calendar(store: Store, wish: CalendarWish) -> CalendarEffect:
    """What the wish would come to now; writes nothing. Raises what `do_calendar` would raise."""
    return wish.decide(store.calendar_view(wish.name)).effect


def do_calendar(store: Store, wish: CalendarWish) -> CalendarEffect:
    """Decide under the locks of the calendar and all schedules that name it, and write all of it or nothing."""
    effects: list[CalendarEffect] = []

    def decide(locked: LockedCalendar) -> CalendarChange | None:
        decision = wish.decide(locked)
        effects.append(decision.effect)
        return decision.change

    changed = store.change_calendar(wish.name, decide, now=wish.asked.now)
    if changed.schedules:
        store.release(wish.asked.now)
        store.wake()
    # The store may have asked again after a conflict: what was written is the last answer.
    return effects[-1]


def refuse_calendar(name: str, written: str) -> None:
    """Raises InvalidRequest for a name that a timetable could not say, or a text that is too long; InvalidTimetable."""
    faults: dict[str, str] = {}
    if not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        faults["name"] = (
            f"must be letters, digits, dots, dashes and underscores, beginning with a letter or digit, got {name[:60]!r}"
        )
    try:
        text(written)
    except Unfit:
        faults["text"] = (
            f"has {len(written):,} characters, and may have {LONGEST_TEXT:,}: each schedule that names it carries it. Of an "
            "ICS file keep the events that are to come"
        )
    if clean(written) != written:
        faults["text"] = "holds a character that no database keeps: NUL, or half of a pair"
    if faults:
        raise InvalidRequest("calendar", faults)
    read_calendar(written)


def _standing(locked: LockedCalendar, name: str) -> NamedCalendar:
    if locked.calendar is None or locked.calendar.removed:
        raise NoSuchCalendar(name, locked.known)
    return locked.calendar


def _refuse_declared(calendar: NamedCalendar) -> None:
    if calendar.origin is Origin.DECLARED:
        raise CalendarDeclaredElsewhere(calendar.name, calendar.declared_in)


def _decided(
    asked: Asked,
    locked: LockedCalendar,
    before: NamedCalendar | None,
    after: NamedCalendar,
    along: Mapping[int, Edit] = _NONE,
) -> CalendarDecision:
    """Write the calendar as it is then, if that is news, and what becomes of the schedules."""
    why = f"calendar {after.name}: {asked.why or ('made' if before is None else 'edited')}"
    schedules = rewritten(after.name, after.text, locked.schedules, replace(asked, why=why), along)
    changes = after != before or bool(schedules.changes)
    new_text = before is None or after.version != before.version
    change = CalendarChange(
        after.description,
        after.origin,
        after.declared_in,
        removed=after.removed,
        text=after.text if new_text else None,
        by=asked.by,
        why=asked.why,
        schedules=schedules.changes,
    )
    effect = CalendarEffect(before, after, schedules.effects, schedules.left, changes)
    return CalendarDecision(change if changes else None, effect)
