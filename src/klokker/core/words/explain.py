"""What does a timetable do, in words?

The first sentence says when it comes; those behind it say what would surprise, and what clock changes do. They are made
from the timetable and not from its text, so that they say what happens.
"""

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from klokker.core.closed import Closed, WhenClosed
from klokker.core.errors import KlokkerError
from klokker.core.limits import Limited
from klokker.core.moments import DAY
from klokker.core.spelling import did_you_mean
from klokker.core.timetables.completion import AfterCompletion
from klokker.core.timetables.contract import Timetable
from klokker.core.timetables.cron import Cron
from klokker.core.timetables.every import Every
from klokker.core.timetables.masked import Masked
from klokker.core.timetables.masks import AllOf, AnyOf, AtTheSecond, Condition, InCalendar, Mask, OnTheWall
from klokker.core.timetables.nth import Nth
from klokker.core.timetables.once import Once
from klokker.core.timetables.recurrence import Recurrence
from klokker.core.timetables.sun import Sun
from klokker.core.timetables.union import Union
from klokker.core.words.clocks import said_clock, said_moment
from klokker.core.words.cron import remarks_on, said_cron, said_days_of_mask
from klokker.core.words.dutch import DUTCH
from klokker.core.words.english import ENGLISH
from klokker.core.words.language import Language, Unit, sentence
from klokker.core.words.norwegian import NORWEGIAN
from klokker.core.words.recurrence import said_recurrence

LANGUAGES: Mapping[str, Language] = {each.code: each for each in (ENGLISH, DUTCH, NORWEGIAN)}

_MOMENTS_TOLD = 6
"""Of `at …`; more are told by their number, the first and the last."""
_UNITS: tuple[tuple[int, Unit], ...] = ((604_800, "week"), (DAY, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


class UnknownLanguage(KlokkerError):
    """Timetables are not explained in this language. `code` is what was asked for."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(
            f"timetables are not explained in {code!r}; write one of {', '.join(LANGUAGES)}{did_you_mean(code, LANGUAGES)}"
        )


def language_of(code: str) -> Language:
    """The language of this code. Raises UnknownLanguage."""
    if code not in LANGUAGES:
        raise UnknownLanguage(code)
    return LANGUAGES[code]


def explain(timetable: Timetable, *, lang: str = "en", zone: str = "UTC", key: str = "") -> list[str]:
    """The sentences that say what a timetable does, in `lang` (en, nl, nb). Raises UnknownLanguage.

    `zone` is that of the schedule, in which moments are told; `key` what `H` was spread by.
    """
    words = _Words(language_of(lang), zone, key)
    return [sentence(words.of(timetable)), *words.remarks(timetable)]


def explain_closed(closed: Closed, *, lang: str = "en") -> str:
    """The sentence that says what closings do to a schedule. Raises UnknownLanguage."""
    if lang not in LANGUAGES:
        raise UnknownLanguage(lang)
    language = LANGUAGES[lang]
    told = {
        WhenClosed.SKIP: language.closed_skip,
        WhenClosed.WAIT: language.closed_wait,
        WhenClosed.RUN_ANYWAY: language.closed_run_anyway,
    }
    return sentence(told[closed.then].format(calendar=closed.calendar))


class _Words:
    """Says timetables in one language; each kind has a clause, and remarks."""

    def __init__(self, language: Language, zone: str, key: str) -> None:
        self.language, self.zone, self.key = language, zone, key

    def of(self, timetable: Timetable) -> str:
        """The clause for a timetable: no capital, no full stop."""
        language = self.language
        match timetable:
            case Cron():
                return said_cron(timetable, language)
            case Every():
                return self._every(timetable)
            case Once():
                return self._once(timetable)
            case AfterCompletion():
                return language.after_completion.format(length=self._length(int(timetable.rest.total_seconds())))
            case Sun():
                return self._sun(timetable)
            case Recurrence():
                return said_recurrence(timetable, language)
            case Union():
                *others, last = map(self.of, timetable.members)
                return language.also.format(one="; ".join(others), other=last)
            case Masked():
                said = self.of(timetable.left)
                for condition in timetable.conditions:
                    said = self._condition(said, condition)
                return said
            case Nth():
                return self._nth(timetable)
            case Limited():
                return self.of(timetable.timetable)
        raise TypeError(f"no words for {type(timetable).__name__}")

    def remarks(self, timetable: Timetable) -> list[str]:
        """Sentences on what is to be known besides."""
        language = self.language
        match timetable:
            case Cron():
                return remarks_on(timetable, self.key, language)
            case Every():
                return self._remarks_on_every(timetable)
            case Recurrence():
                return said_clock(timetable.clock, language, by_rfc=timetable.by_rfc)
            case Sun():
                return [] if timetable.every_day else [language.polar]
            case Union():
                return self._remarks_on_members(timetable.members)
            case Masked():
                return self._remarks_on_masked(timetable)
            case Nth():
                return self.remarks(timetable.of)
            case Limited():
                borders = []
                if timetable.first is not None:
                    borders.append(sentence(language.not_before.format(moment=self._moment(timetable.first))))
                if timetable.last is not None:
                    borders.append(sentence(language.not_after.format(moment=self._moment(timetable.last))))
                return [*borders, *self.remarks(timetable.timetable)]
            case Once():
                return [language.in_zone.format(zone=self.zone)]
        return []

    def _remarks_on_members(self, members: Sequence[Timetable]) -> list[str]:
        """What all members have in common once; the rest with the member that it is said of."""
        remarks = [self.remarks(member) for member in members]
        common = [remark for remark in remarks[0] if all(remark in of_one for of_one in remarks)]
        return common + [
            self.language.for_one.format(one=self.of(member), remark=remark)
            for member, of_one in zip(members, remarks, strict=True)
            for remark in of_one
            if remark not in common
        ]

    def _every(self, every: Every) -> str:
        number, unit = _in_units(every.period)
        often = self.language.every(number, unit)
        if every.start is None:
            if DAY % every.period == 0:
                return self.language.counted_from_midnight.format(often=often)
            # Which weekday that was tells on which days weeks begin.
            return self.language.counted_from_epoch.format(often=often, start=said_moment(0, "UTC", self.language))
        return self.language.counted_from.format(often=often, start=self._moment(every.start))

    def _remarks_on_masked(self, timetable: Masked) -> list[str]:
        """What the left side is said of, but that clock changes matter where a mask goes by what the clocks show."""
        language, changes = self.language, ZoneInfo(self.zone).utcoffset(None) is None
        if not changes or not any(_by_the_clock(condition.mask) for condition in timetable.conditions):
            return self.remarks(timetable.left)
        by_the_clock = language.masked_by_the_clock.format(zone=self.zone)
        return [by_the_clock if each == language.follows_real_time else each for each in self.remarks(timetable.left)]

    def _remarks_on_every(self, every: Every) -> list[str]:
        language = self.language
        said = {"day": [language.days_are_24_hours], "week": [language.weeks_are_168_hours]}.get(
            _in_units(every.period)[1], [language.follows_real_time]
        )
        if every.clock.fold != "both":
            said.append(language.once_in_fold.format(zone=every.clock.zone))
        return said

    def _once(self, once: Once) -> str:
        language, seconds = self.language, once.seconds
        if len(seconds) == 1:
            return language.once.format(moment=self._moment(seconds[0]))
        if len(seconds) <= _MOMENTS_TOLD:
            return language.on_moments.format(moments=language.listed([self._moment(each) for each in seconds]))
        first, last = self._moment(seconds[0]), self._moment(seconds[-1])
        return language.many_moments.format(count=len(seconds), first=first, last=last)

    def _sun(self, sun: Sun) -> str:
        language = self.language
        name = sun.event.name if sun.event.name not in ("dawn", "dusk") else f"civil {sun.event.name}"
        written, place = sun.text.rsplit(" at ", 1)[1], str(sun.place)
        event = language.at_place.format(
            event=language.sun_events[name], place=place if written == place else f"{written}, {place}"
        )
        if not sun.offset:
            return language.at_event.format(event=event)
        template = language.before_event if sun.offset < 0 else language.after_event
        return template.format(length=self._length(abs(sun.offset)), event=event)

    def _nth(self, nth: Nth) -> str:
        """With the first numbers, so that nobody takes the first match for one that counts."""
        language, start, of = self.language, self._moment(nth.start), self.of(nth.of)
        if nth.number == 1:
            return language.each_of.format(start=start, of=of)
        first = ", ".join(language.ordinal(nth.number * times) for times in (1, 2, 3))
        return language.nth_of.format(numbers=language.and_so_on.format(numbers=first), start=start, of=of)

    def _condition(self, left: str, condition: Condition) -> str:
        template = self.language.but_only if condition.wants else self.language.but_not
        return template.format(left=left, mask=self._mask(condition.mask))

    def _mask(self, mask: Mask) -> str:
        language = self.language
        match mask:
            case OnTheWall():
                return said_days_of_mask(mask.cron, language)
            case InCalendar():
                return language.as_calendar.format(name=mask.name)
            case AtTheSecond():
                return language.as_moment.format(what=self.of(mask.timetable))
            case AnyOf():
                *others, last = map(self._mask, mask.members)
                return language.mask_or.format(one=", ".join(others), other=last)
            case AllOf():
                first, *rest = mask.conditions
                said = self._mask(first.mask)
                for condition in rest:
                    said = f"({self._condition(said, condition)})"
                return said
        raise TypeError(f"no words for {type(mask).__name__}")

    def _length(self, seconds: int) -> str:
        return self.language.length(*_in_units(seconds))

    def _moment(self, second: int) -> str:
        return said_moment(second, self.zone, self.language)


def _in_units(seconds: int) -> tuple[int, Unit]:
    """A length as so many of the largest unit that fits it."""
    return next((seconds // size, unit) for size, unit in _UNITS if seconds % size == 0)


def _by_the_clock(mask: Mask) -> bool:
    """Does it go by what the clock on the wall shows?"""
    match mask:
        case AnyOf():
            return any(map(_by_the_clock, mask.members))
        case AllOf():
            return any(_by_the_clock(condition.mask) for condition in mask.conditions)
        case OnTheWall() | InCalendar():
            return True
        case _:
            return False
