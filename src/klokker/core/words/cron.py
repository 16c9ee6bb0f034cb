"""What does a cron expression do, in words?"""

import re

from klokker.core.timetables.cron import Cron
from klokker.core.words.clocks import said_clock
from klokker.core.words.days import remarks, said_days
from klokker.core.words.language import Language
from klokker.core.words.times import Times

_SPREAD = re.compile(r"(?<![A-Z])H(?![A-Z])", re.IGNORECASE)


def said_cron(cron: Cron, language: Language) -> str:
    """`at 09:00, from Monday to Friday`"""
    times, days = Times(cron, language), said_days(cron.days, language)
    if not days and not times.often:
        days = language.every_day
    return ", ".join(part for part in (times.said(every_day=not days), days) if part)


def said_days_of_mask(cron: Cron, language: Language) -> str:
    """What a cron expression covers as a mask: its days alone where it covers them whole, its hours where it covers these."""
    times, days = Times(cron, language), said_days(cron.days, language)
    if times.whole_day and days:
        return days
    if times.whole_hours:
        return ", ".join(part for part in (times.covered(every_day=not days), days) if part)
    return said_cron(cron, language)


def remarks_on(cron: Cron, key: str, language: Language) -> list[str]:
    """What is to be known besides: what surprises in it, and what clock changes do."""
    times, days = Times(cron, language), said_days(cron.days, language)
    said = [*times.remarks(), *remarks(cron.days, language)]
    if times.wraps and days:
        said.append(language.same_day)
    if key and any(_SPREAD.search(field) for field in cron.text.split()):
        said.append(language.spread.format(key=key))
    if cron.clock.gap == "skip" and cron.clock.fold == "both" and times.whole_day and not days:
        return [*said, language.in_zone.format(zone=cron.clock.zone), language.follows_real_time]
    return [*said, *said_clock(cron.clock, language)]
