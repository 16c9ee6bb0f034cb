"""How much will start, and how busy will it be? Starts counted from the timetables, busy time expected from history.

A forecast is a plan without accidents: every occurrence becomes a run, at the moment that the timetable names, or, where a
calendar closes the schedule then, none at all or one at the opening. Jitter, outages and overlap are for a simulation to show.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from klokker.core.catchup import CatchUp, CatchUpKind
from klokker.core.definition import Definition, Revision
from klokker.core.errors import TimetableError
from klokker.core.moments import epoch_second, from_epoch
from klokker.core.placement import ANY_NODE
from klokker.core.spells import spells
from klokker.core.tenure import Tenure
from klokker.core.timetables.contract import Timetable


@dataclass(frozen=True, slots=True)
class Course:
    """A schedule to forecast: its definition, where it has timers (`''` for any one node), and how long a run of it takes.

    `takes` None: no run has shown it yet. `left`: how many runs its limit still allows on each node; None: no limit.
    """

    definition: Definition
    nodes: tuple[str, ...] = (ANY_NODE,)
    takes: timedelta | None = None
    left: int | None = None


@dataclass(slots=True)
class Load:
    """What one step of a forecast holds, or all of it: starts, and the busy time that these runs will come to."""

    starts: int = 0
    busy: timedelta = timedelta(0)

    def add(self, starts: int, busy: timedelta) -> None:
        self.starts += starts
        self.busy += busy


@dataclass(slots=True)
class Forecast:
    """Load by step, from `after` on: `steps[i]` is (after + i·step, after + (i+1)·step]. A run counts where it begins.

    `lanes` and `nodes` hold the same by lane and by node; `schedules` the whole of each. `unknown`: schedules without
    history, whose busy time counts as none. `unforeseen`: name → why nothing can be said of it.
    """

    after: datetime
    step: timedelta
    steps: list[Load]
    lanes: dict[str, list[Load]] = field(default_factory=dict)
    nodes: dict[str, list[Load]] = field(default_factory=dict)
    schedules: dict[str, Load] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    unforeseen: dict[str, str] = field(default_factory=dict)

    @property
    def total(self) -> Load:
        """All steps together."""
        return total(self.steps)

    def begins(self, step: int) -> datetime:
        """The moment at which this step begins."""
        return self.after + step * self.step


def total(loads: Iterable[Load]) -> Load:
    """These together."""
    whole = Load()
    for load in loads:
        whole.add(load.starts, load.busy)
    return whole


def forecast(courses: Sequence[Course], after: datetime, step: timedelta, steps: int) -> Forecast:
    """The load of so many steps. Never raises for one schedule: what cannot be foreseen is named with the reason.

    One that follows its runs' completion is taken to run without a pause but its rest, from the beginning of the forecast.
    """
    told = Forecast(after, step, _empty(steps))
    counted: dict[tuple[object, ...], Mapping[int, int]] = {}
    for course in courses:
        definition = course.definition
        key = _shape(definition, course.takes)
        try:
            if key not in counted:
                counted[key] = _histogram(course, after, step, steps)
        except TimetableError as error:
            told.unforeseen[definition.name] = str(error)
            continue
        if course.takes is None:
            told.unknown.append(definition.name)
        _add(told, course, counted[key], steps)
    return told


def _shape(definition: Definition, takes: timedelta | None) -> tuple[object, ...]:
    """Schedules of one shape start together: most of a fleet need not be counted anew."""
    # H spreads by the name, and a rest after completion begins when the run has ended.
    name = definition.name if "H" in definition.when else ""
    rests = takes if "completion" in definition.when else None
    limits = (definition.starts, definition.ends)
    named = (*definition.calendars.items(), *definition.places.items())
    shut = None if definition.closed is None else (definition.closed, definition.catch_up)
    return (definition.when, definition.zone, definition.gap, definition.fold, limits, name, rests, named, shut)


def _add(told: Forecast, course: Course, histogram: Mapping[int, int], steps: int) -> None:
    definition, takes = course.definition, course.takes or timedelta(0)
    lane = _part(told.lanes, definition.lane, steps)
    whole = told.schedules.setdefault(definition.name, Load())
    for node in course.nodes:
        there, left, total_starts = _part(told.nodes, node, steps), course.left, 0
        for step, starts in histogram.items():
            if left is not None:
                starts = min(starts, left)
                left -= starts
            busy = starts * takes
            total_starts += starts
            for load in (told.steps[step], lane[step], there[step]):
                load.add(starts, busy)
        whole.add(total_starts, total_starts * takes)


def _part(parts: dict[str, list[Load]], name: str, steps: int) -> list[Load]:
    """The steps of one lane or node."""
    if name not in parts:
        parts[name] = _empty(steps)
    return parts[name]


def _empty(steps: int) -> list[Load]:
    return [Load() for _ in range(steps)]


def _histogram(course: Course, after: datetime, step: timedelta, steps: int) -> Mapping[int, int]:
    """Step → how many start in it; steps without any are left out. Raises TimetableError."""
    first, length = epoch_second(after), int(step.total_seconds())
    definition = course.definition
    timetable, rest = definition.timetable(), definition.rest()
    if rest is not None:
        return _unbroken(max(1, int((rest + (course.takes or timedelta(0))).total_seconds())), length, steps)
    histogram = Counter[int]()
    until = first + steps * length
    for spell in spells([Tenure(Revision(0, after, definition), timetable, first, until)]):
        if spell.closed:
            continue
        if spell.opens is None:
            for begins, count in _by_step(timetable, spell.after, spell.until, first, length):
                histogram[(begins - first - 1) // length] += count
        elif spell.opens <= until and (waited := _count(timetable, spell.after, spell.until)):
            histogram[(spell.opens - first - 1) // length] += _kept(definition.catch_up, timetable, spell.opens, waited)
    return +histogram


def _by_step(timetable: Timetable, after: int, until: int, first: int, length: int) -> Iterator[tuple[int, int]]:
    """What starts in (after, until], step by step: the first second of each, and how many."""
    # From one that starts to the end of its step, and on: a yearly schedule has most steps empty.
    second = timetable.second_after(after)
    while second is not None and second <= until:
        last = min(first + ((second - first - 1) // length + 1) * length, until)
        following = timetable.second_after(second)
        if following is None or following > last:
            yield second, 1
        else:
            yield second, _count(timetable, second - 1, last)
            following = timetable.second_after(last)
        second = following


def _kept(catch_up: CatchUp, timetable: Timetable, opens: int, waited: int) -> int:
    """How many of those that waited for an opening run then."""
    match catch_up.kind:
        case CatchUpKind.NONE:
            return 0
        case CatchUpKind.ALL:
            return min(waited, catch_up.newest)
        case CatchUpKind.LATEST | CatchUpKind.WITHIN:
            return int(timetable.second_at_or_before(opens) != opens)  # else it gives way to that one


def _unbroken(period: int, length: int, steps: int) -> Mapping[int, int]:
    """One run after another, each `period` seconds after the last one."""
    ends = [at * length // period for at in range(steps + 1)]
    return {at: ends[at + 1] - ends[at] for at in range(steps) if ends[at + 1] > ends[at]}


def _count(timetable: Timetable, after: int, until: int) -> int:
    counted = timetable.count_seconds(after, until)
    if counted is not None:
        return counted
    return sum(1 for _ in timetable.between(from_epoch(after), from_epoch(until)))
