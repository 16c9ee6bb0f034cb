"""What is looked at: one schedule with what is known of its task and its history, and the ground on which it stands."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise

from klokker.core.definition import Definition
from klokker.core.errors import TimetableError, TooSparse
from klokker.core.json_values import Json
from klokker.core.limits import Limited
from klokker.core.lint.finding import Code, Finding
from klokker.core.moments import DAY, epoch_second
from klokker.core.timeout import Timeout
from klokker.core.timetables.completion import AfterCompletion
from klokker.core.timetables.contract import Timetable
from klokker.core.timetables.cron import Cron
from klokker.core.timetables.masked import Masked
from klokker.core.timetables.nth import Nth
from klokker.core.timetables.recurrence import Recurrence
from klokker.core.timetables.union import Union
from klokker.core.timetables.zones import wall_clock

_COMING = 30
"""So many of the next occurrences are looked at."""
_YEAR_AND_MORE = 400 * DAY
"""How far ahead clock changes are looked for."""


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """What is known of a schedule's task: `misfits` says what is wrong with the arguments, by parameter."""

    destructive: bool = False
    timeout: Timeout = Timeout()
    misfits: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Subject:
    """A schedule to be looked at. `task` None: nobody registers it. `usual`: how long 95 of 100 of its runs take at most.

    `fault`: why its definition cannot be read as it is stored; `definition` is then a stand-in.
    """

    definition: Definition
    task: TaskFacts | None = None
    usual: timedelta | None = None
    fault: str = ""


class Ground:
    """What all have in common: the moment from which on it is looked, and how often whoever decides does so.

    `tick`: None where a scheduler is always there.
    """

    def __init__(self, now: datetime, tick: timedelta | None = None) -> None:
        self.now = epoch_second(now)
        self.tick = tick
        self._changes: dict[str, list[tuple[int, int, int]]] = {}

    def changes(self, zone: str) -> list[tuple[int, int, int]]:
        """The next clock changes of a zone: (first second of the new offset, offset before, offset after)."""
        if zone not in self._changes:
            self._changes[zone] = wall_clock(zone).changes(self.now, self.now + _YEAR_AND_MORE)
        return self._changes[zone]


class Case:
    """One schedule under the eye, with what several families ask for worked out once."""

    def __init__(self, subject: Subject, ground: Ground) -> None:
        self.subject, self.definition, self.ground = subject, subject.definition, ground
        self.fault = subject.fault
        self.timetable: Timetable | None = None
        if not self.fault:
            try:
                self.timetable = self.definition.timetable()
            except TimetableError as refused:
                self.fault = str(refused)

    @property
    def name(self) -> str:
        """The schedule's."""
        return self.definition.name

    def finding(self, code: Code, sentence: str, fix: str, **details: Json) -> Finding:
        """A finding in this schedule alone."""
        return Finding(code, (self.name,), sentence, fix, details)

    @cached_property
    def coming(self) -> tuple[int, ...]:
        """The next occurrences, in seconds since 1970; none where its runs alone tell them, or a search gave up."""
        found: list[int] = []
        if self.timetable is None or self.follows_runs:
            return ()
        try:
            at = self.ground.now
            while len(found) < _COMING and (following := self.timetable.second_after(at)) is not None:
                found.append(at := following)
        except TooSparse:
            pass
        return tuple(found)

    @cached_property
    def follows_runs(self) -> bool:
        """Whether its moments follow from when its runs end, and no timetable tells them."""
        return any(isinstance(leaf, AfterCompletion) for leaf in self.leaves)

    @cached_property
    def shortest(self) -> timedelta | None:
        """The shortest time between two of the next occurrences; None where there are not two."""
        apart = [later - earlier for earlier, later in pairwise(self.coming)]
        return timedelta(seconds=min(apart)) if apart else None

    @cached_property
    def crons(self) -> tuple[Cron, ...]:
        """The cron expressions that its moments come from."""
        return tuple(leaf for leaf in self.leaves if isinstance(leaf, Cron))

    @cached_property
    def leaves(self) -> tuple[Timetable, ...]:
        """The timetables of one kind that its moments come from."""
        return () if self.timetable is None else tuple(_leaves(self.timetable))

    @cached_property
    def rules(self) -> tuple[Recurrence, ...]:
        """The recurrence rules among them."""
        return tuple(leaf for leaf in self.leaves if isinstance(leaf, Recurrence))


def _leaves(timetable: Timetable) -> Iterator[Timetable]:
    match timetable:
        case Limited():
            yield from _leaves(timetable.timetable)
        case Union():
            for member in timetable.members:
                yield from _leaves(member)
        case Masked():
            yield from _leaves(timetable.left)
        case Nth():
            yield from _leaves(timetable.of)
        case _:
            yield timetable
