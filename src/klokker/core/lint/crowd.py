"""Many schedules at one moment: what spreads them."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from klokker.core.json_values import Json
from klokker.core.lint.case import Case
from klokker.core.lint.finding import Code, Finding
from klokker.core.moments import DAY, from_epoch
from klokker.core.timetables.cron import Cron
from klokker.core.timetables.every import Every

MANY = 10
"""So many schedules of one lane at one moment are a crowd."""
_AT_MOST_HOURLY = 25
"""Who comes more often than this in a day meets everybody, and can be spread by nothing."""
_SHOWN = 3


def find_between(cases: Sequence[Case]) -> Iterator[Finding]:
    """The crowds of the coming day, the largest first; a schedule is told of once, with the largest that it is in."""
    crowds: dict[tuple[str, int], list[Case]] = defaultdict(list)
    for case in cases:
        if case.definition.jitter.span:
            continue
        today = [moment for moment in case.coming if moment <= case.ground.now + DAY]
        if len(today) <= _AT_MOST_HOURLY:
            for moment in today:
                crowds[case.definition.lane, moment].append(case)
    told: set[str] = set()
    for (lane, moment), crowd in sorted(crowds.items(), key=lambda each: (-len(each[1]), each[0])):
        if len(crowd) < MANY:
            break
        new = [case for case in crowd if case.name not in told]
        if len(new) < MANY:
            continue
        told.update(case.name for case in new)
        yield _finding(lane, moment, new)


def _finding(lane: str, moment: int, crowd: Sequence[Case]) -> Finding:
    ordered = sorted(crowd, key=lambda case: case.name)
    names = tuple(case.name for case in ordered)
    spread: dict[str, Json] = {
        case.name: _spread(case, place * 60 // len(ordered)) for place, case in enumerate(ordered)
    }
    shown = "; ".join(f"{name}: {how}" for name, how in list(spread.items())[:_SHOWN])
    more = f"; and {len(names) - _SHOWN} more (--json has all)" if len(names) > _SHOWN else ""
    return Finding(
        Code.CROWDED,
        names,
        f"{len(names)} schedules of the lane {lane} start together, next at {from_epoch(moment):%Y-%m-%d %H:%M} UTC",
        f"spread them over the hour, such as {shown}{more}",
        {"lane": lane, "moment": from_epoch(moment).isoformat(), "spread": spread},
    )


def _spread(case: Case, minute: int) -> str:
    """What to write so that a schedule comes at another minute: its share of the hour."""
    timetable = case.timetable
    if isinstance(timetable, Cron) and timetable.minutes.bit_count() == 1 and not timetable.text.startswith("@"):
        words = timetable.text.split()
        place = len(words) - 5
        return f'when = "{" ".join([*words[:place], str(minute), *words[place + 1 :]])}"'
    if isinstance(timetable, Every) and timetable.start is None:
        # Its own moments, as many minutes later.
        start = case.coming[0] - case.coming[0] % timetable.period + minute * 60
        return f'when = "{timetable} from {from_epoch(start):%Y-%m-%dT%H:%MZ}"'
    return 'jitter = "1h"' if (case.shortest is None or case.shortest.total_seconds() > 3600) else 'jitter = "30m"'
