"""At which times of a day does a cron expression match, in words?

Told from the sets of seconds, minutes and hours and not from the text, so that what is said is what happens: `*/7`, `0,7,14,…`
and `H` that fell on these say the same.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

from klokker.core.timetables.cron import Cron
from klokker.core.words.language import Language

_TOLD_ONE_BY_ONE = 6
"""Up to so many times of a day are listed."""
_RANGES = 4
"""Up to so many stretches of hours are told as from and to; more are told by their beginnings."""
_MINUTES_TOLD = 12
"""Up to so many minutes of an hour are listed, where a step does not begin at its start."""
_EVERY_MINUTE, _EVERY_HOUR = tuple(range(60)), tuple(range(24))


def members(bits: int) -> tuple[int, ...]:
    """The values in a set of bits, in order."""
    return tuple(value for value in range(bits.bit_length()) if bits >> value & 1)


def step_of(values: Sequence[int]) -> int | None:
    """The step between values that lie equally far apart; None for fewer than three, or where they do not."""
    steps = {later - earlier for earlier, later in pairwise(values)}
    return steps.pop() if len(values) > 2 and len(steps) == 1 else None


def runs_of(values: Sequence[int]) -> list[tuple[int, int]]:
    """Values as stretches (first, last) of neighbours."""
    runs: list[tuple[int, int]] = []
    for value in values:
        if runs and runs[-1][1] == value - 1:
            runs[-1] = (runs[-1][0], value)
        else:
            runs.append((value, value))
    return runs


def listed_runs(values: Sequence[int], show: Callable[[int], str], language: Language) -> str:
    """`1, 3 and 5 to 9`: three neighbours or more as a span."""
    items = []
    for first, last in runs_of(values):
        if last - first > 1:
            items.append(language.span.format(first=show(first), last=show(last)))
        else:
            items += [show(value) for value in range(first, last + 1)]
    return language.listed(items)


class Times:
    """The times of a day at which an expression matches, to be said in one language."""

    def __init__(self, cron: Cron, language: Language) -> None:
        self.language = language
        self.seconds, self.minutes, self.hours = members(cron.seconds), members(cron.minutes), members(cron.hours)
        self.wraps = (
            len(self.hours) < 24
            and {0, 23} <= set(self.hours)
            and len(runs_of(self.hours)) > 1
            and step_of(self.hours) is None
        )
        """Whether the hours go on over midnight."""

    @property
    def whole_day(self) -> bool:
        """Whether every minute of the day matches."""
        return self.minutes == _EVERY_MINUTE and self.hours == _EVERY_HOUR and 0 in self.seconds

    @property
    def whole_hours(self) -> bool:
        """Whether every minute of some hours matches."""
        return self.minutes == _EVERY_MINUTE and self.hours != _EVERY_HOUR and 0 in self.seconds

    def covered(self, *, every_day: bool) -> str:
        """`from 09:00 to 12:59`: the hours, where every minute of them matches."""
        return self._spans(every_day)

    @property
    def often(self) -> bool:
        """Whether it is told as how often, and not as a list of times."""
        return not self._is_listed()

    def said(self, *, every_day: bool) -> str:
        """`at 09:00 and 17:00`, `every 5 minutes from 08:00 to 18:55`. `every_day`: whether midnight may be passed over."""
        of = self.language
        if self._is_listed():
            return of.at_times.format(times=of.listed([self._time(*each) for each in self._all()]))
        if self.seconds == (0,):
            return self._minutes_and_hours(every_day)
        return self._with_seconds(every_day)

    def remarks(self) -> list[str]:
        """What a reader of the text would not expect: steps that do not divide."""
        of, said = self.language, []
        if (rest := uneven(self.minutes, 60)) is not None:
            last, first = self._minute(self.minutes[-1]), self._minute(self.minutes[0])
            said.append(of.uneven_minutes.format(last=last, first=first, minutes=of.length(rest, "minute")))
        if (rest := uneven(self.hours, 24)) is not None:
            last, first = (f"{each:02}:{self.minutes[0]:02}" for each in (self.hours[-1], self.hours[0]))
            said.append(of.uneven_hours.format(last=last, first=first, hours=of.length(rest, "hour")))
        return said

    def _is_listed(self) -> bool:
        a_day = len(self.seconds) * len(self.minutes) * len(self.hours)
        one_a_minute = len(self.seconds) == 1
        one_an_hour = one_a_minute and len(self.minutes) == 1
        regular = step_of(self.hours) is not None
        return (one_an_hour and (a_day <= _TOLD_ONE_BY_ONE or not regular)) or (
            one_a_minute and a_day <= _TOLD_ONE_BY_ONE and step_of(self.minutes) is None
        )

    def _all(self) -> list[tuple[int, int, int]]:
        return [(hour, minute, second) for hour in self.hours for minute in self.minutes for second in self.seconds]

    def _minutes_and_hours(self, every_day: bool) -> str:
        of = self.language
        if len(self.minutes) == 1:
            return self._hourly()
        if self.hours == _EVERY_HOUR:
            return self._minutes(all_day=True, spans=False)
        spans = len(runs_of(self.hours)) <= _RANGES
        return of.within.format(often=self._minutes(all_day=False, spans=spans), span=self._spans(every_day))

    def _hourly(self) -> str:
        """One minute, in hours that lie equally far apart."""
        of, (minute,) = self.language, self.minutes
        if self.hours == _EVERY_HOUR:
            return of.hourly_at.format(minutes=self._minute(minute)) if minute else of.on_the_hour
        first, last = (self._time(hour, minute, 0) for hour in (self.hours[0], self.hours[-1]))
        span = of.from_to.format(first=first, last=last)
        return of.within.format(often=of.every(step_of(self.hours) or 1, "hour"), span=span)

    def _minutes(self, *, all_day: bool, spans: bool) -> str:
        """`spans`: whether the first and the last time of each stretch of hours are told beside it."""
        of, step = self.language, _even_step(self.minutes, 60)
        if step is not None:
            often = of.every(step, "minute")
            if not self.minutes[0] or spans:
                return often
            if len(self.minutes) > _MINUTES_TOLD:
                return of.starting.format(what=often, start=self._minute(self.minutes[0]))
        minutes = listed_runs(self.minutes, self._minute, of)
        return (of.hourly_at if all_day else of.past_the_hour).format(minutes=minutes)

    def _spans(self, every_day: bool) -> str:
        """`from 08:00 to 18:55`: the first and the last time of each stretch of hours."""
        of, runs = self.language, runs_of(self.hours)
        if len(runs) > _RANGES:
            return of.in_hours.format(hours=of.listed([f"{hour:02}:00" for hour in self.hours]))
        if self.wraps and every_day:
            first, last = runs[-1][0], runs[0][1]
            over = self._span(of.over_midnight, first, last)
            return of.listed([over, *(self._span(of.from_to, *run) for run in runs[1:-1])])
        return of.listed([self._span(of.from_to, *run) for run in runs])

    def _span(self, template: str, first: int, last: int) -> str:
        return template.format(
            first=self._time(first, self.minutes[0], self.seconds[0]),
            last=self._time(last, self.minutes[-1], self.seconds[-1]),
        )

    def _with_seconds(self, every_day: bool) -> str:
        of, step = self.language, _even_step(self.seconds, 60)
        if step is not None and not self.seconds[0] and self.minutes == _EVERY_MINUTE:
            often = of.every(step, "second")
            if self.hours == _EVERY_HOUR:
                return often
            return of.within.format(often=often, span=self._spans(every_day))
        return of.at_seconds.format(seconds=listed_runs(self.seconds, str, of), minutes=self._at_minutes(every_day))

    def _at_minutes(self, every_day: bool) -> str:
        """The minutes, as if they were times."""
        of = self.language
        times = [f"{hour:02}:{minute:02}" for hour in self.hours for minute in self.minutes]
        if len(times) <= _TOLD_ONE_BY_ONE or (len(self.minutes) == 1 and step_of(self.hours) is None):
            return of.at_times.format(times=of.listed(times))
        return self._minutes_and_hours(every_day)

    def _minute(self, minute: int) -> str:
        return self.language.minute_of.format(minute=minute)

    def _time(self, hour: int, minute: int, second: int) -> str:
        shown = f"{hour:02}:{minute:02}"
        return shown if self.seconds == (0,) else f"{shown}:{second:02}"


def _even_step(values: tuple[int, ...], size: int) -> int | None:
    """The step of values that go all around a field of this size with it; None where they do not."""
    step, rest = divmod(size, len(values))
    steps = {later - earlier for earlier, later in pairwise(values)}
    return step if not rest and steps == {step} else None


def uneven(values: tuple[int, ...], size: int) -> int | None:
    """How far it is from the last value around to the first, where a step runs through all of a field and does not divide it."""
    step = step_of(values)
    if step is None or step == 1 or values[0] >= step or values[-1] + step < size:
        return None
    rest = size - values[-1] + values[0]
    return None if rest == step else rest
