"""Is a moment one of a timetable's, and why, or why not?"""

from dataclasses import dataclass
from datetime import datetime

from klokker.core.limits import Limited
from klokker.core.moments import EPOCH, FIRST_SECOND, epoch_second, from_epoch
from klokker.core.timetables.budget import Budget
from klokker.core.timetables.contract import Timetable
from klokker.core.timetables.cron import Cron
from klokker.core.timetables.masked import Masked
from klokker.core.timetables.nth import Nth
from klokker.core.timetables.union import Union
from klokker.core.timetables.zones import on_the_clocks_of
from klokker.core.words.clocks import said_moment
from klokker.core.words.days import said_days
from klokker.core.words.explain import language_of
from klokker.core.words.language import Language, Unit
from klokker.core.words.times import members, runs_of


@dataclass(frozen=True, slots=True)
class Match:
    """Whether a moment is one of a timetable's, the reason, and its nearest ones before and after (None: there is none)."""

    yes: bool
    why: str
    before: datetime | None
    after: datetime | None


def match(timetable: Timetable, moment: datetime, zone: str, *, lang: str = "en") -> Match:
    """Compare a moment, to the second, with a timetable; the reason is told in `lang` (en, nl, nb).

    Raises InvalidMoment, FollowsCompletion, TooSparse, UnknownLanguage.
    """
    second = epoch_second(moment)
    why = _Why(language_of(lang), zone)
    before = timetable.second_at_or_before(second - 1) if second > FIRST_SECOND else None
    after = timetable.second_after(second)
    return Match(
        _comes(timetable, second),
        why.of(timetable, second),
        None if before is None else from_epoch(before),
        None if after is None else from_epoch(after),
    )


def _comes(timetable: Timetable, second: int) -> bool:
    return timetable.second_at_or_before(second) == second


class _Why:
    """Says in one language why a moment comes or does not."""

    def __init__(self, language: Language, zone: str) -> None:
        self.language, self.zone = language, zone

    def of(self, timetable: Timetable, second: int) -> str:
        """The reason: no capital, no full stop."""
        language = self.language
        match timetable:
            case Cron():
                return self._cron(timetable, second)
            case Masked():
                return self._masked(timetable, second)
            case Union():
                found = [str(member) for member in timetable.members if _comes(member, second)]
                if found:
                    template = language.has_it if len(found) == 1 else language.have_it
                    return template.format(what=language.listed(found))
                return "; ".join(f"{member}: {self.of(member, second)}" for member in timetable.members)
            case Nth():
                return self._nth(timetable, second)
            case Limited():
                if timetable.first is not None and second < timetable.first:
                    return language.not_before.format(moment=self._moment(timetable.first))
                if timetable.last is not None and second > timetable.last:
                    return language.not_after.format(moment=self._moment(timetable.last))
                return self.of(timetable.timetable, second)
        return (language.has_it if _comes(timetable, second) else language.lacks_it).format(what=timetable)

    def _cron(self, cron: Cron, second: int) -> str:
        language = self.language
        local = on_the_clocks_of(cron.clock.zone, from_epoch(second))
        fields: tuple[tuple[Unit, int, int], ...] = (
            ("second", cron.seconds, local.second),
            ("minute", cron.minutes, local.minute),
            ("hour", cron.hours, local.hour),
        )
        unlike = [
            language.not_among.format(unit=language.units[unit][0], value=value, values=_values(bits))
            for unit, bits, value in fields
            if not bits >> value & 1
        ]
        day = (local.date() - EPOCH.date()).days
        if cron.days.first_from(day) != day:
            weekday, month = language.weekdays[local.isoweekday() % 7], language.months[local.month - 1]
            shown = language.day.format(weekday=weekday, day=local.day, month=month)
            unlike.append(language.no_day_of_it.format(day=shown, days=said_days(cron.days, language)))
        comes = _comes(cron, second)
        if comes and unlike:
            return language.after_gap
        if comes:
            return language.fields_match.format(time=f"{local:%H:%M:%S}", zone=cron.clock.zone)
        return "; ".join(unlike) or language.other_pass

    def _masked(self, masked: Masked, second: int) -> str:
        if _comes(masked.left, second):
            for condition in masked.conditions:
                if condition.mask.stretch(second, Budget(masked)).covered is not condition.wants:
                    return self.language.left_out.format(what=masked.left, condition=condition)
        return self.of(masked.left, second)

    def _nth(self, nth: Nth, second: int) -> str:
        language = self.language
        if second < nth.start:
            return language.counted_on.format(start=self._moment(nth.start))
        if not _comes(nth.of, second):
            return self.of(nth.of, second)
        number = nth.of.count_seconds(nth.start - 1, second)
        template = language.some_match if number is None else language.match_number
        return template.format(number=number, what=nth.of, nth=language.ordinal(nth.number))

    def _moment(self, second: int) -> str:
        return said_moment(second, self.zone, self.language)


def _values(bits: int) -> str:
    shown = [str(first) if first == last else f"{first}-{last}" for first, last in runs_of(members(bits))]
    return ", ".join(shown if len(shown) <= 8 else [*shown[:6], "…", shown[-1]])
