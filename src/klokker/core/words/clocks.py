"""What do clock changes do to a timetable, in words?"""

from datetime import datetime
from zoneinfo import ZoneInfo

from klokker.core.moments import from_epoch
from klokker.core.timetables.zones import WallClock, on_the_clocks_of
from klokker.core.words.language import Language


def said_clock(clock: WallClock, language: Language, *, by_rfc: bool = False) -> list[str]:
    """Whose clocks are meant, and what becomes of times that they skip or repeat; nothing on that where they never change."""
    zone = language.in_zone.format(zone=clock.zone)
    if ZoneInfo(clock.zone).utcoffset(None) is not None:
        return [zone]
    gap = language.gap_rfc if by_rfc else {"shift": language.gap_shift, "skip": language.gap_skip}[clock.gap]
    folds = {"first": language.fold_first, "second": language.fold_second, "both": language.fold_both}
    return [zone, gap, folds[clock.fold]]


def said_moment(second: int, zone: str, language: Language) -> str:
    """`Thursday 24 December 2026 at 18:00`, on the clocks of the zone."""
    return said_wall(on_the_clocks_of(zone, from_epoch(second)), language)


def said_wall(local: datetime, language: Language) -> str:
    """The same of what a clock shows."""
    time = local.strftime("%H:%M:%S" if local.second else "%H:%M")
    return language.moment.format(
        weekday=language.weekdays[local.isoweekday() % 7],
        day=local.day,
        month=language.months[local.month - 1],
        year=f"{local.year:04}",
        time=time,
    )
