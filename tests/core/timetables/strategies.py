"""What hypothesis draws for timetables: texts of every kind, zones that are hard, moments where clocks change."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import assume
from hypothesis import strategies as st

from klokker import timetable
from klokker.core.errors import InvalidTimetable
from klokker.core.timetables.contract import Timetable
from klokker.core.timetables.cron import Cron
from klokker.core.timetables.every import Every
from klokker.core.timetables.masked import Masked
from klokker.core.timetables.nth import Nth
from klokker.core.timetables.once import Once
from klokker.core.timetables.recurrence import Recurrence
from klokker.core.timetables.sun import Sun
from klokker.core.timetables.union import Union
from tests.core.timetables.scan import Fields, last_day_of_month

# Each with the first of five days in which its clocks do something that is easy to get wrong.
HARD_WEEKS = [
    ("UTC", datetime(2028, 2, 27, tzinfo=UTC)),
    ("Europe/Amsterdam", datetime(2026, 3, 27, tzinfo=UTC)),
    ("Europe/Amsterdam", datetime(2026, 10, 23, tzinfo=UTC)),
    ("Europe/Dublin", datetime(2026, 10, 23, tzinfo=UTC)),  # winter time is the exception there
    ("Australia/Lord_Howe", datetime(2026, 4, 2, tzinfo=UTC)),  # half an hour
    ("Australia/Lord_Howe", datetime(2026, 10, 1, tzinfo=UTC)),
    ("Pacific/Chatham", datetime(2026, 4, 2, tzinfo=UTC)),  # changes at 2:45
    ("Pacific/Chatham", datetime(2026, 9, 24, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2011, 12, 27, tzinfo=UTC)),  # 30 December 2011 never came
    ("Pacific/Kwajalein", datetime(1969, 9, 28, tzinfo=UTC)),  # 23 hours come twice
    ("Antarctica/Troll", datetime(2026, 3, 26, tzinfo=UTC)),  # two hours
    ("Antarctica/Troll", datetime(2026, 10, 22, tzinfo=UTC)),
    ("Antarctica/Davis", datetime(1964, 10, 29, tzinfo=UTC)),  # seven hours
    ("Africa/Casablanca", datetime(2026, 2, 13, tzinfo=UTC)),  # back for Ramadan
    ("Africa/Casablanca", datetime(2026, 3, 20, tzinfo=UTC)),
    ("Asia/Tehran", datetime(2022, 3, 19, tzinfo=UTC)),  # at midnight
    ("Asia/Tehran", datetime(2022, 9, 19, tzinfo=UTC)),
    ("America/Sao_Paulo", datetime(2018, 2, 15, tzinfo=UTC)),  # at midnight
    ("America/Sao_Paulo", datetime(2018, 11, 1, tzinfo=UTC)),
    ("America/Scoresbysund", datetime(2024, 3, 29, tzinfo=UTC)),  # changes its zone and its season together
]
HARD_DAYS = timedelta(days=5)
ZONES = sorted({zone for zone, _ in HARD_WEEKS})

gaps = st.sampled_from([None, "shift", "skip"])
folds = st.sampled_from([None, "first", "second", "both"])

_anywhere = st.datetimes(datetime(1850, 1, 1), datetime(2250, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
_hard = st.builds(
    lambda week, into: week[1] + timedelta(seconds=into), st.sampled_from(HARD_WEEKS), st.integers(0, 5 * 86_400 - 1)
)
moments = st.one_of(_hard, _anywhere)


@st.composite
def _numbers(draw: st.DrawFn, low: int, high: int) -> tuple[str, frozenset[int], bool]:
    """A field of plain numbers: its text, what it names, and whether it begins with a star."""
    size = high - low + 1
    number = st.integers(low, high)
    shape = draw(st.sampled_from(["star", "step", "one", "few", "range"]))
    if shape == "star":
        return "*", frozenset(range(low, high + 1)), True
    if shape == "step":
        step = draw(st.integers(1, size + 3))
        return f"*/{step}", frozenset(range(low, high + 1, step)), True
    if shape == "one":
        value = draw(number)
        return str(value), frozenset([value]), False
    if shape == "few":
        values = draw(st.lists(number, min_size=2, max_size=4))
        return ",".join(map(str, values)), frozenset(values), False
    first, last, step = draw(number), draw(number), draw(st.sampled_from([1, 1, 2, 5]))
    beyond = last if first <= last else last + size
    named = frozenset(low + (value - low) % size for value in range(first, beyond + 1, step))
    return f"{first}-{last}" + (f"/{step}" if step > 1 else ""), named, False


@st.composite
def fields(draw: st.DrawFn) -> Fields:
    """A cron expression together with what it means, for those who look at every minute."""
    minute, minutes, minute_star = draw(_numbers(0, 59))
    small_hours = st.sampled_from(
        [("2", frozenset([2]), False), ("1-3", frozenset([1, 2, 3]), False), ("0", frozenset([0]), False)]
    )
    hour, hours, hour_star = draw(st.one_of(_numbers(0, 23), small_hours))
    date, dates, date_star = draw(_numbers(1, 31))
    month, months, _ = draw(st.one_of(st.just(("*", frozenset(range(1, 13)), True)), _numbers(1, 12)))
    weekday, weekdays, weekday_star = draw(_numbers(0, 6))
    special = None
    if draw(st.integers(0, 5)) == 0:
        date, special = f"{date},L" if not date_star else "L", last_day_of_month
        dates, date_star = dates if date != "L" else frozenset(), False
    both = draw(st.integers(0, 7)) == 0
    return Fields(
        f"{minute} {hour} {date} {month} {'&' if both else ''}{weekday}",
        minutes,
        hours,
        dates,
        months,
        weekdays,
        either=not (both or date_star or weekday_star),
        follows_real_time=minute_star or hour_star,
        special=special,
    )


def _listed(*items: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(st.one_of(*items), min_size=1, max_size=3).map(",".join)


def _items(low: int, high: int, names: list[str]) -> list[st.SearchStrategy[str]]:
    value = st.one_of(st.integers(low, high).map(str), *([st.sampled_from(names)] if names else []))
    step = st.one_of(st.just(""), st.integers(1, 70).map("/{}".format))
    spread = st.sampled_from(["H", "H/7", f"H({low}-{high})", f"h({low}-{high})/3"])
    return [
        st.builds("*{}".format, step),
        st.builds("{}{}".format, value, step),
        st.builds("{}-{}{}".format, value, value, step),
        spread,
    ]


_date_specials = st.sampled_from(["L", "l", "L-1", "L-5", "LW", "15W", "31W", "1w"])
_weekday_specials = st.sampled_from(["5#2", "MON#5", "5L", "sunL", "7#1"])
_weekday = _listed(*_items(0, 7, ["sun", "MON", "Friday"]), _weekday_specials)
cron_texts = st.builds(
    lambda *parts: "  ".join(part for part in parts if part),
    st.one_of(st.just(""), st.just(""), _listed(*_items(0, 59, []))),
    _listed(*_items(0, 59, [])),
    _listed(*_items(0, 23, [])),
    st.one_of(st.just("?"), _listed(*_items(1, 31, []), _date_specials)),
    _listed(*_items(1, 12, ["JAN", "february", "Dec"])),
    st.one_of(st.just("?"), st.just("*"), _weekday, _weekday.map("&{}".format)),
)
_written = st.builds(
    lambda moment, zone: moment.replace(tzinfo=None, microsecond=0).isoformat() + zone,
    _hard,
    st.sampled_from(["", "Z", "+01:00", "-09:30"]),
)
_units = st.sampled_from(["second", "seconds", "minutes", "hour", "HOURS", "day", "Weeks"])
every_texts = st.builds(
    "every {}{}{}".format,
    st.one_of(st.just(""), st.integers(1, 5000).map("{} ".format)),
    _units,
    st.one_of(st.just(""), _written.map(" from {}".format)),
)
once_texts = st.lists(_written, min_size=1, max_size=4).map(lambda listed: "at " + ", ".join(listed))
macros = st.sampled_from(["@hourly", "@daily", "@Midnight", "@weekly", "@monthly", "@yearly", "@annually"])
completion_texts = st.builds("{} {} after completion".format, st.integers(1, 5000), _units)


@st.composite
def recurrence_rules(draw: st.DrawFn) -> str:
    """Rules that the RFC and python-dateutil read alike; COUNT and UNTIL apart."""
    freq = draw(st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY"]))
    sub_daily = freq in ("HOURLY", "MINUTELY", "SECONDLY")

    def listed(name: str, numbers: st.SearchStrategy[int], chance: int = 3) -> list[str]:
        if draw(st.integers(0, chance)):
            return []
        return [f"{name}={','.join(map(str, draw(st.lists(numbers, min_size=1, max_size=4))))}"]

    from_end = st.one_of(st.integers(1, 28), st.integers(-28, -1))
    parts = [f"FREQ={freq}", f"INTERVAL={draw(st.sampled_from([1, 1, 2, 3, 5, 25]))}"]
    by = listed("BYMONTH", st.integers(1, 12)) if not sub_daily else []
    if freq in ("YEARLY", "MONTHLY"):
        by += listed("BYMONTHDAY", from_end)
    if freq == "YEARLY" and not by:
        by += listed("BYYEARDAY", st.one_of(st.integers(1, 366), st.integers(-366, -1)), 1)
    if not draw(st.integers(0, 2)):
        nth = st.sampled_from(["", "", "1", "-1", "2"]) if freq in ("YEARLY", "MONTHLY") else st.just("")
        days = st.builds("{}{}".format, nth, st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"]))
        by.append("BYDAY=" + ",".join(draw(st.lists(days, min_size=1, max_size=3))))
    by += listed("BYHOUR", st.integers(0, 23)) if freq != "HOURLY" else []
    if freq != "MINUTELY":
        by += listed("BYMINUTE", st.integers(0, 59))
    if by and freq in ("YEARLY", "MONTHLY", "WEEKLY", "DAILY"):
        by += listed("BYSETPOS", st.sampled_from([1, 2, -1, -2]))
    if not draw(st.integers(0, 2)):
        parts.append(f"WKST={draw(st.sampled_from(['SU', 'MO', 'WE']))}")
    return ";".join(parts + by)


recurrence_starts = st.datetimes(datetime(1995, 1, 1), datetime(2030, 1, 1)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0)
)


@st.composite
def _recurrence(draw: st.DrawFn) -> str:
    start = draw(recurrence_starts)
    limit = draw(st.sampled_from(["", "", ";COUNT=1", ";COUNT=40", ";UNTIL=20310101", ";UNTIL=20270329T013000Z"]))
    begins = f"DTSTART:{start:%Y%m%dT%H%M%S}{draw(st.sampled_from(['', '', 'Z']))} "
    without = draw(st.sampled_from(["", "", "EXDATE:20260329,20261025T003000Z "]))
    return (
        f"{begins if 'COUNT' in limit or draw(st.booleans()) else ''}{without}RRULE:{draw(recurrence_rules())}{limit}"
    )


recurrence_texts = _recurrence()
PLACES = {"amsterdam": "52.37,4.90", "tromso": "69.65,18.96"}
_events = ["sunrise", "Sunset", "solar noon", "dawn", "civil dusk", "nautical dawn", "ASTRONOMICAL dusk"]
sun_texts = st.builds(
    "{}{} at {}".format,
    st.sampled_from(["", "", "30 minutes before ", "2 hours AFTER ", "1 day before "]),
    st.sampled_from(_events),
    st.one_of(
        st.sampled_from([*PLACES, "-33.87, 151.21", "90,0"]),
        st.builds("{:.3f},{:.3f}".format, st.floats(-90, 90), st.floats(-180, 180)),
    ),
)

_cron_or_macro = st.one_of(cron_texts, cron_texts, macros)
_leaves = st.one_of(_cron_or_macro, _cron_or_macro, every_texts, once_texts, recurrence_texts, sun_texts)

Has = Callable[[datetime, Callable[[str], Timetable]], bool]
KEY = "nightly"


@dataclass(frozen=True)
class Mask:
    """The right side of `except` and `only`: its text, and whether it has a moment, found without the engine's masks.

    `has(moment on the clocks of the zone, how to read a text there)`.
    """

    text: str
    has: Has = field(compare=False, repr=False)


CALENDARS: dict[str, tuple[str, Callable[[datetime], bool]]] = {
    "nights": ("daily 22:00-06:00", lambda wall: wall.hour >= 22 or wall.hour < 6),
    "office": (
        "weekly MON-FRI 09:00-17:30",
        lambda wall: wall.isoweekday() < 6 and 9 * 60 <= wall.hour * 60 + wall.minute < 17 * 60 + 30,
    ),
    "days": (
        "dates 12-24..12-26, 02-29",
        lambda wall: (wall.month, wall.day) in ((2, 29), (12, 24), (12, 25), (12, 26)),
    ),
}
"""A calendar's text, and what it says of a reading of the clock on the wall."""


def on_the_wall(text: str, wall: datetime) -> bool:
    """Whether the fields of a cron expression match a reading of the clock; in UTC each reading comes once."""
    shown = wall.replace(tzinfo=UTC, fold=0, microsecond=0)
    if len(text.split()) != 6:
        shown = shown.replace(second=0)
    return timetable(text, key=KEY).at_or_before(shown) == shown


def _wall_mask(text: str) -> Mask:
    return Mask(text, lambda moment, _: on_the_wall(text, moment))


def _second_mask(text: str) -> Mask:
    return Mask(text, lambda moment, read: read(text).at_or_before(moment) == moment.replace(microsecond=0))


def _calendar_mask(name: str) -> Mask:
    return Mask(f"calendar {name}", lambda moment, _: CALENDARS[name][1](moment))


def _joined(one: Mask, word: str, other: Mask) -> Mask:
    joined = {
        "|": lambda moment, read: one.has(moment, read) or other.has(moment, read),
        "only": lambda moment, read: one.has(moment, read) and other.has(moment, read),
        "except": lambda moment, read: one.has(moment, read) and not other.has(moment, read),
    }
    return Mask(f"({one.text} {word} {other.text})", joined[word])


masks = st.recursive(
    st.one_of(
        _cron_or_macro.map(_wall_mask),
        st.sampled_from([*CALENDARS]).map(_calendar_mask),
        # These have single seconds, which hardly any moment meets.
        st.one_of(every_texts, once_texts, recurrence_texts, sun_texts).map(_second_mask),
        st.sampled_from([*CALENDARS]).map(_calendar_mask),
    ),
    lambda inner: st.builds(_joined, inner, st.sampled_from(["|", "only", "except"]), inner),
    max_leaves=3,
)
_mask_texts = masks.map(lambda mask: mask.text)


def _masked(left: st.SearchStrategy[str], word: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds("({}){}{}".format, left, word, _mask_texts)


_except, _only = st.sampled_from([" except ", "  Except "]), st.sampled_from([" only ", " ONLY "])
ordinals = st.sampled_from(["1st", "2ND", "3rd", "11th"])


def _nth(of: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds("every {} of ({}) from {}".format, ordinals, of, _written)


def _combined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({})".format, parts),
        st.builds("({}) | ({})".format, parts, parts),
        _masked(parts, st.one_of(_except, _only)),
        _nth(parts),
    )


KINDS: dict[str, tuple[type[Timetable], st.SearchStrategy[str]]] = {
    "cron": (Cron, _cron_or_macro),
    "every": (Every, every_texts),
    "at": (Once, once_texts),
    "rrule": (Recurrence, recurrence_texts),
    "sun": (Sun, sun_texts),
    "union": (Union, st.builds("{} | {}".format, _leaves, _leaves)),
    "except": (Masked, _masked(_leaves, _except)),
    "only": (Masked, _masked(_leaves, _only)),
    "nth": (Nth, _nth(_leaves)),
    "nested": (Timetable, st.recursive(_leaves, _combined, max_leaves=5)),
}
"""Every kind that answers both ways by itself, and the texts of it. `… after completion` follows its runs."""
all_texts = st.one_of(*(of for _, of in KINDS.values()))


@dataclass(frozen=True)
class Reader:
    """Reads texts, all with the same zone and choices."""

    zone: str
    gap: str | None
    fold: str | None

    def __call__(self, text: str) -> Timetable:
        try:
            return timetable(
                text,
                zone=self.zone,
                gap=self.gap,
                fold=self.fold,
                key=KEY,
                calendars={name: text for name, (text, _) in CALENDARS.items()},
                places=PLACES,
            )
        except InvalidTimetable as refused:
            # Drawn at random, some name a day that no month has, or lie in a gap that is skipped.
            assume("no month" not in refused.expected and "skip" not in refused.expected)
            raise


readers = st.builds(Reader, st.sampled_from(ZONES), gaps, folds)
