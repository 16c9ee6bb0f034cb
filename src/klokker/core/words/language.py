"""What does a language need in order to say what a timetable does?

Sentences are put together from these pieces, in the same order in every language. Texts in braces are filled in by
whoever uses the piece. A language that lacks one is refused by the type checker; that all fill in the same, a test says.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Unit: TypeAlias = Literal["second", "minute", "hour", "day", "week", "month", "year"]


@dataclass(frozen=True, slots=True)
class Language:
    """The pieces of one language. Lists of weekdays begin with Sunday."""

    code: str
    months: tuple[str, ...]
    weekdays: tuple[str, ...]
    units: Mapping[Unit, tuple[str, str]]
    """One, and several: `minute`, `minutes`."""
    each: Mapping[Unit, tuple[str, str]]
    """Each one, and each so many: `every minute`, `every {n} minutes`."""
    ordinal: Callable[[int], str]
    """1st, 2nd, …"""
    from_end: Callable[[int], str]
    """Counted from the end, from 2 on: 2nd last, …"""

    # lists, ranges, moments
    conjunction: str
    alternative: str
    span: str
    from_to: str
    over_midnight: str
    moment: str
    minute_of: str

    # times of a day
    at_times: str
    on_the_hour: str
    hourly_at: str
    past_the_hour: str
    in_hours: str
    within: str
    at_seconds: str

    # days
    every_day: str
    on_dates: str
    on_last_dates: str
    if_there: str
    last_day: str
    before_last: str
    last_workday: str
    near: str
    weekdays_listed: str
    nth_weekday: str
    last_weekday: str
    either: str
    both: str
    in_months: str

    # what else is to be known of a cron expression
    either_is_enough: str
    uneven_minutes: str
    uneven_hours: str
    dates_begin_anew: str
    same_day: str
    spread: str

    # other kinds
    real_time: str
    counted_from: str
    counted_from_epoch: str
    counted_from_midnight: str
    days_are_24_hours: str
    weeks_are_168_hours: str
    once: str
    on_moments: str
    many_moments: str
    after_completion: str
    sun_events: Mapping[str, str]
    before_event: str
    after_event: str
    at_event: str
    at_place: str
    polar: str
    also: str
    for_one: str
    but_not: str
    but_only: str
    as_calendar: str
    as_moment: str
    mask_or: str
    nth_of: str
    each_of: str
    and_so_on: str
    starting: str
    not_before: str
    not_after: str

    # recurrence rules
    in_weeks: str
    on_year_days: str
    last: str
    only_on: str
    nth_in_year: str
    if_weekday: str
    of_these: str
    so_many: str
    until: str
    excluded: str

    # zones and their changes
    in_zone: str
    gap_shift: str
    gap_skip: str
    gap_rfc: str
    fold_first: str
    fold_second: str
    fold_both: str
    follows_real_time: str
    once_in_fold: str
    masked_by_the_clock: str

    # closings
    closed_skip: str
    closed_wait: str
    closed_run_anyway: str

    # whether a moment is one of a timetable's, and why
    yes: str
    no: str
    before: str
    after: str
    none: str
    ago: str
    ahead: str
    day: str
    has_it: str
    have_it: str
    lacks_it: str
    not_among: str
    no_day_of_it: str
    after_gap: str
    fields_match: str
    other_pass: str
    left_out: str
    counted_on: str
    match_number: str
    some_match: str

    def listed(self, items: Sequence[str], conjunction: str = "") -> str:
        """`a`, `a and b`, `a, b and c`; or with another conjunction."""
        return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {conjunction or self.conjunction} {items[-1]}"

    def length(self, number: int, unit: Unit) -> str:
        """`1 minute`, `10 minutes`."""
        return f"{number} {self.units[unit][number != 1]}"

    def every(self, number: int, unit: Unit) -> str:
        """`every minute`, `every 10 minutes`."""
        return self.each[unit][number != 1].format(n=number)


def sentence(words: str) -> str:
    """With a capital at its start and a full stop at its end."""
    return f"{words[:1].upper()}{words[1:]}{'' if words.endswith('.') else '.'}"
