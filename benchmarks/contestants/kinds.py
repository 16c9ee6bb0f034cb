"""The next occurrence of each kind of timetable but cron, asked of one engine: ours, or a peer that has the kind.

    moments  the first moments after the start, as seconds since 1970: do both mean the same?
    walk     each rule is read; ask for the occurrence after the one before, again and again, on from where the last turn ended

Rates are harmonic means over the rules of a kind, per second of processor time. What a peer does not have it gets by a few
lines of hand, as short as anybody would write them who knows the task; the name of such a contestant says so.
"""

import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from heapq import merge
from itertools import groupby, islice
from statistics import harmonic_mean
from zoneinfo import ZoneInfo

from benchmarks.contestants.turns import take_turns

ZONE = "Europe/Amsterdam"
HERE = ZoneInfo(ZONE)
START = datetime(2026, 1, 15, 10, 7, 30, tzinfo=HERE)
LAST_YEAR = 2080
"""A walk that comes so far begins anew."""

Ask = Callable[[datetime], datetime]
"""From one occurrence to the next."""
Rules = Sequence[Callable[[], Ask]]
"""Each begins a walk through one rule."""

EVERY = ("every 90 seconds", "every 10 minutes", "every 1 hour", "every 1 day from 2026-01-01T03:00")
AT = tuple(datetime(2026, 2, 1, 18, tzinfo=UTC) + timedelta(days=7 * number) for number in range(100))
RULES = (
    "FREQ=DAILY",
    "FREQ=WEEKLY;BYDAY=MO,WE,FR",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU",
    "FREQ=MONTHLY;BYDAY=1MO",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
    "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
)
BEGUN = datetime(2026, 1, 5, 9, 0, 0, tzinfo=HERE)
"""DTSTART of all rules."""
AMSTERDAM = (52.37, 4.90)
PAIR = ("0 9 * * MON-FRI", "30 11 * * SAT")
WORKDAYS = "0 9 * * MON-FRI"


def thousand() -> list[str]:
    """Cron expressions as a fleet has them."""
    drawn = random.Random(7)
    return [
        f"{drawn.randrange(60)} {drawn.randrange(24)} {drawn.choice(('* * *', '* * 1-5', f'{drawn.randrange(1, 29)} * *'))}"
        for _ in range(1000)
    ]


# ── ours ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def klokker() -> dict[str, Rules]:
    from klokker import timetable

    holidays = {"nl": "holidays NL"}

    def each(*texts: str) -> Rules:
        return [lambda text=text: timetable(text, zone=ZONE, calendars=holidays).after for text in texts]

    at = "at " + ", ".join(f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in AT)
    return {
        "every": each(*EVERY),
        "at": each(at),
        "completion": each("10 minutes after completion"),
        "recurrence": each(*(f"DTSTART:{BEGUN:%Y%m%dT%H%M%S} RRULE:{rule}" for rule in RULES)),
        "sun": each("sunset at 52.37,4.90", "30 minutes before sunrise at 52.37,4.90"),
        "union of two": each(" | ".join(PAIR)),
        "union of a thousand": each(" | ".join(thousand())),
        "except": each("0 9 * * * except * * 25 12 *"),
        "only": each("0 * * * * only * 9 * * MON"),
        "every Nth": each("every 2nd of (0 9 * * MON) from 2026-01-12"),
        "calendar": each(f"{WORKDAYS} except calendar nl"),
    }


# ── peers ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def apscheduler() -> dict[str, Rules]:
    from apscheduler.triggers.combining import AndTrigger, OrTrigger
    from apscheduler.triggers.cron import CronTrigger
    from apscheduler.triggers.interval import IntervalTrigger

    def asked(trigger: object) -> Ask:
        # Nothing came before the start: from an occurrence on, an interval is added to whatever that is.
        return lambda moment: trigger.get_next_fire_time(None if moment is START else moment, moment)  # type: ignore[attr-defined, no-any-return]

    def cron(expression: str) -> object:
        return CronTrigger.from_crontab(expression, timezone=HERE)

    def both() -> Ask:
        # With an occurrence before, it goes round for ever: it is asked as if it had none.
        trigger, second = AndTrigger([cron("0 * * * *"), cron("* 9 * * MON")]), timedelta(seconds=1)
        return lambda moment: trigger.get_next_fire_time(None, moment + second)  # type: ignore[no-any-return]

    epoch, third = datetime(1970, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 3, tzinfo=HERE)
    return {
        "every": [
            lambda: asked(IntervalTrigger(seconds=90, start_date=epoch, timezone=UTC)),
            lambda: asked(IntervalTrigger(minutes=10, start_date=epoch, timezone=UTC)),
            lambda: asked(IntervalTrigger(hours=1, start_date=epoch, timezone=UTC)),
            lambda: asked(IntervalTrigger(days=1, start_date=third, timezone=UTC)),
        ],
        "union of two": [lambda: asked(OrTrigger([cron(each) for each in PAIR]))],
        "union of a thousand": [lambda: asked(OrTrigger([cron(each) for each in thousand()]))],
        "only": [both],
    }


def celery() -> dict[str, Rules]:
    """`remaining_estimate`, as beat asks it, with celery's now pinned to the last run."""
    from celery import Celery
    from celery.schedules import schedule, solar

    app = Celery("benchmark", set_as_current=False)
    app.conf.update(timezone="UTC", enable_utc=True)

    def asked(made: Callable[[Callable[[], datetime]], object]) -> Ask:
        now = [START.astimezone(UTC)]
        rule = made(lambda: now[0])

        def following(moment: datetime) -> datetime:
            now[0] = moment.astimezone(UTC)
            return now[0] + rule.remaining_estimate(now[0])  # type: ignore[attr-defined, no-any-return]

        return following

    periods = (timedelta(seconds=90), timedelta(minutes=10), timedelta(hours=1), timedelta(days=1))
    return {
        "every": [
            lambda period=period: asked(lambda nowfun: schedule(period, nowfun=nowfun, app=app)) for period in periods
        ],
        "sun": [lambda: asked(lambda nowfun: solar("sunset", *AMSTERDAM, nowfun=nowfun, app=app))],
    }


def dateutil() -> dict[str, Rules]:
    """`after` of a rule: it goes through all occurrences since DTSTART, and keeps them."""
    from dateutil.rrule import rruleset, rrulestr

    def after(rule: object) -> Ask:
        return lambda moment: rule.after(moment)  # type: ignore[attr-defined, no-any-return]

    def listed() -> Ask:
        rules = rruleset(cache=True)
        for moment in AT:
            rules.rdate(moment)
        return after(rules)

    return {
        "at": [listed],
        "recurrence": [lambda rule=rule: after(rrulestr(rule, dtstart=BEGUN, cache=True)) for rule in RULES],
    }


def dateutil_iterating() -> dict[str, Rules]:
    """A walk from DTSTART on, that keeps its own place; it cannot be asked about a moment."""
    from dateutil.rrule import rruleset, rrulestr

    def walk(rule: object) -> Ask:
        ahead = iter(rule)  # type: ignore[call-overload]
        return lambda _: next(ahead)  # type: ignore[no-any-return]

    def listed() -> Ask:
        rules = rruleset()
        for moment in AT:
            rules.rdate(moment)
        return walk(rules)

    def excluding() -> Ask:
        rules = rruleset()
        rules.rrule(rrulestr("FREQ=DAILY", dtstart=BEGUN))
        rules.exrule(rrulestr("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25", dtstart=BEGUN))
        return walk(rules)

    return {
        "at": [listed],
        "recurrence": [lambda rule=rule: walk(rrulestr(rule, dtstart=BEGUN)) for rule in RULES],
        "except": [excluding],
        "every Nth": [lambda: walk(rrulestr("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", dtstart=BEGUN))],
    }


def recurring_ical_events() -> dict[str, Rules]:
    from icalendar import Calendar
    from recurring_ical_events import of

    def walk(rule: str) -> Ask:
        written = (
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:benchmark\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\n"
            f"DTSTART;TZID={ZONE}:{BEGUN:%Y%m%dT%H%M%S}\r\nRRULE:{rule}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        )
        ahead = of(Calendar.from_ical(written)).after(START)
        return lambda _: next(ahead).start  # type: ignore[no-any-return]

    return {"recurrence": [lambda rule=rule: walk(rule) for rule in RULES]}


def astral_by_hand() -> dict[str, Rules]:
    """astral tells the moment of a day: the day after, where that has passed."""
    from astral import Observer
    from astral.sun import sunrise, sunset

    observer, day = Observer(*AMSTERDAM), timedelta(days=1)

    def next_of(event: Callable[..., datetime], offset: timedelta) -> Ask:
        def following(moment: datetime) -> datetime:
            date = (moment - offset).astimezone(UTC).date()
            while (found := event(observer, date, tzinfo=UTC) + offset) <= moment:
                date += day
            return found

        return following

    return {"sun": [lambda: next_of(sunset, timedelta(0)), lambda: next_of(sunrise, timedelta(minutes=-30))]}


def ephem_by_hand() -> dict[str, Rules]:
    """What we stand on, asked straight."""
    import ephem

    observer, sun = ephem.Observer(), ephem.Sun()
    observer.lat, observer.lon = (str(each) for each in AMSTERDAM)
    observer.pressure, observer.horizon = 0, "-0:50"

    def next_of(event: Callable[..., object], offset: timedelta) -> Ask:
        def following(moment: datetime) -> datetime:
            observer.date = (moment - offset).astimezone(UTC)
            return ephem.to_timezone(event(sun, use_center=True), UTC) + offset  # type: ignore[no-any-return]

        return following

    return {
        "sun": [
            lambda: next_of(observer.next_setting, timedelta(0)),
            lambda: next_of(observer.next_rising, timedelta(minutes=-30)),
        ]
    }


def cronsim_by_hand() -> dict[str, Rules]:
    """Walks that keep their own place: merged, filtered, counted off."""
    from cronsim import CronSim

    def walk(expression: str, start: datetime = START) -> Iterator[datetime]:
        return CronSim(expression, start)  # type: ignore[no-any-return]

    def placed(walked: Iterator[datetime]) -> Ask:
        return lambda _: next(walked)

    def merged(expressions: Sequence[str]) -> Ask:
        return placed(moment for moment, _ in groupby(merge(*map(walk, expressions))))

    def open_days() -> Ask:
        from holidays import country_holidays

        closed = country_holidays("NL")
        return placed(moment for moment in walk(WORKDAYS) if moment.date() not in closed)

    def second_mondays() -> Ask:
        return placed(islice(walk("0 9 * * MON", BEGUN - timedelta(days=1)), 0, None, 2))

    return {
        "union of two": [lambda: merged(PAIR)],
        "union of a thousand": [lambda: merged(thousand())],
        "except": [lambda: placed(each for each in walk("0 9 * * *") if (each.month, each.day) != (12, 25))],
        "only": [lambda: placed(each for each in walk("0 * * * *") if each.hour == 9 and each.weekday() == 0)],
        "every Nth": [second_mondays],
        "calendar": [open_days],
    }


def croniter_by_hand() -> dict[str, Rules]:
    """The same with croniter, which many have already; and its own test of a moment."""
    from croniter import croniter

    def walk(expression: str) -> Iterator[datetime]:
        ahead = croniter(expression, START)
        while True:
            yield ahead.get_next(datetime)

    def placed(walked: Iterator[datetime]) -> Ask:
        return lambda _: next(walked)

    def open_days() -> Ask:
        from holidays import country_holidays

        closed = country_holidays("NL")
        return placed(moment for moment in walk(WORKDAYS) if moment.date() not in closed)

    return {
        "except": [lambda: placed(each for each in walk("0 9 * * *") if not croniter.match("* * 25 12 *", each))],
        "only": [lambda: placed(each for each in walk("0 * * * *") if croniter.match("* 9 * * MON", each))],
        "calendar": [open_days],
    }


ENGINES: Mapping[str, Callable[[], dict[str, Rules]]] = {
    "klokker": klokker,
    "APScheduler": apscheduler,
    "celery": celery,
    "dateutil": dateutil,
    "dateutil, iterating": dateutil_iterating,
    "recurring-ical-events": recurring_ical_events,
    "astral by hand": astral_by_hand,
    "ephem by hand": ephem_by_hand,
    "cronsim by hand": cronsim_by_hand,
    "croniter by hand": croniter_by_hand,
}


# ── measuring ───────────────────────────────────────────────────────────────────────────────────────────────────────


class Walk:
    """A way through one rule, gone on with at each turn: nobody meets a moment that he has worked out before."""

    def __init__(self, begin: Callable[[], Ask]) -> None:
        self._begin = begin
        self._anew()

    def rate(self, seconds: float) -> float:
        """Answers in a second of processor time, over so many seconds, or one answer."""
        asked, began = 0, time.process_time()
        while (spent := time.process_time() - began) < seconds or not asked:
            try:
                self._moment = self._ask(self._moment)
            except StopIteration:
                self._anew()
                continue
            asked += 1
            if self._moment is None:
                self._moment = START
            elif self._moment.year >= LAST_YEAR:
                self._anew()
        return asked / max(spent, 1e-9)

    def _anew(self) -> None:
        self._ask, self._moment = self._begin(), START


def moments(begin: Callable[[], Ask], most: int) -> list[int]:
    """The first moments after the start, in seconds since 1970; fewer where a rule has no more."""
    ask, moment, found = begin(), START, list[int]()
    while len(found) < most:
        try:
            moment = ask(moment)
        except StopIteration:
            break
        if moment is None:
            break
        if moment > START:
            found.append(round(moment.timestamp()))
    return found


def main(name: str) -> None:
    kinds = ENGINES[name]()
    walks: dict[str, list[Walk]] = {}

    def rate(kind: str, seconds: float) -> float:
        if kind not in walks:
            walks[kind] = [Walk(begin) for begin in kinds[kind]]
        return harmonic_mean(walk.rate(seconds / len(walks[kind])) for walk in walks[kind])

    take_turns(
        {
            "kinds": lambda: list(kinds),
            "moments": lambda kind, most: [moments(begin, most) for begin in kinds[kind]],
            "walk": rate,
        }
    )


if __name__ == "__main__":
    main(sys.argv[1])
