"""What hypothesis draws for timetables: texts of every kind, zones that are hard, moments where clocks change."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

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
texts = st.one_of(cron_texts, cron_texts, every_texts, once_texts, macros)


def _combined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    word = st.sampled_from([" | ", " except ", " ONLY ", "  Except"])
    return st.one_of(
        st.builds("({})".format, parts),
        st.builds("({}){}({})".format, parts, word, parts),
        st.builds("every {} of ({}) from {}".format, st.sampled_from(["1st", "2ND", "3rd", "11th"]), parts, _written),
    )


_parts = st.one_of(cron_texts, cron_texts, every_texts, once_texts, macros)
_plain_pair = st.builds("{} {} {}".format, _parts, st.sampled_from(["|", "except", "Only"]), _parts)
combined_texts = st.one_of(_plain_pair, st.recursive(_parts, _combined, max_leaves=5))
